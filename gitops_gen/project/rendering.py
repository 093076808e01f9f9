"""Rendering one environment, as Argo CD would."""

from dataclasses import replace

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.workspace import OpenProject
from gitops_gen.runtime.activity import timed
from gitops_gen.yaml.reader import load_all


def render_environment(workspace: OpenProject, environment: ResolvedEnvironment) -> str:
    """The manifests of a resolved environment, unchecked."""
    with timed(f"render {environment.name}"):
        return workspace.charts.chart(environment.chart).render(release_of(workspace, environment))


def release_of(workspace: OpenProject, environment: ResolvedEnvironment) -> HelmRelease:
    """What Argo CD passes to `helm template` for the environment."""
    return HelmRelease(
        name=workspace.project().spec.name,
        namespace=environment.namespace,
        values=environment.values,
        kubernetes=environment.kubernetes,
    )


_SOURCE = "# Source: "
"""How Helm tells which template the following document comes from."""


def render(workspace: OpenProject, name: str) -> str:
    """The manifests of one environment as a YAML stream, every document checked to be YAML.

    Raises `UsageError`, `ProblemsError` (inputs, values, output that is not YAML) and `ChartError` (what the chart
    refuses).
    """
    environment = workspace.environment(name)
    fail_if_any(workspace.charts.value_problems(environment))
    rendered = render_environment(workspace, environment)
    _check_yaml(rendered, f"rendered manifests of {name}")
    return rendered


def _check_yaml(rendered: str, name: str) -> None:
    try:
        load_all(rendered, name)
    except ProblemsError as error:
        raise ProblemsError([replace(problem, hint=_maker(rendered, problem)) for problem in error.problems]) from error


def _maker(rendered: str, problem: Problem) -> str:
    """Which template made the line that a problem is about."""
    above = rendered.splitlines()[: problem.line or 0]
    source = next((line for line in reversed(above) if line.startswith(_SOURCE)), "")
    return f"made by {source.removeprefix(_SOURCE)}" if source else problem.hint

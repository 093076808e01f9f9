"""Rendering one environment, as Argo CD would."""

import logging
from dataclasses import replace

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject
from gitops_gen.runtime.activity import timed
from gitops_gen.yaml.documents import documents

_log = logging.getLogger(__name__)


def render_environment(opened: OpenProject, environment: ResolvedEnvironment) -> str:
    """The manifests of a resolved environment, unchecked."""
    with timed(f"render {environment.name}"):
        return opened.charts.chart(environment.chart).render(environment.helm.release)


_SOURCE = "# Source: "
"""How Helm tells which template the following document comes from."""


def render(opened: OpenProject, name: str) -> str:
    """The manifests of one environment as a YAML stream, every document checked to be YAML. Keys that a map has twice
    are logged as a warning.

    Raises `UsageError`, `ProblemsError` (inputs, values, output that is not YAML) and `ChartError` (what the chart
    refuses).
    """
    environment = opened.environment(name)
    fail_if_any(opened.charts.value_problems(environment))
    rendered = render_environment(opened, environment)
    _check_yaml(rendered, f"rendered manifests of {name}")
    return rendered


def _check_yaml(rendered: str, name: str) -> None:
    try:
        found = documents(rendered, name)
    except ProblemsError as error:
        raise ProblemsError([replace(problem, hint=_maker(rendered, problem)) for problem in error.problems]) from error
    for item in dict.fromkeys(item for document in found for item in document.repeated):
        maker = _maker(rendered, Problem(message="", line=item.line))
        _log.warning("%s:%s: the key %s is there twice: the last one counts (%s)", name, item.line, item.key, maker)


def _maker(rendered: str, problem: Problem) -> str:
    """Which template made the line that a problem is about."""
    above = rendered.splitlines()[: problem.line or 0]
    source = next((line for line in reversed(above) if line.startswith(_SOURCE)), "")
    return f"made by {source.removeprefix(_SOURCE)}" if source else problem.hint

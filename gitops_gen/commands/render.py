"""`render`: the manifests that Argo CD will apply, as Helm renders them."""

from gitops_gen.chart.engine import Release
from gitops_gen.commands.workspace import Workspace
from gitops_gen.errors import fail_if_any
from gitops_gen.resolve.environment import ResolvedEnvironment
from gitops_gen.yaml_io import load_all


def render(workspace: Workspace, name: str) -> str:
    """The manifests of one environment as a YAML stream, every document checked to be YAML.

    Raises `UsageError`, `ProblemsError` (inputs, values, output that is no YAML) and `ChartError` (what the chart
    refuses).
    """
    environment = workspace.environment(name)
    fail_if_any(workspace.charts.value_problems(environment))
    rendered = render_environment(workspace, environment)
    load_all(rendered, f"rendered manifests of {name}")
    return rendered


def render_environment(workspace: Workspace, environment: ResolvedEnvironment) -> str:
    """The manifests of a resolved environment, unchecked."""
    return workspace.charts.chart(environment.chart).render(release_of(workspace, environment))


def release_of(workspace: Workspace, environment: ResolvedEnvironment) -> Release:
    """What Argo CD passes to `helm template` for the environment."""
    return Release(
        name=workspace.project().spec.name,
        namespace=environment.namespace,
        values=environment.values,
        kubernetes=environment.kubernetes,
    )

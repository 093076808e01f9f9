"""The environments of a project as rows: what runs where."""

from dataclasses import dataclass

from gitops_gen.errors import UsageError, fail_if_any
from gitops_gen.models.layout import application_name
from gitops_gen.models.models import Project
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.workspace import OpenProject


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRow:
    """One environment as `env list` shows it."""

    name: str
    stage: str
    cluster: str
    namespace: str
    application: str
    chart: ChartSource
    automated: bool
    protect: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which environments a listing is about: those of a stage, of a cluster, of both, or all."""

    stage: str = ""
    cluster: str = ""

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.stage and not self.cluster


EVERYWHERE = Scope()


def list_environments(workspace: OpenProject, scope: Scope = EVERYWHERE) -> list[EnvironmentRow]:
    """The environments, in promotion order of stages, then by name.

    Raises `ProblemsError` with all that is wrong in any of them, and `UsageError` for a stage or cluster that does not
    exist or has no environment.
    """
    project = workspace.project().spec
    order = {stage.name: index for index, stage in enumerate(project.stages)}
    require_known(project, scope)
    found, problems = workspace.environments()
    fail_if_any(problems)
    rows = [_row(project, item) for item in found if is_inside(scope, item.stage, item.cluster)]
    if not rows and not scope.is_all:
        raise UsageError(f"no environment {_spoken(scope)}", "`gitops-gen env list` shows all of them")
    return sorted(rows, key=lambda row: (order.get(row.stage, -1), row.name))


def require_known(project: Project, scope: Scope) -> None:
    """Raise `UsageError` for a stage or cluster that the project does not have."""
    stages = [stage.name for stage in project.stages]
    if scope.stage and scope.stage not in stages:
        raise UsageError(f"no stage `{scope.stage}`", did_you_mean(scope.stage, stages))
    if scope.cluster and scope.cluster not in project.clusters:
        raise UsageError(f"no cluster `{scope.cluster}`", did_you_mean(scope.cluster, project.clusters))


def is_inside(scope: Scope, stage: str, cluster: str) -> bool:
    """Whether an environment of that stage and cluster is meant."""
    return scope.stage in ("", stage) and scope.cluster in ("", cluster)


def _spoken(scope: Scope) -> str:
    parts = (f"in stage {scope.stage}" * bool(scope.stage), f"on cluster {scope.cluster}" * bool(scope.cluster))
    return " and ".join(filter(None, parts))


def _row(project: Project, environment: ResolvedEnvironment) -> EnvironmentRow:
    return EnvironmentRow(
        name=environment.name,
        stage=environment.stage,
        cluster=environment.cluster,
        namespace=environment.namespace,
        application=application_name(project, environment.name),
        chart=environment.chart,
        automated=environment.sync.automated,
        protect=environment.protect,
    )

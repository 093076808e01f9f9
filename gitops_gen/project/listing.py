"""The environments of a project as rows: what runs where."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gitops_gen.errors import UsageError, fail_if_any
from gitops_gen.models.layout import project_folder
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.opening import OpenProject


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
    """Which environments a command is about: those of a project, of a stage, of a cluster, or all."""

    stage: str = ""
    cluster: str = ""
    project: str = ""

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.stage or self.cluster or self.project)

    def within(self, project: str) -> "Scope":
        """The part of the scope that is in a project."""
        return replace(self, project=project)

    @property
    def described(self) -> str:
        """The scope in a sentence: `in stage production on cluster eu-1`."""
        words = (("in stage", self.stage), ("on cluster", self.cluster), ("of project", self.project))
        return " and ".join(f"{word} {name}" for word, name in words if name)


EVERYWHERE = Scope()


def list_environments(opened: OpenProject, scope: Scope = EVERYWHERE) -> list[EnvironmentRow]:
    """The environments, in promotion order of stages, then by name.

    Raises `ProblemsError` with all that is wrong in any of them, and `UsageError` for a stage or cluster that does not
    exist or has no environment.
    """
    require_known(opened, scope)
    found, problems = opened.environments()
    fail_if_any(problems)
    return listed(opened, found, scope)


def listed(opened: OpenProject, found: Iterable[ResolvedEnvironment], scope: Scope) -> list[EnvironmentRow]:
    """The rows of the environments in scope, ordered and refused as by `list_environments`."""
    projects = opened.projects()
    order = {name: index for index, name in enumerate(projects.stages())}
    folder = projects.named(scope.project).folder if scope.project else ""
    inside = (item for item in found if not folder or project_folder(item.name) == folder)
    rows = [_row(item) for item in inside if is_inside(scope, item.stage, item.cluster)]
    if not rows and not scope.is_all:
        raise UsageError(f"no environment {scope.described}", "`gitops-gen env list` shows all of them")
    return sorted(rows, key=lambda row: (order.get(row.stage, -1), row.name))


def require_known(opened: OpenProject, scope: Scope) -> None:
    """Raise `UsageError` for a stage or cluster that no project has."""
    if not scope.stage and not scope.cluster:
        return
    projects = opened.projects()
    stages, clusters = projects.stages(), projects.clusters()
    if scope.stage and scope.stage not in stages:
        raise UsageError(f"no stage `{scope.stage}`", did_you_mean(scope.stage, stages))
    if scope.cluster and scope.cluster not in clusters:
        raise UsageError(f"no cluster `{scope.cluster}`", did_you_mean(scope.cluster, clusters))


def is_inside(scope: Scope, stage: str, cluster: str) -> bool:
    """Whether an environment of that stage and cluster is meant."""
    return scope.stage in ("", stage) and scope.cluster in ("", cluster)


def _row(environment: ResolvedEnvironment) -> EnvironmentRow:
    return EnvironmentRow(
        name=environment.name,
        stage=environment.stage,
        cluster=environment.cluster,
        namespace=environment.namespace,
        application=environment.application_name,
        chart=environment.chart,
        automated=environment.sync.automated,
        protect=environment.protect,
    )

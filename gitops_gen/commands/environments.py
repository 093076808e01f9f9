"""`env list`: the environments, and what runs where."""

from dataclasses import dataclass

from gitops_gen.argocd.manifests import application_name
from gitops_gen.commands.workspace import Workspace
from gitops_gen.errors import Problem, ProblemsError, fail_if_any


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRow:
    """One environment as `env list` shows it; `chart` is a path, `path@revision` or `name version`."""

    name: str
    stage: str
    cluster: str
    namespace: str
    application: str
    chart: str
    automated: bool
    protect: bool


def list_environments(workspace: Workspace) -> list[EnvironmentRow]:
    """Every environment, in promotion order of stages, then by name. Raises `ProblemsError` with all that is wrong in
    any of them.
    """
    project = workspace.project()
    order = {stage.name: index for index, stage in enumerate(project.spec.stages)}
    rows: list[EnvironmentRow] = []
    problems: list[Problem] = []
    for name in workspace.names():
        try:
            environment = workspace.environment(name)
        except ProblemsError as error:
            problems += error.problems
            continue
        rows.append(
            EnvironmentRow(
                name=name,
                stage=environment.stage,
                cluster=environment.cluster,
                namespace=environment.namespace,
                application=application_name(project.spec, name),
                chart=environment.chart.label,
                automated=environment.sync.automated,
                protect=environment.protect,
            )
        )
    fail_if_any(problems)
    return sorted(rows, key=lambda row: (order.get(row.stage, -1), row.name))

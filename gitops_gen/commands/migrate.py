"""`migrate`: from the original Kustomize deployment to the chart. Plans, prints, and writes values; does not access
a cluster.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from shlex import join

from gitops_gen.changes.change import Delivery, Draft, Outcome, change
from gitops_gen.errors import GitopsError, fail_if_any
from gitops_gen.git.commits import Message
from gitops_gen.manifests.objects import parse
from gitops_gen.migration.live import Live, read_live
from gitops_gen.migration.model import Concern, Migration, MigrationTarget, Mode, Override
from gitops_gen.migration.plan import migration_of
from gitops_gen.migration.restore import restorable
from gitops_gen.models.layout import application_name, environment_path, values_path
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import text_if_any
from gitops_gen.project.rendering import render_environment
from gitops_gen.yaml.editing.document import set_value
from gitops_gen.yaml.key_paths import value_at
from gitops_gen.yaml.writer import dump


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """What `kubectl get … -o yaml` printed, and the file that it is in."""

    content: bytes
    file: str


def migrate(opened: OpenProject, name: str, export: Export, mode: Mode) -> Migration:
    """The plan with which the environment adopts the exported objects.

    Raises `UsageError`, `ProblemsError` (wrong inputs, values or export) and `ChartError`.
    """
    return _planned(opened, name, read_live(export.content, export.file), mode)


def _planned(opened: OpenProject, name: str, live: Live, mode: Mode) -> Migration:
    environment = opened.environment(name)
    plan = migration_of(live, _target(opened, environment, mode))
    final = opened.charts.chart(environment.chart).final_values(environment.values)
    return _without_unknown_values(plan, final)


def restore(opened: OpenProject, name: str, export: Export, mode: Mode) -> str:
    """The exported objects that the migration changes, as manifests for `kubectl apply`. No Secrets.

    Raises as `migrate` does.
    """
    live = read_live(export.content, export.file)
    plan = _planned(opened, name, live, mode)
    return "---\n".join(dump(item) for item in restorable(live, plan.objects))


def require_ready(plan: Migration) -> None:
    """Raise `GitopsError` while a concern blocks or a value must be set: then there are no commands."""
    if not plan.ready:
        blocking, values = sum(concern.blocking for concern in plan.concerns), len(plan.overrides)
        raise GitopsError(
            f"no script yet: {values} value{'s' * (values != 1)} to set, {blocking} blocking"
            f" concern{'s' * (blocking != 1)}",
            "show the plan without `--output sh`; `--write` sets the values",
        )


def write_overrides(
    opened: OpenProject, name: str, export: Export, mode: Mode, delivery: Delivery
) -> tuple[Migration, Outcome]:
    """Set the overrides of the plan in environment.yaml, and regenerate, as `set` does.

    Returns the plan and the outcome of the change. Raises as `migrate` and `change` do.
    """
    live = read_live(export.content, export.file)
    plan = _planned(opened, name, live, mode)
    return plan, change(opened, delivery, lambda here: _draft(here, name, plan))


def _draft(opened: OpenProject, name: str, plan: Migration) -> Draft:
    path = environment_path(name)
    text = text_if_any(opened.inputs, path) or ""
    for override in plan.overrides:
        text = set_value(text, override.path, override.value, path)
    summary = tuple(f"Set {override.key} to {override.value}" for override in plan.overrides)
    message = Message(
        subject=f"Let {name} adopt the objects in {plan.namespace}",
        details=summary,
        environments=(name,),
        change="migrate",
    )
    return Draft(files={path: text}, environments=(name,), message=message, summary=summary)


def _target(opened: OpenProject, environment: ResolvedEnvironment, mode: Mode) -> MigrationTarget:
    fail_if_any(opened.charts.value_problems(environment))
    rendered = render_environment(opened, environment)
    project = opened.project(environment.name).spec
    return MigrationTarget(
        environment=environment.name,
        mode=mode,
        release=project.name,
        application=application_name(project, environment.name),
        root=project.name,
        argocd_namespace=project.argocd.namespace,
        namespace=environment.namespace,
        namespace_labels=environment.namespace_labels,
        chart=_helm_chart(environment.chart),
        values_file=values_path(environment.name),
        manifests=parse(rendered, f"rendered manifests of {environment.name}", namespace=environment.namespace),
    )


def _helm_chart(chart: ChartSource) -> str:
    """The arguments that name the chart on Helm's command line."""
    if not chart.repository:
        return join([chart.path])
    if chart.repository.startswith("oci://"):
        return join([f"{chart.repository}/{chart.name}", "--version", chart.version])
    return join([chart.name, "--repo", chart.repository, "--version", chart.version])


def _without_unknown_values(plan: Migration, final: dict[str, object]) -> Migration:
    """The plan, with a blocking concern for each value that the chart does not have: it is another chart or version."""
    unknown = [override for override in plan.overrides if not _is_known(override, final)]
    if not unknown:
        return plan
    known = tuple(override for override in plan.overrides if override not in unknown)
    return replace(plan, overrides=known, concerns=(*plan.concerns, *_unset(unknown)), phases=(), way_back=())


def _is_known(override: Override, final: dict[str, object]) -> bool:
    return override.path[0] != "values" or value_at(final, override.path[1:])[0]


def _unset(overrides: list[Override]) -> Iterator[Concern]:
    for override in overrides:
        hint = f"find the chart's key for this setting, and set it to {override.value}"
        yield Concern(message=f"{override.reason}, but the chart has no {override.key}", hint=hint, blocking=True)

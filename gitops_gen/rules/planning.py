"""The judged plan of an environment, or of manifests from elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from gitops_gen.argocd.existing import project_permissions
from gitops_gen.argocd.manifests import application
from gitops_gen.errors import fail_if_any
from gitops_gen.helm.bundled import renders_alike
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.manifests.varying import VaryingObject, varying_objects
from gitops_gen.models.layout import application_name
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.reading import ProjectFile
from gitops_gen.project.rendering import render_environment
from gitops_gen.project.workspace import OpenProject
from gitops_gen.rules.places import with_lines
from gitops_gen.rules.sharing import shared
from gitops_gen.rules.sync import JudgedPlan, SetAside, judge, with_findings
from gitops_gen.rules.values import findings as value_findings
from gitops_gen.runtime.activity import counted
from gitops_gen.sync.durations import seconds
from gitops_gen.sync.plan import HelmUse, plan_of
from gitops_gen.sync.policy import SyncPolicy, policy_of
from gitops_gen.yaml.reader import load


def plan_environments(workspace: OpenProject, names: Sequence[str]) -> list[JudgedPlan]:
    """The plans of several environments, with what they have in common. Raises as `plan` does."""
    plans = [plan_environment(workspace, name) for name in counted(names, "planning", len(names))]
    for index, finding in shared([judged.plan for judged in plans]):
        ignored = set_aside(workspace.project(plans[index].plan.name))
        plans[index] = with_findings(plans[index], with_lines([finding], workspace.charts.places.text), ignored)
    return plans


def plan_environment(workspace: OpenProject, name: str) -> JudgedPlan:
    """The plan of one environment, as its generated Application would sync it. Raises as `plan` does."""
    environment = workspace.environment(name)
    fail_if_any(workspace.charts.value_problems(environment))
    rendered = render_environment(workspace, environment)
    manifests = parse(
        rendered, f"rendered manifests of {name}", namespace=environment.namespace, chart=environment.chart.path
    )
    project = workspace.project(name)
    manifest = load(application(project.spec, environment, workspace.paths), f"Application of {name}")
    policy = _policy(project, manifest)
    sync_plan = plan_of(
        manifests,
        policy,
        name=name,
        application=application_name(project.spec, name),
        project=project_permissions(project, environment, manifest),
    )
    varying = tuple(_varying(workspace, environment, manifests))
    sync_plan = replace(sync_plan, helm=_helm(workspace, environment), varying=varying)
    ignored = (fault for fault in workspace.charts.value_faults(environment) if fault.is_ignored(environment.ignored))
    judged = with_findings(judge(sync_plan, set_aside(project)), value_findings(ignored), set_aside(project))
    if environment.chart.revision or not environment.chart.path:
        return judged
    text_of = workspace.charts.places.text
    findings, notes = with_lines(judged.findings, text_of), with_lines(judged.notes, text_of)
    return replace(judged, findings=findings, notes=notes)


def _helm(workspace: OpenProject, environment: ResolvedEnvironment) -> HelmUse:
    engine, bundled = workspace.charts.engine(environment.chart), environment.helm.release.helm
    is_alike = bundled and renders_alike(engine.version, bundled)
    return HelmUse(
        version=engine.version,
        engine=engine.name,
        argocd=environment.argocd,
        bundled=bundled,
        nulls=() if is_alike else tuple(workspace.charts.nulls(environment)),
    )


def _varying(
    workspace: OpenProject, environment: ResolvedEnvironment, manifests: tuple[Manifest, ...]
) -> Iterator[VaryingObject]:
    """What a second render has otherwise; nothing for a chart without random values and time."""
    if again := workspace.charts.render_again(environment):
        others = parse(again, f"second render of {environment.name}", namespace=environment.namespace)
        yield from varying_objects(manifests, others)


def set_aside(project: ProjectFile) -> tuple[SetAside, ...]:
    """The findings that the files of a project set aside."""
    entries = (entry for item in project.documents for entry in item.data.get("rules", {}).get("ignore", ()))
    return tuple(SetAside(rule=entry["rule"], object=entry["object"]) for entry in entries)


def _policy(project: ProjectFile, manifest: dict[str, Any]) -> SyncPolicy:
    argocd = project.spec.argocd
    return policy_of(manifest, sync_timeout=_seconds(argocd.sync_timeout), revert_limit=_seconds(argocd.revert_limit))


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else seconds(duration)


def plan_rendered(text: str, file: str, *, namespace: str = "", sync_timeout: str | None = None) -> JudgedPlan:
    """The plan of manifests that came from elsewhere, under the policy of the Applications that this tool generates.

    Raises `ProblemsError` for what is no stream of Kubernetes objects, `GitopsError` for a timeout that is no duration.
    """
    policy = SyncPolicy(sync_timeout=_seconds(sync_timeout))
    return judge(plan_of(parse(text, file, namespace=namespace), policy, name=file))

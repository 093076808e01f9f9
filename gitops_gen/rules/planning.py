"""The judged plan of an environment, or of manifests from elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gitops_gen.argocd.existing import project_permissions
from gitops_gen.argocd.manifests import application
from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.manifests.varying import VaryingObject, varying_objects
from gitops_gen.models.layout import application_name
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import ProjectFile
from gitops_gen.project.rendering import render_environment
from gitops_gen.rules.cluster import cluster_facts
from gitops_gen.rules.exceptions import exceptions
from gitops_gen.rules.locating import in_stream, located
from gitops_gen.rules.places import with_lines
from gitops_gen.rules.rule import Finding, Rule
from gitops_gen.rules.sharing import shared, tracked
from gitops_gen.rules.sync import SYNC_RULES, JudgedPlan, judge, with_findings
from gitops_gen.rules.values import findings as value_findings
from gitops_gen.runtime.activity import counted
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.durations import seconds
from gitops_gen.sync.plan import plan_of
from gitops_gen.sync.policy import SyncPolicy, policy_of
from gitops_gen.yaml.reader import load


def plan_environments(
    opened: OpenProject, names: Sequence[str], rules: Iterable[Rule] = SYNC_RULES
) -> list[JudgedPlan]:
    """The plans of a few environments, with what they have in common. Raises as `plan` does."""
    plans = [plan_environment(opened, name, rules) for name in counted(names, "planning", len(names))]
    found = shared((judged.plan.name, tracked(judged.plan)) for judged in plans)
    return [extended(opened, judged, found.get(judged.plan.name, ())) for judged in plans]


def extended(opened: OpenProject, judged: JudgedPlan, found: Iterable[Finding]) -> JudgedPlan:
    """The plan with findings that came from elsewhere, such as from a look at several environments."""
    located = with_lines(found, opened.charts.places.folders.text)
    return with_findings(judged, located, exceptions(opened.project(judged.plan.name)))


def plan_environment(
    opened: OpenProject, name: str, rules: Iterable[Rule] = SYNC_RULES, *, kubernetes: str = ""
) -> JudgedPlan:
    """The plan of one environment, as its generated Application would sync it; with `kubernetes`, to a cluster of that
    version. Raises as `plan` does.
    """
    environment = _in_version(opened.environment(name), kubernetes)
    fail_if_any(opened.charts.value_problems(environment))
    rendered = render_environment(opened, environment)
    manifests = parse(
        rendered, f"rendered manifests of {name}", namespace=environment.namespace, chart=environment.chart.path
    )
    project = opened.project(name)
    manifest = load(application(project.spec, environment, opened.paths), f"Application of {name}")
    policy = _policy(project, manifest)
    sync_plan = plan_of(
        manifests,
        policy,
        name=name,
        application=application_name(project.spec, name),
        project=project_permissions(project, environment, manifest),
    )
    varying = tuple(_varying(opened, environment, rendered, manifests))
    cluster = cluster_facts(project.inputs, environment)
    sync_plan = replace(sync_plan, helm=opened.charts.use(environment), varying=varying, cluster=cluster)
    judged = judge(sync_plan, exceptions(project), rules)
    ignored = (fault for fault in opened.charts.value_faults(environment) if fault.is_ignored(environment.ignored))
    judged = with_findings(judged, value_findings(ignored), exceptions(project))
    return located(judged, opened, environment)


def _in_version(environment: ResolvedEnvironment, kubernetes: str) -> ResolvedEnvironment:
    if not kubernetes:
        return environment
    release = replace(environment.helm.release, kubernetes=kubernetes)
    return replace(environment, kubernetes=kubernetes, helm=replace(environment.helm, release=release))


def _varying(
    opened: OpenProject, environment: ResolvedEnvironment, rendered: str, manifests: tuple[Manifest, ...]
) -> Iterator[VaryingObject]:
    """What a second render has otherwise; nothing for a chart without random values and time."""
    if again := opened.charts.render_again(environment, rendered):
        others = parse(again, f"second render of {environment.name}", namespace=environment.namespace)
        yield from varying_objects(manifests, others)


def _policy(project: ProjectFile, manifest: dict[str, Any]) -> SyncPolicy:
    argocd = project.spec.argocd
    return policy_of(manifest, sync_timeout=_seconds(argocd.sync_timeout), revert_limit=_seconds(argocd.revert_limit))


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else seconds(duration)


def plan_rendered(
    texts: Sequence[tuple[str, str]],
    *,
    namespace: str = "",
    sync_timeout: str | None = None,
    rules: Iterable[Rule] = SYNC_RULES,
    kubernetes: str = "",
) -> JudgedPlan:
    """The plan of manifests that came from elsewhere, each a text and the name of its file, as one sync under the
    policy of the Applications that this tool generates.

    Raises `ProblemsError` for what is no stream of Kubernetes objects, `GitopsError` for a timeout that is no duration.
    """
    policy = SyncPolicy(sync_timeout=_seconds(sync_timeout))
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    for text, file in texts:
        try:
            manifests += parse(text, file, namespace=namespace)
        except ProblemsError as error:
            problems += error.problems
    fail_if_any(problems)
    sync_plan = plan_of(manifests, policy, name=texts[0][1] if len(texts) == 1 else "manifests")
    cluster = ClusterFacts(kubernetes=kubernetes, namespace=namespace)
    return in_stream(judge(replace(sync_plan, cluster=cluster), rules=rules), {file: text for text, file in texts})

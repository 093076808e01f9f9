"""The rule on objects that several environments of one cluster render: Argo CD tracks each for one Application only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from gitops_gen.manifests.annotations import is_hook, is_skipped
from gitops_gen.manifests.scopes import Scopes
from gitops_gen.rules.rule import Finding, Rule
from gitops_gen.sync.plan import SyncPlan

SHOWN = 3
"""As many objects are named; more are counted."""

_Key: TypeAlias = tuple[str, str, str, str, str]
"""Cluster, API group, kind, namespace, name."""

SHARED = Rule(
    id="object-in-two-environments",
    title="Each object of a cluster is in one environment",
    explanation=(
        "A cluster-scoped object, or one in a fixed namespace, has the same name in every environment unless the chart "
        "makes it differ; so has an object of two projects of a workspace that deploy to one namespace. "
        "Argo CD tracks it for one Application only; FailOnSharedResource=true fails the sync of "
        "the others (https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#fail-the-sync-if-a-shared-"
        "resource-is-found). CRDs are not tracked and may be shared. It is checked between the environments that are "
        "planned together."
    ),
    remedy=(
        "use a separate cluster for each environment, or make the name differ with a value of the chart, such as "
        "fullnameOverride"
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedObject:
    """An object: what tells it apart in the cluster, how findings name it, and
    its template.
    """

    key: _Key
    name: str
    source: str


def shared(environments: Iterable[tuple[str, Iterable[TrackedObject]]]) -> dict[str, list[Finding]]:
    """For each environment the findings about the objects that an earlier one renders too."""
    owners: dict[_Key, str] = {}
    findings: dict[str, list[Finding]] = {}
    for name, objects in environments:
        found: dict[str, list[TrackedObject]] = {}
        for item in objects:
            if (owner := owners.setdefault(item.key, name)) != name:
                found.setdefault(owner, []).append(item)
        if found:
            findings[name] = [_finding(items, owner) for owner, items in found.items()]
    return findings


def tracked(plan: SyncPlan) -> Iterator[TrackedObject]:
    """The objects that Argo CD tracks."""
    if plan.project is None:
        return
    cluster = plan.project.server or plan.project.cluster
    scopes = Scopes(plan.objects.of_kind("CustomResourceDefinition"))
    for manifest in plan.manifests:
        if manifest.kind == "CustomResourceDefinition" or is_hook(manifest) or is_skipped(manifest):
            continue
        is_cluster_wide = scopes.is_cluster_wide(manifest.id.group, manifest.kind)
        if is_cluster_wide is not None:
            namespace = "" if is_cluster_wide else manifest.id.namespace or plan.project.namespace
            key = (cluster, manifest.id.group, manifest.kind, namespace, manifest.name)
            yield TrackedObject(key=key, name=str(manifest.id), source=manifest.source)


def _finding(objects: list[TrackedObject], owner: str) -> Finding:
    first, count = objects[0], len(objects)
    others = ", ".join(item.name for item in objects[1:SHOWN])
    also = f" ({count} objects: {first.name}, {others}{', …' if count > SHOWN else ''})" if others else ""
    message = f"is also rendered by {owner}, on the same cluster{also}: Argo CD refuses the second sync"
    return SHARED.finding(message, object=first.name, source=first.source, others=(owner,))

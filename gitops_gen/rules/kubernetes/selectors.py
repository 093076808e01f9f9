"""What selects pods of the release: whose labels it means, and the rule that it finds some."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.pods import Pod, pod_path
from gitops_gen.manifests.scopes import BUILT_IN
from gitops_gen.manifests.selectors import is_empty, selects
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath, tree_nodes

_ADDED_LATER = frozenset(
    {
        *("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "controller-revision-hash"),
        *("pod-template-hash", "job-name", "batch.kubernetes.io/job-name"),
    }
)
"""Labels that controllers put on pods (https://kubernetes.io/docs/reference/labels-annotations-taints/)."""

_SPREAD, _APART = "topologySpreadConstraints", "podAntiAffinity"
_REQUIRED, _PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))
_FIELDS = {"podSelector", _SPREAD, _APART}


def selected_pods(plan: SyncPlan, selector: Any, namespace: str) -> list[tuple[Manifest, Pod]]:
    """The rendered pods that a LabelSelector means, with the objects that make them."""
    labels = mapping(mapping(selector).get("matchLabels"))
    lasting = {key: value for key, value in labels.items() if key not in _ADDED_LATER}
    own = {**mapping(selector), "matchLabels": lasting}
    return [
        (manifest, pod)
        for manifest, pod in plan.objects.pods
        if manifest.id.namespace == namespace and selects(own, pod.labels)
    ]


def is_of_operator(plan: SyncPlan, selector: Any) -> bool:
    """Whether a custom resource has one of the selector's values in it: an operator's pods may carry it."""
    custom = (item for item in plan.manifests if item.id.group not in BUILT_IN)
    values = _texts(selector)
    return any(not _texts(item.data).isdisjoint(values) for item in custom)


def _texts(data: Any) -> set[str]:
    return {value for _, value in tree_nodes(data) if isinstance(value, str)}


def _without_pods(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, selector, path in (*_of_policies(plan), *_of_pods(plan)):
        is_met = is_empty(selector) or selected_pods(plan, selector, manifest.id.namespace)
        if not is_met and not is_of_operator(plan, selector):
            field = next(str(step) for step in reversed(path) if step in _FIELDS)
            yield Hit(manifest, f"{field} selects no rendered pods", "", path)


def _of_policies(plan: SyncPlan) -> Iterator[tuple[Manifest, Any, KeyPath]]:
    for manifest in plan.objects.of_kind("NetworkPolicy"):
        yield manifest, manifest.spec.get("podSelector"), ("spec", "podSelector")


def _of_pods(plan: SyncPlan) -> Iterator[tuple[Manifest, Any, KeyPath]]:
    for manifest, pod in plan.objects.pods:
        place = pod_path(manifest)
        for index, item in enumerate(mappings(pod.spec.get(_SPREAD))):
            yield manifest, item.get("labelSelector"), (*place, _SPREAD, index, "labelSelector")
        for path, term in _terms(mapping(mapping(pod.spec.get("affinity")).get(_APART))):
            if not term.get("namespaces") and term.get("namespaceSelector") is None:
                yield manifest, term.get("labelSelector"), (*place, "affinity", _APART, *path, "labelSelector")


def _terms(affinity: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    for index, term in enumerate(mappings(affinity.get(_REQUIRED))):
        yield (_REQUIRED, index), term
    for index, item in enumerate(mappings(affinity.get(_PREFERRED))):
        yield (_PREFERRED, index, "podAffinityTerm"), mapping(item.get("podAffinityTerm"))


_POLICY = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\n"
    "spec: {podSelector: {matchLabels: {app: %s}}}\n---\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\n"
    'spec: {containers: [{name: web, image: "example.com/web:1"}]}\n'
)

RULES = (
    Rule(
        id="selector-without-match",
        title="A NetworkPolicy, a spread and an anti-affinity select pods of the release",
        explanation=(
            "What selects no pods has no effect: a NetworkPolicy protects nothing, and pods are not spread or kept "
            "apart. A label that differs from that of the pods is the usual cause "
            "(https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/)."
        ),
        remedy="write labels of the pods into the selector",
        check=_without_pods,
        severity=Severity.WARNING,
        bad=_POLICY % "site",
        good=_POLICY % "web",
    ),
)

"""Rules on autoscalers and disruption budgets: their targets and their arithmetic."""

from collections.abc import Iterator
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, number
from gitops_gen.manifests.pods import containers_of
from gitops_gen.manifests.selectors import is_empty, selects
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

_SCALED = {"Deployment", "StatefulSet", "ReplicaSet"}


def _autoscalers(plan: SyncPlan) -> Iterator[tuple[Manifest, str, str]]:
    for item in plan.objects.of_kind("HorizontalPodAutoscaler"):
        target = mapping(item.spec.get("scaleTargetRef"))
        yield item, str(target.get("kind")), str(target.get("name"))


def _limits(plan: SyncPlan) -> Iterator[Hit]:
    for item in plan.objects.of_kind("HorizontalPodAutoscaler"):
        least, most = number(item.spec.get("minReplicas")), number(item.spec.get("maxReplicas"))
        if least is not None and most is not None and least > most:
            yield Hit(item, f"minReplicas ({least}) is above maxReplicas ({most})", "", ("spec", "minReplicas"))
        kinds = {metric.get("type") for metric in mappings(item.spec.get("metrics"))}
        if least == 0 and kinds.isdisjoint({"Object", "External"}):
            text = "minReplicas is 0, and no metric is of type Object or External: nothing would start a pod again"
            yield Hit(item, text, "", ("spec", "minReplicas"))


def _targets(plan: SyncPlan) -> Iterator[Hit]:
    seen: dict[tuple[str, str, str], Manifest] = {}
    for item, kind, name in _autoscalers(plan):
        path = ("spec", "scaleTargetRef", "name")
        if kind in _SCALED and "/" not in str(mapping(item.spec.get("scaleTargetRef")).get("apiVersion")):
            text = "scaleTargetRef has no API group: Kubernetes 1.34 and later refuse it"
            yield Hit(item, text, "write apiVersion: apps/v1", ("spec", "scaleTargetRef"))
        if kind in _SCALED and not plan.objects.named(kind, name, item.id.namespace):
            yield Hit(item, f"scales {kind}/{name}, which is not rendered", "", path)
        if (owner := seen.setdefault((kind, name, item.id.namespace), item)) is not item:
            yield Hit(item, f"scales {kind}/{name}, as {owner.id} does", "remove one of the two", path)


_VALUES = {
    "Resource": ("averageUtilization", "averageValue"),
    "ContainerResource": ("averageUtilization", "averageValue"),
    "Pods": ("averageValue",),
    "Object": ("value", "averageValue"),
    "External": ("value", "averageValue"),
}
"""One of these must be in the target of a metric. Which one the target's `type` names does not matter
(https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/autoscaling/validation/validation.go).
"""


def _metrics(plan: SyncPlan) -> Iterator[Hit]:
    for item in plan.objects.of_kind("HorizontalPodAutoscaler"):
        for index, metric in enumerate(mappings(item.spec.get("metrics"))):
            kind, place = str(metric.get("type")), ("spec", "metrics", index)
            field = kind[:1].lower() + kind[1:]
            target = mapping(mapping(metric.get(field)).get("target"))
            wanted = _VALUES.get(kind, ())
            if not mapping(metric.get(field)):
                yield Hit(item, f"has a metric of type {kind} without {field}", "", place)
            elif wanted and all(target.get(value) is None for value in wanted):
                text = f"has a target of a {kind} metric without {' or '.join(wanted)}"
                yield Hit(item, text, "", (*place, field, "target"))


def _requests(plan: SyncPlan) -> Iterator[Hit]:
    for item, kind, name in _autoscalers(plan):
        target = plan.objects.named(kind, name, item.id.namespace)
        pod = plan.objects.pod(target) if target else None
        if target is None or pod is None:
            continue
        containers = [found for found in containers_of(target, pod) if found.path[-2] == "containers"]
        for index, metric in enumerate(mappings(item.spec.get("metrics"))):
            named = mapping(metric.get("containerResource")).get("container")
            if named and named not in {found.name for found in containers}:
                text = f"measures the container {named}, which {target.id} does not have"
                yield Hit(item, text, "", ("spec", "metrics", index, "containerResource", "container"))
        for index, resource in _measured(item):
            absent = [found.name for found in containers if not _requested(found.data, resource)]
            if absent:
                text = f"scales by the use of {resource}, and {target.id} requests none in {', '.join(absent)}"
                yield Hit(item, text, "", ("spec", "metrics", index))


def _measured(item: Manifest) -> Iterator[tuple[int, str]]:
    for index, metric in enumerate(mappings(item.spec.get("metrics"))):
        resource = mapping(metric.get("resource"))
        if metric.get("type") == "Resource" and mapping(resource.get("target")).get("type") == "Utilization":
            yield index, str(resource.get("name"))


def _requested(container: Any, resource: str) -> bool:
    resources = mapping(container.get("resources"))
    return any(resource in mapping(resources.get(field)) for field in ("requests", "limits"))


def _selected(plan: SyncPlan, budget: Manifest) -> list[Manifest]:
    return [
        manifest
        for manifest, pod in plan.objects.pods
        if manifest.id.namespace == budget.id.namespace
        and manifest.kind not in {"Job", "CronJob"}
        and selects(budget.spec.get("selector"), pod.labels)
    ]


def _budgets(plan: SyncPlan) -> Iterator[Hit]:
    for budget in plan.objects.of_kind("PodDisruptionBudget"):
        selector = budget.spec.get("selector")
        if selector is None:
            yield Hit(budget, "has no selector, and protects no pod", "", ("spec",))
        elif not is_empty(selector) and not _selected(plan, budget):
            yield Hit(budget, "selects no rendered pods", "", ("spec", "selector"))


def _arithmetic(plan: SyncPlan) -> Iterator[Hit]:
    for budget in plan.objects.of_kind("PodDisruptionBudget"):
        least, most = budget.spec.get("minAvailable"), budget.spec.get("maxUnavailable")
        if str(most) in {"0", "0%"}:
            text = "maxUnavailable is 0: no node with one of its pods can be drained"
            yield Hit(budget, text, "", ("spec", "maxUnavailable"))
        counts = [_replicas(plan, item) for item in _selected(plan, budget)]
        replicas = sum(count for count in counts if count)
        if str(least) == "100%" or (replicas and None not in counts and _kept(least, replicas) >= replicas):
            text = f"minAvailable is {least}, of {replicas or 'all'} pods: no node with one of them can be drained"
            yield Hit(budget, text, "", ("spec", "minAvailable"))


def _kept(least: Any, replicas: int) -> int:
    """How many pods must stay; a share is rounded up."""
    share = str(least).removesuffix("%")
    if str(least).endswith("%") and share.isdecimal():
        return -(-int(share) * replicas // 100)
    return number(least) or 0


def _replicas(plan: SyncPlan, item: Manifest) -> int | None:
    """How many pods there are when there is little to do; None where it is not known."""
    if item.kind not in _SCALED:
        return None
    for scaler, kind, name in _autoscalers(plan):
        if (kind, name, scaler.id.namespace) == (item.kind, item.name, item.id.namespace):
            return number(scaler.spec.get("minReplicas", 1))
    return number(item.spec.get("replicas", 1))


def _web(replicas: int = 2, resources: str = "") -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n"
        f'    spec: {{containers: [{{name: web, image: "example.com/web:1"{resources}}}]}}\n'
    )


def _scaler(spec: str, target: str = "web") -> str:
    return (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n"
        f"  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {target}}}\n  {spec}\n"
    )


def _budget(spec: str) -> str:
    return f"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: web}}\nspec: {{{spec}}}\n"


_BY_CPU = (
    "maxReplicas: 3\n  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, "
    "averageUtilization: 80}}}]"
)
_OWN = "selector: {matchLabels: {app: web}}"

RULES = (
    Rule(
        id="autoscaler-limits",
        title="An autoscaler's least is not above its most",
        explanation="The API server refuses a HorizontalPodAutoscaler whose minReplicas is above maxReplicas.",
        remedy="raise maxReplicas or lower minReplicas",
        check=_limits,
        bad=_scaler("minReplicas: 4\n  maxReplicas: 2") + _web(),
        good=_scaler("minReplicas: 2\n  maxReplicas: 4") + _web(),
    ),
    Rule(
        id="autoscaler-metric",
        title="Each metric of an autoscaler has what its type needs",
        explanation=(
            "The API server refuses a metric without the field that its type names, and a target without a value."
        ),
        remedy="add the field",
        check=_metrics,
        bad=_scaler(_BY_CPU.replace("averageUtilization", "value")) + _web(),
        good=_scaler(_BY_CPU) + _web(),
    ),
    Rule(
        id="autoscaler-target",
        title="An autoscaler is the only one of its target, and that is rendered",
        explanation=(
            "An autoscaler without its target does nothing, and two autoscalers of one target change its replicas "
            "against each other (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/)."
        ),
        remedy="correct spec.scaleTargetRef",
        check=_targets,
        severity=Severity.WARNING,
        bad=_scaler("maxReplicas: 2", "site") + _web(),
        good=_scaler("maxReplicas: 2") + _web(),
    ),
    Rule(
        id="autoscaler-without-requests",
        title="What an autoscaler measures exists and is requested",
        explanation=(
            "Utilization is a part of what each container requests. Without a request, or of a container that does not "
            "exist, the autoscaler does not scale "
            "(https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details)."
        ),
        remedy="set resources.requests of each container",
        check=_requests,
        severity=Severity.WARNING,
        bad=_scaler(_BY_CPU) + _web(),
        good=_scaler(_BY_CPU) + _web(2, ", resources: {requests: {cpu: 100m}}"),
    ),
    Rule(
        id="budget-without-pods",
        title="A disruption budget selects pods of the release",
        explanation="A PodDisruptionBudget that selects no pods protects nothing.",
        remedy="write labels of the pods into spec.selector",
        check=_budgets,
        severity=Severity.WARNING,
        bad=_budget("maxUnavailable: 1, selector: {matchLabels: {app: site}}") + _web(),
        good=_budget(f"maxUnavailable: 1, {_OWN}") + _web(),
    ),
    Rule(
        id="budget-blocks-drain",
        title="A disruption budget lets a node be drained",
        explanation=(
            "A budget that allows no pod to be missing, also when an autoscaler keeps its least, stops the drain of "
            "the node, and with it each upgrade of the cluster "
            "(https://kubernetes.io/docs/tasks/run-application/configure-pdb/)."
        ),
        remedy="allow one pod less, or run one more",
        check=_arithmetic,
        severity=Severity.WARNING,
        bad=_budget(f"minAvailable: 2, {_OWN}") + _web(2),
        good=_budget(f"minAvailable: 1, {_OWN}") + _web(2),
    ),
)

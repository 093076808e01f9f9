"""Rules on workloads: their selectors, their strategies, and what a restart of their pods is."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.objects import mapping, number
from gitops_gen.manifests.pods import pod_path
from gitops_gen.manifests.selectors import is_empty, selects
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

_SELECTING = {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("apps", "ReplicaSet")}
_ALWAYS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}
_STRATEGIES = {"Deployment": ("strategy", "Recreate"), "StatefulSet": ("updateStrategy", "OnDelete")}
_DEADLINE = 600
"""Seconds of `progressDeadlineSeconds` where none are set."""


def _selectors(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, pod in plan.objects.pods:
        if (manifest.id.group, manifest.kind) not in _SELECTING:
            continue
        selector = manifest.spec.get("selector")
        if is_empty(selector):
            if isinstance(selector, dict):
                yield Hit(manifest, "spec.selector is empty: it must select the pods", "", ("spec", "selector"))
        elif not selects(selector, pod.labels):
            text = f"spec.selector does not match the labels of the pods ({_labels(pod.labels)})"
            yield Hit(manifest, text, "", ("spec", "selector"))


def _labels(labels: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items()) or "they have none"


def _restarts(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, pod in plan.objects.pods:
        policy = pod.spec.get("restartPolicy") or "Always"
        path = (*pod_path(manifest), "restartPolicy")
        if manifest.kind in {"Job", "CronJob"} and policy == "Always":
            yield Hit(manifest, "its pods restart Always: set restartPolicy to Never or OnFailure", "", path)
        elif manifest.kind in _ALWAYS and manifest.id.group == "apps" and policy != "Always":
            text = f"its pods have restartPolicy {policy}, and a {manifest.kind} allows Always only"
            yield Hit(manifest, text, "remove restartPolicy", path)


def _strategies(plan: SyncPlan) -> Iterator[Hit]:
    yield from _agents(plan)
    for manifest in plan.manifests:
        if manifest.id.group != "apps" or manifest.kind not in _STRATEGIES:
            continue
        field, kind = _STRATEGIES[manifest.kind]
        strategy = mapping(manifest.spec.get(field))
        rolling = mapping(strategy.get("rollingUpdate"))
        path = ("spec", field, "rollingUpdate")
        if strategy.get("type") == kind and rolling:
            yield Hit(manifest, f"spec.{field} is {kind}, and has rollingUpdate too", "remove rollingUpdate", path)
        if _is_none(rolling.get("maxSurge")) and _is_none(rolling.get("maxUnavailable")):
            yield Hit(manifest, "maxSurge and maxUnavailable are both 0: no pod could ever be replaced", "", path)


def _agents(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in (item for item in plan.objects.of_kind("DaemonSet") if item.id.group == "apps"):
        rolling = mapping(mapping(manifest.spec.get("updateStrategy")).get("rollingUpdate"))
        surge, down = rolling.get("maxSurge") or 0, rolling.get("maxUnavailable")
        path = ("spec", "updateStrategy", "rollingUpdate")
        if _is_none(down) and _is_none(surge):
            yield Hit(manifest, "maxSurge and maxUnavailable are both 0: no pod could ever be replaced", "", path)
        elif not _is_none(down) and not _is_none(surge):
            text = f"maxSurge is {surge}, and maxUnavailable {1 if down is None else down}: one of them must be 0"
            yield Hit(manifest, text, "set one of the two to 0", path)


def _is_none(value: Any) -> bool:
    return value is not None and str(value) in {"0", "0%"}


def _deadlines(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.objects.of_kind("Deployment"):
        ready, deadline = number(manifest.spec.get("minReadySeconds")), manifest.spec.get("progressDeadlineSeconds")
        limit = _DEADLINE if deadline is None else number(deadline)
        if ready and limit is not None and limit <= ready:
            text = f"progressDeadlineSeconds ({limit}) must be greater than minReadySeconds ({ready})"
            yield Hit(
                manifest, text, "", ("spec", "minReadySeconds" if deadline is None else "progressDeadlineSeconds")
            )


def _accounts(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.objects.of_kind("StatefulSet"):
        name = manifest.spec.get("serviceName")
        if name and not plan.objects.named("Service", str(name), manifest.id.namespace):
            text = f"spec.serviceName names the Service {name}, which is not rendered: its pods get no host names"
            yield Hit(manifest, text, "", ("spec", "serviceName"))


def _jobs(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.objects.of_kind("Job"):
        if manifest.spec.get("selector") and manifest.spec.get("manualSelector") is not True:
            text = "sets spec.selector, which the Job controller makes"
            yield Hit(manifest, text, "remove spec.selector", ("spec", "selector"))


def _example(kind: str, spec: str, pod: str = "") -> str:
    api = "batch/v1" if kind == "Job" else "apps/v1"
    selector = "" if kind == "Job" else "  selector: {matchLabels: {app: web}}\n"
    return (
        f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: web}}\nspec:\n  {spec}\n{selector}"
        "  template:\n    metadata: {labels: {app: web}}\n"
        f'    spec: {{containers: [{{name: web, image: "example.com/web:1"}}]{pod}}}\n'
    )


RULES = (
    Rule(
        id="selector-without-pods",
        title="A workload selects its own pods",
        explanation=(
            "The API server refuses a workload whose selector does not match the labels of its template "
            "(https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector)."
        ),
        remedy="write the same labels in spec.selector.matchLabels and spec.template.metadata.labels",
        check=_selectors,
        bad=_example("Deployment", "replicas: 1").replace("labels: {app: web}", "labels: {app: site}"),
        good=_example("Deployment", "replicas: 1"),
    ),
    Rule(
        id="restart-policy",
        title="The restart policy is one that the workload allows",
        explanation=(
            "The API server refuses pods of a Job that restart Always, which is the default, and pods of a Deployment, "
            "StatefulSet or DaemonSet that do not "
            "(https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-template)."
        ),
        remedy="set restartPolicy to Never or OnFailure in the pods of a Job",
        check=_restarts,
        bad=_example("Job", "backoffLimit: 1"),
        good=_example("Job", "backoffLimit: 1", ", restartPolicy: Never"),
    ),
    Rule(
        id="update-strategy",
        title="The update strategy can replace pods",
        explanation=(
            "The API server refuses rollingUpdate next to Recreate or OnDelete, and a rolling update that may neither "
            "add a pod nor take one away "
            "(https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy)."
        ),
        remedy="let maxSurge or maxUnavailable be at least 1",
        check=_strategies,
        bad=_example("Deployment", "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}"),
        good=_example("Deployment", "strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"),
    ),
    Rule(
        id="deadline-before-ready",
        title="The progress deadline is later than the time until a pod counts as ready",
        explanation="The API server refuses a Deployment whose progressDeadlineSeconds is not above minReadySeconds.",
        remedy="raise progressDeadlineSeconds or lower minReadySeconds",
        check=_deadlines,
        bad=_example("Deployment", "minReadySeconds: 600"),
        good=_example("Deployment", "minReadySeconds: 10"),
    ),
    Rule(
        id="job-with-selector",
        title="A Job leaves its selector to Kubernetes",
        explanation="The API server refuses a Job that sets spec.selector without manualSelector: true.",
        remedy="remove spec.selector",
        check=_jobs,
        bad=_example("Job", "selector: {matchLabels: {app: web}}", ", restartPolicy: Never"),
        good=_example("Job", "backoffLimit: 1", ", restartPolicy: Never"),
    ),
    Rule(
        id="governing-service-missing",
        title="The Service that a StatefulSet names is rendered",
        explanation=(
            "The pods of a StatefulSet get host names by the Service that spec.serviceName names "
            "(https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id)."
        ),
        remedy="correct spec.serviceName, or render a headless Service of that name",
        check=_accounts,
        severity=Severity.WARNING,
        bad=_example("StatefulSet", "serviceName: web"),
        good=_example("StatefulSet", "serviceName: web")
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
        + "spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}\n",
    ),
)

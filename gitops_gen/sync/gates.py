"""Gates: which objects Argo CD waits for before it goes on, what ends each wait, and after how long at the latest.

Argo CD waits for every object that has a health check until it is Healthy or Degraded. The checks are those built
into Argo CD and the Lua ones that it ships: https://github.com/argoproj/argo-cd/tree/v3.5.0/resource_customizations
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitops_gen.errors import GitopsError
from gitops_gen.manifests.annotations import is_hook
from gitops_gen.manifests.objects import Manifest, mapping, mappings, number
from gitops_gen.manifests.pods import pod_of
from gitops_gen.manifests.scopes import BUILT_IN
from gitops_gen.sync.custom_health import has_custom_health
from gitops_gen.sync.durations import TIMES, seconds, text
from gitops_gen.sync.pauses import pause_of

KUBERNETES_PROGRESS_DEADLINE = 600
"""What the API server writes into a Deployment that sets none:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

NO_DEADLINE = 2**31 - 1
"""The value with which a Deployment has no progress deadline at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """An object that Argo CD waits for."""

    manifest: Manifest
    #: seconds until it ends by itself at the latest; 0 for at once, None for never
    seconds: int | None
    #: what ends it, as a calculation that a person can check; or why nothing does
    reason: str
    #: only the sync that creates the object waits for it
    first_only: bool = False
    #: it cannot become healthy, however long one waits
    stuck: bool = False
    #: the deadline is Kubernetes' default and nobody's choice
    by_default: bool = False


def gate_of(manifest: Manifest, scaled: Mapping[str, int]) -> Gate | None:
    """The gate that the object is in a step which is waited for; None when it has no health check.

    `scaled` says up to how many replicas an autoscaler takes a workload, by `Kind/name`.
    """
    kind = (manifest.id.group, manifest.kind)
    if reason := pause_of(manifest):
        return Gate(manifest=manifest, seconds=None, reason=reason, stuck=True)
    if rolled_out := _ROLLED_OUT.get(kind):
        return rolled_out(manifest, scaled.get(str(manifest.id)))
    if built_in := _BUILT_IN.get(kind):
        return built_in(manifest)
    if kind in _AT_ONCE:
        return Gate(manifest=manifest, seconds=0, reason="its controller reports its state at once")
    reason = _ENDLESS.get(kind) or (
        "it has no deadline and depends on its operator" if has_custom_health(*kind) else ""
    )
    return _endless(manifest, reason, first_only=kind in _ONCE) if reason else None


def is_ready_at_once(manifest: Manifest) -> bool:
    """Whether the object is ready when it is applied: Argo CD takes it for healthy at once, or it is of a kind of
    Kubernetes that has no health check, such as a ConfigMap.
    """
    gate = gate_of(manifest, {})
    return gate.seconds == 0 if gate else manifest.id.group in BUILT_IN


_ENDLESS = {
    ("", "Pod"): "a pod that cannot be scheduled stays Pending",
    ("", "PersistentVolumeClaim"): "without a volume it stays Pending",
    ("networking.k8s.io", "Ingress"): "without an address it stays Progressing",
    ("extensions", "Ingress"): "without an address it stays Progressing",
    ("apiregistration.k8s.io", "APIService"): "without a backend it stays Progressing",
}
_AT_ONCE = {
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"),
    ("policy", "PodDisruptionBudget"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
}
_ONCE = {
    ("", "PersistentVolumeClaim"),
    ("networking.k8s.io", "Ingress"),
    ("extensions", "Ingress"),
    ("external-secrets.io", "ExternalSecret"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("external-secrets.io", "SecretStore"),
    ("external-secrets.io", "ClusterSecretStore"),
}
"""What stays healthy once it is: only the sync that creates it waits."""


def _endless(manifest: Manifest, reason: str, *, first_only: bool = False) -> Gate:
    return Gate(manifest=manifest, seconds=None, reason=reason, first_only=first_only and not is_hook(manifest))


def _job(manifest: Manifest) -> Gate:
    if manifest.spec.get("suspend") is True:
        return Gate(manifest=manifest, seconds=None, reason="it is suspended", stuck=True)
    deadline = number(manifest.spec.get("activeDeadlineSeconds"))
    if deadline is None:
        return _endless(manifest, "it has no activeDeadlineSeconds, and its pod may never start")
    # A Job counts as failed only after its pods are gone (since Kubernetes 1.31).
    grace = pod.grace if (pod := pod_of(manifest)) else 0
    return Gate(
        manifest=manifest,
        seconds=deadline + grace,
        reason=f"activeDeadlineSeconds {text(deadline)} + {text(grace)} for its pod to stop",
    )


def _deployment(manifest: Manifest, scaled: int | None) -> Gate:
    if manifest.spec.get("paused") is True:
        return Gate(manifest=manifest, seconds=None, reason="it is paused", stuck=True)
    written = number(manifest.spec.get("progressDeadlineSeconds"))
    if written is not None and written >= NO_DEADLINE:
        return _endless(manifest, f"progressDeadlineSeconds {written} means no deadline")
    deadline = KUBERNETES_PROGRESS_DEADLINE if written is None else written
    replicas = _replicas(manifest, scaled)
    total = deadline * replicas
    reason = f"progressDeadlineSeconds {text(deadline)} {TIMES} {_replica_text(replicas, scaled)}"
    pod = pod_of(manifest)
    if mapping(manifest.spec.get("strategy")).get("type") == "Recreate" and replicas and pod:
        total, reason = total + pod.grace, f"{reason} + {text(pod.grace)} for the old pod to stop"
    return Gate(manifest=manifest, seconds=total, reason=reason, by_default=written is None and replicas > 0)


def _rollout(manifest: Manifest, scaled: int | None) -> Gate:
    """An Argo Rollout: Degraded once its progress deadline has passed, with each step's pause on top.

    https://argo-rollouts.readthedocs.io/en/stable/features/specification/
    """
    strategy = mapping(manifest.spec.get("strategy"))
    steps = mappings(mapping(strategy.get("canary")).get("steps"))
    if any("analysis" in step or "experiment" in step for step in steps) or "PromotionAnalysis" in repr(strategy):
        return _endless(manifest, "its analysis has no deadline")
    written = number(manifest.spec.get("progressDeadlineSeconds"))
    deadline = KUBERNETES_PROGRESS_DEADLINE if written is None else written
    replicas = _replicas(manifest, scaled)
    pauses = sum(_pause_seconds(mapping(step["pause"]).get("duration")) for step in steps if "pause" in step)
    pauses += number(mapping(strategy.get("blueGreen")).get("autoPromotionSeconds")) or 0
    reason = f"progressDeadlineSeconds {text(deadline)} {TIMES} {_replica_text(replicas, scaled)}"
    if pauses:
        reason += f" + {text(pauses)} for the pauses before it goes on"
    return Gate(
        manifest=manifest,
        seconds=deadline * replicas + pauses,
        reason=reason,
        by_default=written is None and replicas > 0,
    )


def _pause_seconds(duration: object) -> int:
    """A pause as Argo Rollouts reads it: a number of seconds, or text such as `10m`."""
    digits = str(duration)
    if digits.isdecimal():
        return int(digits)
    try:
        return seconds(digits)
    except GitopsError:
        return 0


def _replicas(manifest: Manifest, scaled: int | None) -> int:
    # The deadline starts again with every pod that becomes available, so each replica may take the whole of it
    # (measured).
    written = number(manifest.spec.get("replicas"))
    return max(1 if written is None else written, scaled or 0)


def _replica_text(replicas: int, scaled: int | None) -> str:
    word = "replica" if replicas == 1 else "replicas"
    return f"{replicas} {word} (the autoscaler's maximum)" if scaled and scaled == replicas else f"{replicas} {word}"


def _replica_set(manifest: Manifest) -> Gate:
    if number(manifest.spec.get("replicas")) == 0:
        return Gate(manifest=manifest, seconds=0, reason="it has no replicas")
    return _endless(manifest, f"a {manifest.kind} has no deadline")


def _daemon_set(manifest: Manifest) -> Gate:
    if mapping(manifest.spec.get("updateStrategy")).get("type") == "OnDelete":
        return Gate(manifest=manifest, seconds=0, reason="Argo CD does not wait for the pods of an OnDelete DaemonSet")
    return _endless(manifest, "a DaemonSet has no deadline")


def _service(manifest: Manifest) -> Gate:
    if manifest.spec.get("type") == "LoadBalancer":
        return _endless(manifest, "without an address it stays Progressing", first_only=True)
    return Gate(manifest=manifest, seconds=0, reason="a Service without load balancer is healthy at once")


_ROLLED_OUT: Mapping[tuple[str, str], Callable[[Manifest, int | None], Gate]] = {
    ("apps", "Deployment"): _deployment,
    ("argoproj.io", "Rollout"): _rollout,
}
_BUILT_IN: Mapping[tuple[str, str], Callable[[Manifest], Gate]] = {
    ("batch", "Job"): _job,
    ("apps", "StatefulSet"): _replica_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("", "Service"): _service,
}

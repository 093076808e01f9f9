"""Rule on scaling: an autoscaler and self-heal must not both decide on the replicas."""

from collections.abc import Iterator

from gitops_gen.manifests.objects import Manifest, mapping, number
from gitops_gen.rules.examples import autoscaler, deployment, wave
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan

_AUTOSCALERS = {("autoscaling", "HorizontalPodAutoscaler"), ("keda.sh", "ScaledObject")}


def _replicas(plan: SyncPlan) -> Iterator[Hit]:
    for scaler in plan.manifests if plan.policy.automated and plan.policy.self_heals else ():
        target = _target(plan, scaler)
        replicas = number(target.spec.get("replicas")) if target else None
        if target is None or replicas is None or plan.policy.ignores(target.id, ("spec", "replicas")):
            continue
        if not _is_fixed(scaler, replicas):
            text = f"sets replicas: {replicas}, and {scaler.id} scales it: self-heal sets it back each time"
            yield Hit(target, text, path=("spec", "replicas"))


def _target(plan: SyncPlan, scaler: Manifest) -> Manifest | None:
    if (scaler.id.group, scaler.kind) not in _AUTOSCALERS:
        return None
    target = mapping(scaler.spec.get("scaleTargetRef"))
    return plan.objects.named(str(target.get("kind") or "Deployment"), str(target.get("name")), scaler.id.namespace)


def _is_fixed(scaler: Manifest, replicas: int) -> bool:
    """Whether the autoscaler leaves that number: by its limits, or because 0 switches it off.

    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation
    """
    if scaler.kind == "HorizontalPodAutoscaler":
        least = number(scaler.spec.get("minReplicas", 1))
        return least == scaler.spec.get("maxReplicas") == replicas or (replicas == 0 and least != 0)
    return bool(scaler.spec.get("minReplicaCount", 0) == scaler.spec.get("maxReplicaCount", 100) == replicas)


RULES = (
    Rule(
        id="replicas-with-autoscaler",
        title="A workload with an autoscaler sets no replicas",
        explanation=(
            "The autoscaler changes spec.replicas, Argo CD finds the Application OutOfSync and self-heal sets the "
            "number of the manifest again, so that the two fight "
            "(https://argo-cd.readthedocs.io/en/stable/user-guide/best_practices/)."
        ),
        remedy="leave spec.replicas out when the autoscaler is on, or list /spec/replicas in ignoreDifferences",
        check=_replicas,
        bad=f"{autoscaler(wave(0))}---\n" + deployment("app", 0, spec="\n  replicas: 2"),
        good=f"{autoscaler(wave(0))}---\n" + deployment("app", 0),
    ),
)

"""Small manifests for the tests of the sync, as text and as objects."""

from typing import Any

from gitops_gen.manifests.annotations import SYNC_WAVE
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.sync.plan import SyncPlan, plan_of
from gitops_gen.sync.policy import SyncPolicy
from gitops_gen.yaml.writer import dump

API = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "Ingress": "networking.k8s.io/v1",
    "ExternalSecret": "external-secrets.io/v1",
    "SecretStore": "external-secrets.io/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "SealedSecret": "bitnami.com/v1alpha1",
    "Widget": "demo.example/v1",
}


def thing(
    kind: str, name: str, wave: int | None = None, spec: dict[str, Any] | None = None, **annotations: str
) -> dict[str, Any]:
    """An object; `hook="PreSync"` and `helm_hook="test"` are annotations."""
    names = {"hook": "argocd.argoproj.io/hook", "helm_hook": "helm.sh/hook", "helm_weight": "helm.sh/hook-weight"}
    marks = {names[key]: value for key, value in annotations.items()}
    if wave is not None:
        marks[SYNC_WAVE] = str(wave)
    metadata = {"name": name, "annotations": marks}
    return {"apiVersion": API.get(kind, "v1"), "kind": kind, "metadata": metadata, "spec": spec or {}}


def deployment(name: str, wave: int | None = None, **spec: Any) -> dict[str, Any]:
    """A Deployment of one replica and five minutes, unless `spec` says otherwise; pods carry the label `app`."""
    pod = {"containers": [{"name": "main", "image": "demo"}], **spec.pop("pod", {})}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return thing(
        "Deployment", name, wave, {"replicas": 1, "progressDeadlineSeconds": 300, **spec, "template": template}
    )


def service(name: str, wave: int | None = None, port: int = 80, **spec: Any) -> dict[str, Any]:
    """A Service for the pods labelled with its name."""
    return thing("Service", name, wave, {"selector": {"app": name}, "ports": [{"port": port}], **spec})


def objects(*things: dict[str, Any]) -> tuple[Manifest, ...]:
    """The manifests as `parse` reads them."""
    return parse("".join(f"---\n{dump(item)}" for item in things), "test.yaml")


def planned(*things: dict[str, Any], **policy: Any) -> SyncPlan:
    """Their plan under the tool's own policy, changed by `policy`."""
    return plan_of(objects(*things), SyncPolicy(**policy), name="test")

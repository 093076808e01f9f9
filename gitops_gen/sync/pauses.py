"""Pauses: what an object's own fields make it wait for that only a person or another event ends.

Argo CD calls such an object Suspended (a Subscription or a Workflow: Progressing, a PerconaXtraDBCluster: Unknown) and
waits for it without limit. The
kinds are those whose health check in version 3.5 has such a state that the manifest itself decides:
https://github.com/argoproj/argo-cd/tree/v3.5.1/resource_customizations
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.yaml.key_paths import plain_steps

_Check: TypeAlias = Callable[[Manifest], str]


def pause_of(manifest: Manifest) -> str:
    """Why a sync that waits for the object waits for a person; empty when the manifest asks for nothing like that."""
    group, kind = manifest.id.group, manifest.kind
    check = _CHECKS.get((group, kind)) or _CHECKS.get((group, "*"))
    return check(manifest) if check else ""


def _is(path: str, wanted: object, reason: str) -> _Check:
    """A check of one field of the specification."""
    return lambda manifest: reason if _at(manifest.spec, path) == wanted else ""


def _marked(annotations: Mapping[str, str | None], reason: str) -> _Check:
    """A check of annotations; None stands for any value."""

    def check(manifest: Manifest) -> str:
        found = manifest.annotations
        hit = any(name in found and value in (None, found[name]) for name, value in annotations.items())
        return reason if hit else ""

    return check


def _at(spec: Mapping[str, Any], path: str) -> Any:
    value: Any = spec
    for step in plain_steps(path):
        value = mapping(value).get(step)
    return value


def _rollout(manifest: Manifest) -> str:
    strategy = mapping(manifest.spec.get("strategy"))
    steps = mappings(mapping(strategy.get("canary")).get("steps"))
    if manifest.spec.get("paused") is True:
        return "it is paused"
    # https://github.com/argoproj/argo-rollouts/blob/v1.9.0/rollout/pause.go: a duration of 0 ends at once, and without
    # automatic promotion its seconds do not count.
    if any("pause" in step and mapping(step["pause"]).get("duration") is None for step in steps):
        return "a canary step pauses until a person resumes it"
    if mapping(strategy.get("blueGreen")).get("autoPromotionEnabled") is False:
        return "autoPromotionEnabled is false: a person promotes it"
    return ""


def _kruise_rollout(manifest: Manifest) -> str:
    strategy = mapping(manifest.spec.get("strategy"))
    if strategy.get("paused") is True:
        return "it is paused"
    for name in ("canary", "blueGreen"):
        steps = mappings(mapping(strategy.get(name)).get("steps"))
        if any(not mapping(step.get("pause")).get("duration") for step in steps[:-1]):
            return f"a {name} step without duration pauses until a person approves it"
    return ""


def _partitioned(path: str) -> _Check:
    def check(manifest: Manifest) -> str:
        strategy = mapping(_at(manifest.spec, path))
        if strategy.get("paused") is True:
            return "its update is paused"
        partition = strategy.get("partition")
        return f"partition {partition} holds part of an update back" if partition not in (None, 0, "0", "0%") else ""

    return check


def _virtual_machine(manifest: Manifest) -> str:
    stopped = manifest.spec.get("running") is False or manifest.spec.get("runStrategy") in {"Halted", "Manual"}
    paused = _at(manifest.spec, "template.spec.startStrategy") == "Paused"
    return "it is not started" if stopped else _STARTS_PAUSED if paused else ""


def _data_volume(manifest: Manifest) -> str:
    staged = manifest.spec.get("checkpoints") and manifest.spec.get("finalCheckpoint") is not True
    return "its import pauses after each checkpoint until finalCheckpoint is set" if staged else ""


def _workflow(manifest: Manifest) -> str:
    if manifest.spec.get("suspend") is True:
        return "it is suspended"
    for template in mappings(manifest.spec.get("templates")):
        if "suspend" in template and not mapping(template["suspend"]).get("duration"):
            return f"its template {template.get('name')} suspends until a person resumes it"
    return ""


_STARTS_PAUSED = "startStrategy is Paused: a person resumes it"
_SUSPENDED = _is("suspend", wanted=True, reason="it is suspended")
_PAUSED = _is("paused", wanted=True, reason="it is paused")
_ANY_PAUSE = {
    "autoscaling.keda.sh/paused": "true",
    "autoscaling.keda.sh/paused-replicas": None,
    "autoscaling.keda.sh/paused-scale-in": "true",
}
_CROSSPLANE = _marked({"crossplane.io/paused": "true"}, "it is paused")
_CNPG = _marked(
    {"cnpg.io/hibernation": "on", "cnpg.io/reconciliationLoop": "disabled"}, "it is hibernated or not reconciled"
)
_CHECKS: Mapping[tuple[str, str], _Check] = {
    ("argoproj.io", "Rollout"): _rollout,
    ("argoproj.io", "Workflow"): _workflow,
    ("rollouts.kruise.io", "Rollout"): _kruise_rollout,
    ("apps.kruise.io", "CloneSet"): _partitioned("updateStrategy"),
    ("apps.kruise.io", "DaemonSet"): _partitioned("updateStrategy.rollingUpdate"),
    ("apps.kruise.io", "StatefulSet"): _partitioned("updateStrategy.rollingUpdate"),
    ("apps.kruise.io", "BroadcastJob"): _PAUSED,
    ("apps.kruise.io", "AdvancedCronJob"): _PAUSED,
    ("game.kruise.io", "GameServerSet"): _partitioned("updateStrategy.rollingUpdate"),
    ("cluster.x-k8s.io", "Cluster"): _PAUSED,
    ("cluster.x-k8s.io", "MachineDeployment"): _PAUSED,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): _SUSPENDED,
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): _SUSPENDED,
    ("image.toolkit.fluxcd.io", "ImageRepository"): _SUSPENDED,
    ("image.toolkit.fluxcd.io", "ImageUpdateAutomation"): _SUSPENDED,
    ("notification.toolkit.fluxcd.io", "Receiver"): _SUSPENDED,
    ("source.toolkit.fluxcd.io", "*"): _SUSPENDED,
    ("keda.sh", "ScaledObject"): _marked(_ANY_PAUSE, "its annotation pauses the scaling"),
    ("keda.sh", "ScaledJob"): _marked(_ANY_PAUSE, "its annotation pauses the scaling"),
    ("kubevirt.io", "VirtualMachine"): _virtual_machine,
    ("kubevirt.io", "VirtualMachineInstance"): _is("startStrategy", wanted="Paused", reason=_STARTS_PAUSED),
    ("cdi.kubevirt.io", "DataVolume"): _data_volume,
    ("postgresql.cnpg.io", "Cluster"): _CNPG,
    ("psmdb.percona.com", "PerconaServerMongoDB"): _is("pause", wanted=True, reason="it is paused"),
    ("pxc.percona.com", "PerconaXtraDBCluster"): _is("pause", wanted=True, reason="it is paused"),
    ("operator.victoriametrics.com", "*"): _PAUSED,
    ("serving.kserve.io", "InferenceService"): _marked({"serving.kserve.io/stop": "true"}, "it is stopped"),
    ("astra.netapp.io", "ExecHook"): _is("enabled", wanted=False, reason="it is not enabled"),
    ("capabilities.3scale.net", "Application"): _is("suspend", wanted=True, reason="it is suspended"),
    ("capabilities.3scale.net", "DeveloperUser"): _is("suspended", wanted=True, reason="it is suspended"),
    ("spot.io", "SpotDeployment"): _PAUSED,
    ("operators.coreos.com", "Subscription"): _is(
        "installPlanApproval",
        wanted="Manual",
        reason="installPlanApproval is Manual: a person approves the install plan",
    ),
    ("cloudfront.aws.crossplane.io", "Distribution"): _CROSSPLANE,
    ("iam.aws.crossplane.io", "Policy"): _CROSSPLANE,
    ("iam.aws.crossplane.io", "Role"): _CROSSPLANE,
    ("iam.aws.crossplane.io", "RolePolicyAttachment"): _CROSSPLANE,
    ("rds.aws.crossplane.io", "DBCluster"): _CROSSPLANE,
    ("rds.aws.crossplane.io", "DBInstance"): _CROSSPLANE,
    ("route53.aws.crossplane.io", "ResourceRecordSet"): _CROSSPLANE,
    ("s3.aws.crossplane.io", "Bucket"): _CROSSPLANE,
}

"""Every kind that Argo CD calls Suspended for what its manifest says: with the pause it is a gate that stays closed,
without it is not.
"""

from typing import Any

import pytest

from gitops_gen.sync.gates import gate_of
from gitops_gen.sync.pauses import _CHECKS
from tests.plan.manifest_kit import objects

STEP = {"duration": "5m"}
RU = {"updateStrategy": {"rollingUpdate": {"paused": True}}}
PARTITION = {"updateStrategy": {"rollingUpdate": {"partition": 2}}}
WHOLE = {"updateStrategy": {"rollingUpdate": {"partition": 0}}}
SPECS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("argoproj.io", "Rollout", {"paused": True}, {}),
    ("argoproj.io", "Rollout", {"strategy": {"canary": {"steps": [{"pause": {}}]}}}, {}),
    (
        "argoproj.io",
        "Rollout",
        {"strategy": {"canary": {"steps": [{"pause": None}]}}},
        {"strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": STEP}, {"pause": {"duration": 0}}]}}},
    ),
    (
        "argoproj.io",
        "Rollout",
        {"strategy": {"blueGreen": {"autoPromotionEnabled": False, "autoPromotionSeconds": 30}}},
        {"strategy": {"blueGreen": {"autoPromotionSeconds": 30}}},
    ),
    ("argoproj.io", "Workflow", {"suspend": True}, {}),
    (
        "argoproj.io",
        "Workflow",
        {"templates": [{"name": "ask", "suspend": {}}]},
        {"templates": [{"name": "ask", "suspend": {"duration": "20"}}]},
    ),
    ("rollouts.kruise.io", "Rollout", {"strategy": {"paused": True}}, {}),
    (
        "rollouts.kruise.io",
        "Rollout",
        {"strategy": {"canary": {"steps": [{"pause": {}}, {"replicas": "100%"}]}}},
        {"strategy": {"canary": {"steps": [{"pause": {"duration": 60}}, {"replicas": "100%"}]}}},
    ),
    ("apps.kruise.io", "CloneSet", {"updateStrategy": {"paused": True}}, {"updateStrategy": {"partition": 0}}),
    ("apps.kruise.io", "CloneSet", {"updateStrategy": {"partition": "20%"}}, {"updateStrategy": {"partition": "0%"}}),
    ("apps.kruise.io", "StatefulSet", RU, WHOLE),
    ("apps.kruise.io", "StatefulSet", PARTITION, {}),
    ("apps.kruise.io", "DaemonSet", RU, WHOLE),
    ("apps.kruise.io", "BroadcastJob", {"paused": True}, {"paused": False}),
    ("apps.kruise.io", "AdvancedCronJob", {"paused": True}, {}),
    ("game.kruise.io", "GameServerSet", PARTITION, WHOLE),
    ("cluster.x-k8s.io", "Cluster", {"paused": True}, {}),
    ("cluster.x-k8s.io", "MachineDeployment", {"paused": True}, {}),
    ("helm.toolkit.fluxcd.io", "HelmRelease", {"suspend": True}, {"suspend": False}),
    ("kustomize.toolkit.fluxcd.io", "Kustomization", {"suspend": True}, {}),
    ("image.toolkit.fluxcd.io", "ImageRepository", {"suspend": True}, {}),
    ("image.toolkit.fluxcd.io", "ImageUpdateAutomation", {"suspend": True}, {}),
    ("notification.toolkit.fluxcd.io", "Receiver", {"suspend": True}, {}),
    ("source.toolkit.fluxcd.io", "GitRepository", {"suspend": True}, {}),
    ("kubevirt.io", "VirtualMachine", {"running": False}, {"running": True}),
    ("kubevirt.io", "VirtualMachine", {"runStrategy": "Halted"}, {"runStrategy": "Always"}),
    (
        "kubevirt.io",
        "VirtualMachine",
        {"running": True, "template": {"spec": {"startStrategy": "Paused"}}},
        {"running": True, "template": {"spec": {}}},
    ),
    ("kubevirt.io", "VirtualMachineInstance", {"startStrategy": "Paused"}, {}),
    ("cdi.kubevirt.io", "DataVolume", {"checkpoints": [{}]}, {"checkpoints": [{}], "finalCheckpoint": True}),
    ("pxc.percona.com", "PerconaXtraDBCluster", {"pause": True}, {"pause": False}),
    ("capabilities.3scale.net", "DeveloperUser", {"suspended": True}, {}),
    ("psmdb.percona.com", "PerconaServerMongoDB", {"pause": True}, {}),
    ("operator.victoriametrics.com", "VMCluster", {"paused": True}, {}),
    ("astra.netapp.io", "ExecHook", {"enabled": False}, {"enabled": True}),
    ("capabilities.3scale.net", "Application", {"suspend": True}, {}),
    ("spot.io", "SpotDeployment", {"paused": True}, {}),
    (
        "operators.coreos.com",
        "Subscription",
        {"installPlanApproval": "Manual"},
        {"installPlanApproval": "Automatic"},
    ),
]
MARKS = [
    ("keda.sh", "ScaledObject", {"autoscaling.keda.sh/paused-replicas": "0"}),
    ("keda.sh", "ScaledJob", {"autoscaling.keda.sh/paused": "true"}),
    ("postgresql.cnpg.io", "Cluster", {"cnpg.io/hibernation": "on"}),
    ("postgresql.cnpg.io", "Cluster", {"cnpg.io/reconciliationLoop": "disabled"}),
    ("serving.kserve.io", "InferenceService", {"serving.kserve.io/stop": "true"}),
    *((group, kind, {"crossplane.io/paused": "true"}) for group, kind in _CHECKS if "crossplane" in group),
]


OPEN = [
    ("capabilities.3scale.net", "DeveloperAccount"),
    *(("gateway.solo.io", kind) for kind in ("Gateway", "MatchableHttpGateway", "RouteOption", "RouteTable")),
    *(("gateway.solo.io", kind) for kind in ("VirtualHostOption", "VirtualService")),
    *(("gloo.solo.io", kind) for kind in ("Proxy", "Settings", "Upstream", "UpstreamGroup")),
    ("karpenter.sh", "NodeClaim"),
    ("nmstate.io", "NodeNetworkConfigurationPolicy"),
    ("openfaas.com", "Function"),
    ("sql.cnrm.cloud.google.com", "SQLInstance"),
    ("numaflow.numaproj.io", "Pipeline"),
    ("numaplane.numaproj.io", "PipelineRollout"),
]
"""Kinds that Argo CD calls Suspended for what their controller writes into the status alone (it waits for a dependency,
an approval, a node), which no manifest tells; those of Numaflow and Numaplane are Healthy while they are paused:
https://github.com/argoproj/argo-cd/tree/v3.5.1/resource_customizations
"""


def is_stuck(group: str, kind: str, spec: dict[str, Any], marks: dict[str, str] | None = None) -> bool:
    metadata = {"name": "x", "annotations": marks or {}}
    data = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, "spec": spec}
    gate = gate_of(objects(data)[0], {})
    assert gate is not None
    return gate.stuck


@pytest.mark.parametrize(("group", "kind", "bad", "good"), SPECS)
def test_a_field_that_waits_for_a_person(group: str, kind: str, bad: dict[str, Any], good: dict[str, Any]) -> None:
    assert (is_stuck(group, kind, bad), is_stuck(group, kind, good)) == (True, False)


@pytest.mark.parametrize(("group", "kind", "marks"), MARKS)
def test_an_annotation_that_pauses(group: str, kind: str, marks: dict[str, str]) -> None:
    assert (is_stuck(group, kind, {}, marks), is_stuck(group, kind, {})) == (True, False)


@pytest.mark.parametrize(("group", "kind"), OPEN)
def test_a_pause_that_only_the_status_knows_is_a_gate_without_end(group: str, kind: str) -> None:
    data = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "x"}, "spec": {"paused": True}}
    gate = gate_of(objects(data)[0], {})
    assert gate is not None
    assert (gate.stuck, gate.seconds) == (False, None)


def test_every_decided_kind_is_tested() -> None:
    tested = {(group, kind) for group, kind, *_ in [*SPECS, *MARKS]}
    assert {key for key in _CHECKS if key[1] != "*"} <= tested
    assert {group for group, kind in _CHECKS if kind == "*"} <= {group for group, _ in tested}


def test_the_deadline_of_a_rollout_counts_its_pauses() -> None:
    steps = [{"pause": {"duration": "5m"}}, {"pause": {"duration": 30}}]
    spec = {"replicas": 2, "progressDeadlineSeconds": 60, "strategy": {"canary": {"steps": steps}}}
    data = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "x"}, "spec": spec}
    gate = gate_of(objects(data)[0], {})
    assert gate is not None
    assert gate.seconds == 2 * 60 + 300 + 30

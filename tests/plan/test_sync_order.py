"""The order of a sync and what it waits for, as Argo CD's own sources have it."""

from typing import Any

import pytest

from gitops_gen.manifests.annotations import phases, wave
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.sync.policy import SyncPolicy
from gitops_gen.sync.steps import steps_of
from tests.plan.manifest_kit import deployment, objects, planned, service, thing


def order(plan: SyncPlan) -> list[str]:
    return [str(task.manifest.id) for step in plan.steps for task in step.tasks]


def test_phase_then_wave_then_kind_then_name() -> None:
    plan = planned(
        thing("Job", "after", hook="PostSync"),
        thing("Widget", "w", 0),
        thing("Ingress", "i", 0),
        deployment("b", 0),
        deployment("a", 0),
        service("s", 0),
        thing("ConfigMap", "c", 0),
        thing("NetworkPolicy", "n", 0),
        deployment("early", -5),
        thing("Job", "before", 7, hook="PreSync"),
    )
    assert order(plan) == [
        "Job/before",
        "Deployment/early",
        "NetworkPolicy/n",
        "ConfigMap/c",
        "Service/s",
        "Deployment/a",
        "Deployment/b",
        "Ingress/i",
        "Widget/w",
        "Job/after",
    ]
    assert [step.title for step in plan.steps] == ["PreSync wave 7", "wave -5", "wave 0", "PostSync wave 0"]


def test_definitions_move_to_the_wave_of_their_first_instance() -> None:
    names = {"group": "demo.example", "names": {"kind": "Widget"}}
    plan = planned(
        thing("Widget", "w", -5), thing("CustomResourceDefinition", "widgets", 3, names), thing("ConfigMap", "c", 3)
    )
    assert order(plan) == ["CustomResourceDefinition/widgets", "Widget/w", "ConfigMap/c"]
    assert [step.wave for step in plan.steps] == [-5, 3]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({"argocd.argoproj.io/sync-wave": "5", "helm.sh/hook-weight": "7"}, 5),
        ({"helm.sh/hook-weight": "-7"}, -7),
        ({"argocd.argoproj.io/sync-wave": "+3"}, 3),
        ({"argocd.argoproj.io/sync-wave": "late", "helm.sh/hook-weight": "7"}, 7),
        ({"argocd.argoproj.io/sync-wave": "1_0"}, 0),
        ({"argocd.argoproj.io/sync-wave": " 1"}, 0),
        ({}, 0),
    ],
)
def test_wave(annotations: dict[str, str], expected: int) -> None:
    data = thing("ConfigMap", "c")
    data["metadata"]["annotations"] = annotations
    assert wave(objects(data)[0]) == expected


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, ["Sync"]),
        ({"hook": "PreSync,PostSync"}, ["PreSync", "PostSync"]),
        ({"hook": "Skip"}, []),
        ({"helm_hook": "pre-install,pre-upgrade"}, ["PreSync"]),
        ({"helm_hook": "post-upgrade, test"}, ["PostSync"]),
        ({"helm_hook": "test"}, []),
        ({"helm_hook": "pre-rollback"}, []),
        ({"helm_hook": "crd-install"}, ["Sync"]),
        ({"helm_hook": "pre-delete"}, ["PreDelete"]),
        ({"hook": "SyncFail", "helm_hook": "pre-install"}, ["SyncFail"]),
        ({"hook": "Typo", "helm_hook": "pre-install"}, ["PreSync"]),
    ],
)
def test_phases(annotations: dict[str, Any], expected: list[str]) -> None:
    assert [phase.value for phase in phases(objects(thing("Job", "j", **annotations))[0])] == expected


def test_the_last_step_is_waited_for_only_with_hooks_in_it_or_when_pruning() -> None:
    plain = steps_of(objects(deployment("a", 0), deployment("b", 5)), SyncPolicy(sync_options=()))
    assert [(step.gated, step.gated_by_prune) for step in plain] == [(True, False), (False, False)]
    pruning = steps_of(objects(deployment("a", 0), deployment("b", 5)), SyncPolicy())
    assert [(step.gated, step.gated_by_prune) for step in pruning] == [(True, False), (False, True)]
    hooks = steps_of(objects(deployment("a", 0), thing("Job", "j", 0, hook="PostSync")), SyncPolicy())
    assert [step.gated for step in hooks] == [True, True]


def test_hooks_of_the_only_step_are_waited_for_alone() -> None:
    plan = planned(deployment("a"), thing("Job", "j", hook="Sync", spec={"activeDeadlineSeconds": 60}))
    assert [str(gate.manifest.id) for _, gate in plan.gates] == ["Job/j"]


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (deployment("d"), 300),
        (deployment("d", replicas=3), 900),
        (deployment("d", replicas=0), 0),
        (deployment("d", strategy={"type": "Recreate"}), 330),
        (deployment("d", strategy={"type": "Recreate"}, pod={"terminationGracePeriodSeconds": 60}), 360),
        (deployment("d", progressDeadlineSeconds=None), 600),
        (deployment("d", progressDeadlineSeconds=2**31 - 1), None),
        (deployment("d", paused=True), None),
        (thing("Job", "j", spec={"activeDeadlineSeconds": 120}), 150),
        (thing("Job", "j"), None),
        (thing("StatefulSet", "s"), None),
        (thing("StatefulSet", "s", spec={"replicas": 0}), 0),
        (thing("DaemonSet", "s", spec={"updateStrategy": {"type": "OnDelete"}}), 0),
        (thing("DaemonSet", "s"), None),
        (service("s"), 0),
        (service("s", type="LoadBalancer"), None),
        (thing("PersistentVolumeClaim", "p"), None),
        (thing("Ingress", "i"), None),
        (thing("ExternalSecret", "e"), None),
        (thing("HorizontalPodAutoscaler", "h"), 0),
        (thing("CronJob", "c"), 0),
    ],
)
def test_what_ends_a_gate(data: dict[str, object], seconds: int | None) -> None:
    plan = planned(data, thing("ConfigMap", "last", 99))
    assert [gate.seconds for _, gate in plan.gates] == [seconds]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "ServiceAccount", "NetworkPolicy", "Widget"])
def test_what_has_no_health_is_not_waited_for(kind: str) -> None:
    assert planned(thing(kind, "x"), thing("ConfigMap", "last", 99)).gates == ()


def test_an_autoscaler_counts_with_its_most_replicas() -> None:
    target = {"kind": "Deployment", "name": "a"}
    scaler = thing("HorizontalPodAutoscaler", "a", 9, {"scaleTargetRef": target, "maxReplicas": 7})
    gates = [gate for _, gate in planned(deployment("a", 0), scaler).gates]
    assert gates[0].seconds == 7 * 300

"""Rules on volumes: a claim that binds with its first pod must not be waited for before that pod exists."""

from collections.abc import Iterator

from gitops_gen.manifests.annotations import wave_path
from gitops_gen.manifests.objects import Manifest, number
from gitops_gen.rules import examples
from gitops_gen.rules.examples import LAST, deployment, wave
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan


def _claims(plan: SyncPlan) -> Iterator[Manifest]:
    """The rendered claims that bind only when a pod that mounts them is scheduled, as far as one can tell."""
    for claim in plan.objects.of_kind("PersistentVolumeClaim"):
        if not claim.spec.get("volumeName") and not _binds_at_once(plan, claim):
            yield claim


def _binds_at_once(plan: SyncPlan, claim: Manifest) -> bool:
    storage = plan.objects.named("StorageClass", str(claim.spec.get("storageClassName")), "")
    return storage is not None and storage.data.get("volumeBindingMode", "Immediate") == "Immediate"


def _consumers(plan: SyncPlan, claim: Manifest) -> list[Manifest]:
    """The workloads whose pods mount the claim during the sync."""
    return [
        manifest
        for manifest, _ in plan.objects.pods
        if manifest.id.namespace == claim.id.namespace
        and manifest.kind != "CronJob"
        and number(manifest.spec.get("replicas")) != 0
        and any(item.kind == claim.kind and item.name == claim.name for item in plan.objects.references[manifest])
    ]


def _early(plan: SyncPlan) -> Iterator[Hit]:
    places = plan.places
    for claim in _claims(plan):
        consumers = _consumers(plan, claim)
        first = min((place for item in consumers if (place := places.of(item))), default=None)
        place = places.of(claim)
        if first and place and first[0] > place[0] and places.gates(claim):
            here, there = plan.steps[place[0]].title, plan.steps[first[0]].title
            names = ", ".join(str(item.id) for item in consumers)
            message = f"is waited for in {here}, but binds only when a pod of {there} mounts it ({names})"
            yield Hit(claim, message, path=wave_path(claim))


def _unused(plan: SyncPlan) -> Iterator[Hit]:
    places = plan.places
    for claim in _claims(plan):
        if _consumers(plan, claim) or _is_named_elsewhere(plan, claim):
            continue
        if places.gates(claim):
            yield Hit(claim, "is waited for, and no pod of this sync mounts it: it never binds")
        elif not any(item.name == claim.name for found in plan.objects.references.values() for item in found):
            yield Hit(claim, "is mounted by no pod: it never binds, and the Application stays Progressing")


def _is_named_elsewhere(plan: SyncPlan, claim: Manifest) -> bool:
    """Whether a custom resource names the claim: an operator's pods may mount it."""
    return any(
        "." in item.id.group and repr(claim.name) in repr(item.spec)
        for item in plan.manifests
        if not plan.objects.pod(item)
    )


_MOUNTED = deployment("db", 5, pod=", volumeMounts: [{name: data, mountPath: /data}]") + (
    "      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n"
)

RULES = (
    Rule(
        id="volume-before-consumer",
        title="A volume claim is in the wave of the pod that mounts it",
        explanation=(
            "With volumeBindingMode WaitForFirstConsumer, the usual one, a claim stays Pending until a pod that "
            "mounts it is scheduled. Pending is Progressing to Argo CD, so a claim in an earlier wave than its pod "
            "stops the sync (https://github.com/argoproj/argo-cd/issues/12840)."
        ),
        remedy="put the claim into the wave of its first consumer",
        check=_early,
        bad=f"{examples.claim(wave(0))}---\n{_MOUNTED}{LAST}",
        good=f"{examples.claim(wave(5))}---\n{_MOUNTED}{LAST}",
    ),
    Rule(
        id="volume-without-consumer",
        title="A volume claim is mounted by a pod of the sync",
        explanation=(
            "A claim that no pod mounts stays Pending with WaitForFirstConsumer: the wave, or the Application's "
            "health, waits without end."
        ),
        remedy="take the claim out while nothing mounts it, or move one that only a CronJob mounts into the last wave",
        check=_unused,
        bad=examples.claim(wave(0)) + LAST,
        good=f"{examples.claim(wave(5))}---\n{_MOUNTED}{LAST}",
    ),
)

"""Which fields the API server never lets change, so that a sync that tries fails: per kind, as its validation has them.

https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/apis/apps/validation/validation.go and its neighbours
(batch, core, rbac, storage, networking).
"""

from collections.abc import Iterator, Sequence

from gitops_gen.compare.quantity import quantity
from gitops_gen.compare.structure import MISSING, Path, Place, path_text
from gitops_gen.manifests.objects import Manifest

_FIXED: dict[tuple[str, str], tuple[Path, ...]] = {
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "DaemonSet"): (("spec", "selector"),),
    ("apps", "ReplicaSet"): (("spec", "selector"),),
    ("apps", "StatefulSet"): (("spec",),),
    ("batch", "Job"): (
        ("spec", "template"),
        ("spec", "selector"),
        ("spec", "completionMode"),
        ("spec", "completions"),
        ("spec", "podFailurePolicy"),
        ("spec", "successPolicy"),
        ("spec", "backoffLimitPerIndex"),
        ("spec", "managedBy"),
    ),
    ("", "PersistentVolumeClaim"): (("spec",),),
    ("", "Service"): (("spec", "clusterIP"),),
    ("", "Secret"): (("type",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): (
        ("provisioner",),
        ("parameters",),
        ("reclaimPolicy",),
        ("volumeBindingMode",),
    ),
    ("networking.k8s.io", "IngressClass"): (("spec", "controller"),),
    ("scheduling.k8s.io", "PriorityClass"): (("value",), ("preemptionPolicy",)),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (("spec", "scope"), ("spec", "group")),
}
_FREE: dict[tuple[str, str], tuple[Path, ...]] = {
    ("apps", "StatefulSet"): (
        ("spec", "replicas"),
        ("spec", "ordinals"),
        ("spec", "template"),
        ("spec", "updateStrategy"),
        ("spec", "revisionHistoryLimit"),
        ("spec", "persistentVolumeClaimRetentionPolicy"),
        ("spec", "minReadySeconds"),
    ),
    ("", "PersistentVolumeClaim"): (("spec", "resources"), ("spec", "volumeAttributesClassName")),
}
_SEALED = ("ConfigMap", "Secret")
STORAGE: Path = ("spec", "resources", "requests", "storage")


def refusals(old: Manifest, new: Manifest, changes: Sequence[Place]) -> Iterator[str]:
    """Why the API server refuses the changes when they are applied to the running object; nothing when it does not."""
    identity = (new.id.group, new.kind)
    fixed, free = _FIXED.get(identity, ()), _FREE.get(identity, ())
    for place in changes:
        if any(_below(place.path, path) for path in fixed) and not any(_below(place.path, path) for path in free):
            yield f"{_trunk(place.path)} is immutable"
    if new.kind in _SEALED and new.id.group == "" and old.data.get("immutable") is True:
        yield from (
            f"{_trunk(place.path)} cannot change: the object is `immutable: true`"
            for place in changes
            if place.path[:1] in (("data",), ("binaryData",), ("stringData",), ("immutable",))
        )
    if identity == ("", "PersistentVolumeClaim"):
        yield from _shrinking(changes)


def _shrinking(changes: Sequence[Place]) -> Iterator[str]:
    for place in changes:
        if place.path == STORAGE and _is_less(place):
            yield f"a volume cannot shrink ({place.old} → {place.new})"


def _is_less(place: Place) -> bool:
    if place.old is MISSING or place.new is MISSING:
        return False
    old, new = quantity(place.old), quantity(place.new)
    return old is not None and new is not None and new < old


def _below(path: Path, parent: Path) -> bool:
    return path[: len(parent)] == parent


def _trunk(path: Path) -> str:
    """The field that a person knows: `spec.selector`, not each label in it."""
    return path_text(path[:2])

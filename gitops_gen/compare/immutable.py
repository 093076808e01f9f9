"""Which fields the API server never lets change, so that a sync that tries fails: per kind, as its validation has them.

https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/apis/apps/validation/validation.go and those of batch,
core, rbac, storage and networking.
"""

from collections.abc import Iterator, Sequence

from gitops_gen.compare.structure import MISSING, Path, Place, path_text
from gitops_gen.manifests.objects import Manifest, mappings
from gitops_gen.manifests.quantity import quantity

_VOLUME_SOURCES = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk", "portworxVolume"),
    *("quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume", "volumeMode"),
)

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
    ("", "Service"): (("spec", "clusterIP"), ("spec", "loadBalancerClass")),
    ("", "PersistentVolume"): tuple(("spec", source) for source in _VOLUME_SOURCES),
    ("", "Pod"): (("spec",),),
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
    ("storage.k8s.io", "VolumeAttributesClass"): (("driverName",), ("parameters",)),
    ("node.k8s.io", "RuntimeClass"): (("handler",),),
    ("discovery.k8s.io", "EndpointSlice"): (("addressType",),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (
        ("spec", "scope"),
        ("spec", "group"),
        ("spec", "names", "kind"),
    ),
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
    ("", "Pod"): (
        ("spec", "activeDeadlineSeconds"),
        ("spec", "tolerations"),
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
        free_here = any(_below(place.path, path) for path in free) or _is_allowed(old, new, place)
        if any(_below(place.path, path) for path in fixed) and not free_here:
            yield f"{_trunk(place.path)} is immutable"
    if new.kind in _SEALED and new.id.group == "" and old.data.get("immutable") is True:
        yield from (
            f"{_trunk(place.path)} cannot change: the object is `immutable: true`"
            for place in changes
            if place.path[:1] in (("data",), ("binaryData",), ("stringData",), ("immutable",))
        )
    if identity == ("", "PersistentVolumeClaim"):
        yield from _shrinking(changes)
    if new.kind == "CustomResourceDefinition":
        yield from _dropped_versions(old, new)


def _is_allowed(old: Manifest, new: Manifest, place: Place) -> bool:
    return _is_kept(place) or _is_pod_image(new, place) or _is_other_type(old, new, place)


def _is_kept(place: Place) -> bool:
    """A cluster IP that is taken out of the manifest, or emptied, stays as it is, `None` too."""
    return place.path == ("spec", "clusterIP") and place.new in (MISSING, "", None)


def _is_other_type(old: Manifest, new: Manifest, place: Place) -> bool:
    """The class of a load balancer comes and goes with the type of its Service."""
    types = {old.spec.get("type"), new.spec.get("type")}
    return place.path == ("spec", "loadBalancerClass") and types != {"LoadBalancer"}


def _is_pod_image(new: Manifest, place: Place) -> bool:
    return (
        (new.id.group, new.kind) == ("", "Pod")
        and place.path[1] in {"containers", "initContainers"}
        and place.path[-1] == "image"
    )


def _dropped_versions(old: Manifest, new: Manifest) -> Iterator[str]:
    """The version that objects are stored in must stay: `status.storedVersions` names it.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
    """
    left = {item.get("name") for item in mappings(new.spec.get("versions"))}
    for item in mappings(old.spec.get("versions")):
        if item.get("storage") is True and item.get("name") not in left:
            yield f"spec.versions lacks {item.get('name')}, in which objects are stored"


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

"""Which claim of the original has the data that the chart mounts at the same path, and the values with which the
chart's claim adopts it.

A claim cannot shrink, and its storage class and access modes are immutable:
https://kubernetes.io/docs/concepts/storage/persistent-volumes/
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.pods import pod_of
from gitops_gen.manifests.quantity import quantity
from gitops_gen.migration.live import Live, last_applied
from gitops_gen.migration.model import Concern, MigrationTarget, Override, PlannedClaim
from gitops_gen.migration.original import CLAIM_VALUES, export_command
from gitops_gen.yaml.key_paths import plain_steps

_WORKLOADS = ("Deployment", "StatefulSet")
_ADOPTABLE = frozenset({"accessModes", "resources", "storageClassName", "volumeMode"})
"""Fields that the chart's claim can set. Any other applied field would be removed, which the API server rejects."""

CLAIM = "PersistentVolumeClaim"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A mount path of a workload's container."""

    workload: str
    container: str
    path: str
    #: empty when the volume is not a claim
    claim: str
    sub_path: str


@dataclass(kw_only=True, slots=True)
class Volumes:
    """The result for all claims."""

    claims: list[PlannedClaim] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)


def mounts(manifests: Iterable[Manifest]) -> Iterator[Mount]:
    """Every mount of every workload, without init containers."""
    for item in manifests:
        pod = pod_of(item) if item.kind in _WORKLOADS else None
        if pod is None:
            continue
        claims = {
            volume.get("name"): str(mapping(volume.get("persistentVolumeClaim")).get("claimName") or "")
            for volume in mappings(pod.spec.get("volumes"))
        }
        for container in mappings(pod.spec.get("containers")):
            for mount in mappings(container.get("volumeMounts")):
                yield Mount(
                    workload=item.name,
                    container=str(container.get("name")),
                    path=str(mount.get("mountPath", "")).rstrip("/"),
                    claim=claims.get(mount.get("name"), ""),
                    sub_path=str(mount.get("subPath") or ""),
                )


def match_volumes(live: Live, target: MigrationTarget) -> Volumes:
    """Compare each claim that the chart's workloads mount with the one that the original mounts there."""
    found = Volumes()
    before = {(mount.workload, mount.path): mount for mount in mounts(list(live.objects.values()))}
    for mount in mounts(target.manifests):
        if mount.claim:
            _match(found, live, target, mount, before.get((mount.workload, mount.path)))
    return found


def _match(found: Volumes, live: Live, target: MigrationTarget, mount: Mount, before: Mount | None) -> None:
    place = f"{mount.workload} at {mount.path}"
    if before is not None and not before.claim:
        found.concerns.append(Concern(message=f"the data of {place} are not in a claim", hint=COPY_HINT, blocking=True))
        return
    name = before.claim if before else mount.claim
    claim = live.named(CLAIM, name)
    if claim is None:
        found.concerns.append(_absent(live, place, name, expected=before is not None))
        return
    if before is not None and before.sub_path != mount.sub_path:
        message = f"the data of {place} are in the folder {before.sub_path or '/'} of {name}, and the chart mounts "
        found.concerns.append(
            Concern(
                message=f"{message}{mount.sub_path or '/'}",
                hint="move them to that folder of the volume",
                blocking=True,
            )
        )
    made = target.rendered(CLAIM, mount.claim)
    overrides = list(_overrides(claim, made, mount))
    found.overrides += overrides
    found.claims.append(_planned(claim, mount, overrides, made))


def _absent(live: Live, place: str, name: str, *, expected: bool) -> Concern:
    if expected:
        hint = f"export it too: {export_command(live.namespace)}"
        return Concern(message=f"{CLAIM} {name} of {place} is not in the export", hint=hint, blocking=True)
    return Concern(message=f"{place} gets a new, empty volume: the export has no claim for it")


def _overrides(claim: Manifest, made: Manifest | None, mount: Mount) -> Iterator[Override]:
    key = CLAIM_VALUES.get((mount.workload, mount.path))
    if key is None:
        return
    path = ("values", *plain_steps(key))
    if reason := _unequal(claim, made, mount):
        yield Override(path=(*path, "existingClaim"), value=claim.name, reason=reason)
        return
    if made is None:
        return
    old, new = size(claim), size(made)
    if quantity(old) != quantity(new):
        why = (
            "a claim cannot shrink" if (quantity(new) or 0) < (quantity(old) or 0) else "resize it after the migration"
        )
        yield Override(
            path=(*path, "size"), value=old, reason=f"{claim.name} has {old}, the chart asks for {new}: {why}"
        )
    if reason := _class_reason(claim, made):
        yield Override(path=(*path, "storageClass"), value=storage_class(claim), reason=reason)


def _unequal(claim: Manifest, made: Manifest | None, mount: Mount) -> str:
    """Why the chart's claim cannot adopt the live one; empty when it can."""
    if claim.name != mount.claim:
        return f"the data are in the claim {claim.name}, the chart's is {mount.claim}"
    if made is None:
        return ""
    modes, wanted = sequence(claim.spec.get("accessModes")), sequence(made.spec.get("accessModes"))
    if modes != wanted:
        return f"{claim.name} is {', '.join(map(str, modes))}, the chart's is {', '.join(map(str, wanted))}"
    if not storage_class(claim) and storage_class(made):
        return f"{claim.name} has no storage class, and the chart's has one"
    applied = mapping(last_applied(claim).get("spec"))
    if extra := sorted(applied.keys() - _ADOPTABLE):
        return f"{claim.name} was created with {', '.join(extra)}, which the chart's claim cannot set"
    return ""


def _class_reason(claim: Manifest, made: Manifest) -> str:
    old, new = storage_class(claim), storage_class(made)
    if new and new != old:
        return f"{claim.name} has the storage class {old}, the chart asks for {new}: it is immutable"
    applied = mapping(last_applied(claim).get("spec"))
    if not new and applied.get("storageClassName"):
        return f"{claim.name} was created with the storage class {old}: it is immutable, and the chart would remove it"
    return ""


def size(claim: Manifest) -> str:
    """The size that the claim requests."""
    return str(mapping(mapping(claim.spec.get("resources")).get("requests")).get("storage") or "")


def storage_class(claim: Manifest) -> str:
    """The claim's storage class; empty when it sets none."""
    return str(claim.spec.get("storageClassName") or "")


def _planned(claim: Manifest, mount: Mount, overrides: list[Override], made: Manifest | None) -> PlannedClaim:
    existing = made is None or any(override.path[-1] == "existingClaim" for override in overrides)
    return PlannedClaim(
        name=claim.name,
        workload=mount.workload,
        mount_path=mount.path,
        size=size(claim),
        storage_class=storage_class(claim),
        volume=str(claim.spec.get("volumeName") or ""),
        how=_how(existing=existing, waits=bool(overrides)),
    )


def _how(*, existing: bool, waits: bool) -> str:
    how = "mounted unchanged (existingClaim)" if existing else "adopted by its name"
    return f"{how}, when the values below are set" if waits else how


COPY_HINT = "copy them to a claim first: they are deleted with the pod"

"""What a difference does to the cluster, object by object: what restarts, what runs, what is deleted, what fails.

Argo CD's part is in its documentation of sync options and waves; what the API server refuses is in `immutable`.
https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops_gen.compare.canonical import without_hashes
from gitops_gen.compare.documents import Pair, title
from gitops_gen.compare.immutable import STORAGE, refusals
from gitops_gen.compare.model import Consequence, Effect
from gitops_gen.compare.noise import CHECKSUM, noise
from gitops_gen.compare.structure import MISSING, Path, Place
from gitops_gen.manifests.annotations import (
    applies_server_side,
    is_deleted_on_success,
    is_forced,
    is_hook,
    sync_options,
)
from gitops_gen.manifests.objects import Manifest, mapping
from gitops_gen.manifests.pods import pod_of
from gitops_gen.manifests.quantity import quantity

_WORKLOADS = {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("argoproj.io", "Rollout")}
_TEMPLATE: Path = ("spec", "template")
_KEEPS = frozenset({"Prune=false", "Delete=false"})


def effects(pair: Pair, changes: Sequence[Place], *, prunes: bool, options: Sequence[str]) -> Iterator[Consequence]:
    """What happens to one object; `prunes` says whether Argo CD deletes here what git no longer has, `options` are the
    Application's sync options.
    """
    if pair.old is None and pair.new is not None:
        yield from _added(pair.new)
    elif pair.new is None and pair.old is not None:
        yield removal(pair.old, prunes=prunes)
    elif pair.old is not None and pair.new is not None:
        yield from _changed(pair.old, pair.new, changes, options)


def _added(new: Manifest) -> Iterator[Consequence]:
    if _is_job(new):
        yield Consequence(effect=Effect.RUNS, object=title(new), detail="new")


def kept_with_application(old: Manifest) -> Consequence:
    """What becomes of a removed object whose Application stays without being synced."""
    return Consequence(effect=Effect.LEAVES, object=title(old), detail="protect: true keeps its Application as it is")


def refused_to_empty(count: int) -> Consequence:
    """What an automated sync does that would prune everything an Application has: nothing.

    https://github.com/argoproj/argo-cd/blob/v3.5.1/controller/appcontroller.go (`will wipe out all resources`)
    """
    detail = (
        f"no object is left: Argo CD refuses an automated sync that would prune everything (allowEmpty is not set), so "
        f"nothing of the {count} objects is deleted and the Application stays OutOfSync"
    )
    return Consequence(effect=Effect.FAILS, object="the environment", detail=detail)


def removal(old: Manifest, *, prunes: bool) -> Consequence:
    """What becomes of an object that git no longer has. No hook is pruned:
    https://github.com/argoproj/argo-cd/blob/v3.5.1/gitops-engine/pkg/sync/sync_context.go (`Skipping hook`).
    """
    name = title(old)
    if is_hook(old):
        gone = is_deleted_on_success(old)
        detail = "a hook: it was deleted when its sync succeeded" if gone else "a hook: Argo CD prunes none"
        return Consequence(effect=Effect.NOTES if gone else Effect.LEAVES, object=name, detail=detail)
    if "Prune=false" in sync_options(old):
        return Consequence(effect=Effect.LEAVES, object=name, detail="it has the sync option Prune=false")
    if not prunes:
        return Consequence(effect=Effect.LEAVES, object=name, detail="pruning is off here")
    if old.kind in {"PersistentVolumeClaim", "Namespace"} and old.id.group == "":
        return Consequence(effect=Effect.LOSES, object=name, detail="its data is deleted with it")
    if old.kind == "CustomResourceDefinition":
        return Consequence(effect=Effect.LOSES, object=name, detail="every object of its kind is deleted with it")
    return Consequence(effect=Effect.PRUNES, object=name)


def _changed(old: Manifest, new: Manifest, changes: Sequence[Place], options: Sequence[str]) -> Iterator[Consequence]:
    renamed = old.name != new.name
    if renamed:
        if _is_job(new):
            yield Consequence(effect=Effect.RUNS, object=title(new), detail="its content changed")
    elif _is_job(new) and is_hook(new):
        yield Consequence(effect=Effect.RUNS, object=title(new), detail="a hook: it runs in every sync")
    else:
        yield from _refused(old, new, changes, options)
    if (new.id.group, new.kind) in _WORKLOADS:
        yield from _restarted(new, changes)
        yield from _scaled(new, changes)
        yield from _mismatched(new)
    if new.kind == "PersistentVolumeClaim":
        yield from _resized(new, changes)
    if new.kind == "Application":
        yield from _moved(old, new)


def _moved(old: Manifest, new: Manifest) -> Iterator[Consequence]:
    """An Application that goes to another cluster: Argo CD looks at the objects there only."""
    before, after = (mapping(item.spec.get("destination")) for item in (old, new))
    was, now = (str(place.get("server") or place.get("name")) for place in (before, after))
    if was != now:
        detail = (
            f"cluster {was} → {now}: everything is created again there, with empty volumes; the old one stays as it is"
        )
        yield Consequence(effect=Effect.MOVES, object=title(new), detail=detail)


def _is_job(manifest: Manifest) -> bool:
    return (manifest.id.group, manifest.kind) == ("batch", "Job")


def _refused(old: Manifest, new: Manifest, changes: Sequence[Place], options: Sequence[str]) -> Iterator[Consequence]:
    for reason in dict.fromkeys(refusals(old, new, changes)):
        if is_forced(new) and applies_server_side(new, options):
            detail = f"{reason}; Force=true does not help: --force cannot be used with --server-side"
            yield Consequence(effect=Effect.FAILS, object=title(new), detail=detail)
        elif is_forced(new):
            detail = f"{reason}; Force=true deletes the object and makes it again"
            yield Consequence(effect=Effect.RESTARTS, object=title(new), detail=detail)
        else:
            yield Consequence(effect=Effect.FAILS, object=title(new), detail=reason)


def _restarted(new: Manifest, changes: Sequence[Place]) -> Iterator[Consequence]:
    inside = [place for place in changes if place.path[:2] == _TEMPLATE]
    if not inside or mapping(new.spec.get("updateStrategy")).get("type") == "OnDelete":
        return
    what = ", ".join(dict.fromkeys(_subject(place, new.kind) for place in inside))
    pause = "; down in between (strategy Recreate)" if _recreates(new) else ""
    yield Consequence(effect=Effect.RESTARTS, object=title(new), detail=what + pause)


def _recreates(new: Manifest) -> bool:
    return mapping(new.spec.get("strategy")).get("type") == "Recreate"


_SUBJECTS = {
    "image": "image",
    "env": "environment variables",
    "envFrom": "environment variables",
    "resources": "resources",
    "command": "command",
    "args": "command",
    "volumes": "volumes",
    "volumeMounts": "volumes",
    "labels": "labels",
    "annotations": "annotations",
}


def _subject(place: Place, kind: str) -> str:
    """What part of the pods changes, in a word or two."""
    if noise(place, kind) == CHECKSUM:
        return "configuration"
    return next((_SUBJECTS[step] for step in place.path[2:] if step in _SUBJECTS), "pod settings")


def _scaled(new: Manifest, changes: Sequence[Place]) -> Iterator[Consequence]:
    for place in changes:
        if place.path == ("spec", "replicas"):
            detail = f"{_number(place.old)} → {_number(place.new)} replicas"
            yield Consequence(effect=Effect.SCALES, object=title(new), detail=detail)


def _number(value: Any) -> str:
    # Kubernetes' own default, or an autoscaler's choice: not known from here.
    return "unset" if value is MISSING else str(value)


def _mismatched(new: Manifest) -> Iterator[Consequence]:
    wanted: Mapping[str, Any] = mapping(mapping(new.spec.get("selector")).get("matchLabels"))
    pod = pod_of(new)
    if pod and any(pod.labels.get(key) != value for key, value in wanted.items()):
        yield Consequence(
            effect=Effect.FAILS, object=title(new), detail="spec.selector does not match the labels in spec.template"
        )


def _resized(new: Manifest, changes: Sequence[Place]) -> Iterator[Consequence]:
    for place in changes:
        if place.path != STORAGE or MISSING in (place.old, place.new):
            continue
        old, size = quantity(place.old), quantity(place.new)
        if old is not None and size is not None and size > old:
            detail = f"{place.old} → {place.new}, which its StorageClass must allow"
            yield Consequence(effect=Effect.RESIZES, object=title(new), detail=detail)


def removed_environment(manifests: Sequence[Manifest], *, protected: bool) -> Consequence:
    """What becomes of everything in an environment whose files go."""
    if protected:
        return Consequence(
            effect=Effect.LEAVES, object="the environment", detail="protect: true keeps its Application and objects"
        )
    kept = [title(item) for item in manifests if not _KEEPS.isdisjoint(sync_options(item))]
    detail = f"its Application goes, and with it {len(manifests) - len(kept)} objects"
    volumes = [item for item in manifests if item.kind == "PersistentVolumeClaim" and title(item) not in kept]
    lost = f", {len(volumes)} PersistentVolumeClaim{'s' * (len(volumes) != 1)} among them" if volumes else ""
    rest = f"; {without_hashes(', '.join(kept))} stay" if kept else ""
    return Consequence(
        effect=Effect.LOSES if volumes else Effect.PRUNES, object="the environment", detail=detail + lost + rest
    )

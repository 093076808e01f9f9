"""The order of a sync as it was observed: when each object of an Application first appeared, and when it was ready."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .api import Object
from .observer import Event, Key, tracked_by


@dataclass(frozen=True, kw_only=True)
class Life:
    """What was seen of one object of an Application; times are etcd revisions."""

    key: Key
    wave: int
    created: int
    #: None while it is not ready
    ready: int | None = None
    #: None while it exists
    deleted: int | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """Objects of one kind that are applied together."""

    wave: int
    kind: str
    names: frozenset[str]


def lives(events: Iterable[Event], application: str) -> list[Life]:
    """The objects that an Application applied, by first appearance.

    Args:
        events: in order, from `Observer.since`.
        application: its name; Argo CD's tracking annotation says what belongs to it.
    """
    seen: dict[Key, Life] = {}
    for event in events:
        known = seen.get(event.key)
        if known or tracked_by(event.object) == application:
            seen[event.key] = _lived(known, event)
    return sorted(seen.values(), key=lambda life: life.created)


def steps(seen: Iterable[Life]) -> list[Step]:
    """First appearances, with those that follow each other in one wave and kind taken together.

    Argo CD applies the objects of one kind in parallel: their order means nothing.
    https://github.com/argoproj/argo-cd/blob/v3.5.0/gitops-engine/pkg/sync/sync_context.go
    """
    grouped = itertools.groupby(seen, key=lambda life: (life.wave, life.key.kind))
    return [
        Step(wave=number, kind=kind, names=frozenset(life.key.name for life in group))
        for (number, kind), group in grouped
    ]


def overtaken(seen: Iterable[Life]) -> list[Life]:
    """What was not ready yet when an object of a later wave appeared."""
    seen = list(seen)
    return [
        life
        for life in seen
        if any(other.wave > life.wave and not (life.ready and life.ready < other.created) for other in seen)
    ]


def _lived(known: Life | None, event: Event) -> Life:
    if known is None:
        known = Life(key=event.key, wave=wave(event.object), created=event.revision)
    ready = known.ready or (event.revision if is_ready(event.object) else None)
    deleted = event.revision if event.type == "DELETED" else None
    return Life(key=known.key, wave=known.wave, created=known.created, ready=ready, deleted=deleted)


def wave(item: Object) -> int:
    """The sync wave that an object asks for."""
    return int(item["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", "0"))


def is_ready(item: Object) -> bool:
    """Whether Argo CD lets the next wave begin as far as this object goes.

    Kinds without a health check are ready when they exist:
    https://argo-cd.readthedocs.io/en/stable/operator-manual/health/
    """
    check = READY.get(item.get("kind", ""))
    return check is None or check(item)


def _condition(kind: str) -> Callable[[Object], bool]:
    def holds(item: Object) -> bool:
        conditions = item.get("status", {}).get("conditions", [])
        return any(found["type"] == kind and found["status"] == "True" for found in conditions)

    return holds


def _rolled_out(item: Object) -> bool:
    spec, status = item["spec"], item.get("status", {})
    wanted = spec.get("replicas", 1)
    counts = (status.get("updatedReplicas", 0), status.get("availableReplicas", 0), status.get("replicas", 0))
    return status.get("observedGeneration") == item["metadata"]["generation"] and counts == (wanted, wanted, wanted)


def _bound(item: Object) -> bool:
    return bool(item.get("status", {}).get("phase") == "Bound")


def _has_address(item: Object) -> bool:
    inside = item.get("kind") == "Service" and item["spec"].get("type") != "LoadBalancer"
    return inside or bool(item.get("status", {}).get("loadBalancer", {}).get("ingress"))


READY: dict[str, Callable[[Object], bool]] = {
    "Deployment": _rolled_out,
    "StatefulSet": _rolled_out,
    "Job": _condition("Complete"),
    "PersistentVolumeClaim": _bound,
    "ExternalSecret": _condition("Ready"),
    "SecretStore": _condition("Ready"),
    "ClusterSecretStore": _condition("Ready"),
    "Ingress": _has_address,
    "Service": _has_address,
    "HorizontalPodAutoscaler": _condition("ScalingActive"),
}

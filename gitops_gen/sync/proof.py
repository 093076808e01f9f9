"""The proof of order: for each edge, whether the sync's steps make it hold, and what happens when they do not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_gen.manifests.annotations import Phase, is_deleted_on_success, is_hook, is_skipped
from gitops_gen.manifests.objects import Manifest
from gitops_gen.sync.edges import Edge, Need, Reaction
from gitops_gen.sync.gates import Gate
from gitops_gen.sync.steps import Step


class Verdict(Enum):
    """What is known about an edge."""

    #: the producer comes first, and is waited for where it must be ready
    PROVEN = "proven"
    #: both are applied in one go and the consumer waits by itself until the producer is there
    WAITS = "waits by itself"
    #: the producer comes later, and the sync waits for the consumer before it applies the producer
    DEADLOCK = "deadlock"
    #: the producer comes later
    AGAINST = "against the order"
    #: the producer comes first, or together with the consumer, but nobody waits until it is ready
    NOT_READY = "not ready before"
    #: Argo CD never applies the producer
    NEVER = "never applied"
    #: the producer is a hook that is deleted at the end of the sync, and the consumer outlives the sync
    DELETED = "deleted before"


SOUND = frozenset({Verdict.PROVEN, Verdict.WAITS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """An edge with its verdict and the steps of both ends (-1 for an object that no step applies)."""

    edge: Edge
    verdict: Verdict
    consumer_step: int
    producer_step: int


class Places:
    """Where in the sync each object is applied first, and whether the sync waits for it there."""

    def __init__(self, steps: Sequence[Step], gates: Iterable[tuple[int, Gate]]) -> None:
        self.steps = steps
        self._place: dict[Manifest, tuple[int, int]] = {}
        for index, step in enumerate(steps):
            for position, task in enumerate(step.tasks):
                self._place.setdefault(task.manifest, (index, position))
        self._gated = {(index, gate.manifest) for index, gate in gates if steps[index].gated}

    def of(self, manifest: Manifest) -> tuple[int, int] | None:
        """Step and position in the step; None for an object that no step applies."""
        return self._place.get(manifest)

    def gates(self, manifest: Manifest) -> bool:
        """Whether the step of the object waits for it."""
        place = self._place.get(manifest)
        return place is not None and (place[0], manifest) in self._gated


def prove(edges: Iterable[Edge], places: Places) -> tuple[Proof, ...]:
    """The verdict on every edge whose consumer is applied in the sync.

    Of several workloads behind one Service, the one that is ready first is enough.
    """
    proofs = [_proof(edge, places) for edge in edges if places.of(edge.consumer) or is_skipped(edge.consumer)]
    best: dict[tuple[Manifest, str, Need, Manifest | None], Proof] = {}
    for proof in proofs:
        edge = proof.edge
        key = (edge.consumer, edge.why, edge.need, None if edge.one_of else edge.producer)
        if key not in best or _RANK[proof.verdict] < _RANK[best[key].verdict]:
            best[key] = proof
    return tuple(best.values())


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def _proof(edge: Edge, places: Places) -> Proof:
    consumer, producer = places.of(edge.consumer) or (-1, -1), places.of(edge.producer) or (-1, -1)
    verdict = _verdict(edge, places, consumer, producer)
    return Proof(edge=edge, verdict=verdict, consumer_step=consumer[0], producer_step=producer[0])


def _verdict(edge: Edge, places: Places, consumer: tuple[int, int], producer: tuple[int, int]) -> Verdict:
    if edge.reaction is Reaction.IDLES and edge.need is Need.READY:
        return Verdict.PROVEN
    if producer[0] < 0:
        return Verdict.NEVER if not is_skipped(edge.producer) else Verdict.PROVEN
    later = producer[0] > consumer[0] and edge.need is not Need.AFTERWARDS
    if later or places.steps[producer[0]].phase is Phase.SYNC_FAIL:
        hangs = edge.reaction is Reaction.WAITS and places.gates(edge.consumer)
        return Verdict.DEADLOCK if hangs else Verdict.AGAINST
    if is_deleted_on_success(edge.producer) and edge.producer.kind != "Job" and _outlives_sync(edge.consumer, places):
        return Verdict.DELETED
    if producer[0] < consumer[0] or edge.need is Need.AFTERWARDS:
        return _earlier(edge, places)
    return _together(edge, places, consumer, producer)


def _outlives_sync(consumer: Manifest, places: Places) -> bool:
    """Whether the object may start pods after the sync has ended, which is when Argo CD deletes succeeded hooks.

    https://github.com/argoproj/argo-cd/blob/v3.5.0/gitops-engine/pkg/sync/sync_context.go
    (`hooksPendingDeletionSuccessful`)
    """
    if is_hook(consumer):
        return consumer.kind not in {"Job", "Pod"} and not is_deleted_on_success(consumer)
    return consumer.kind != "Job" or not places.gates(consumer)


def _earlier(edge: Edge, places: Places) -> Verdict:
    if edge.need is not Need.READY or places.gates(edge.producer):
        return Verdict.PROVEN
    return Verdict.NOT_READY if edge.reaction in _IMPATIENT else Verdict.WAITS


_IMPATIENT = {Reaction.FAILS, Reaction.DEGRADES}


def _together(edge: Edge, places: Places, consumer: tuple[int, int], producer: tuple[int, int]) -> Verdict:
    """Both in one step: applied in a row without waiting, so who waits by itself gets what it needs."""
    if edge.need is Need.PRESENT and producer < consumer:
        return Verdict.PROVEN
    if edge.reaction is Reaction.DEGRADES:
        return Verdict.NOT_READY if places.gates(edge.consumer) else Verdict.WAITS
    return Verdict.NOT_READY if edge.reaction is Reaction.FAILS else Verdict.WAITS


def cycles(proofs: Iterable[Proof]) -> list[tuple[Proof, ...]]:
    """Groups of objects of one step that wait for each other, each as the edges of one round."""
    waits: dict[Manifest, list[Proof]] = {}
    for proof in proofs:
        if proof.consumer_step == proof.producer_step and proof.edge.need is Need.READY and _holds_back(proof.edge):
            waits.setdefault(proof.edge.consumer, []).append(proof)
    found: dict[frozenset[Manifest], tuple[Proof, ...]] = {}
    for start in waits:
        if round_trip := _round_trip(start, waits):
            found.setdefault(frozenset(proof.edge.consumer for proof in round_trip), round_trip)
    return list(found.values())


def _holds_back(edge: Edge) -> bool:
    return edge.reaction in {Reaction.WAITS, Reaction.FAILS}


def _round_trip(start: Manifest, waits: dict[Manifest, list[Proof]]) -> tuple[Proof, ...]:
    """The shortest way from an object back to itself; empty when there is none."""
    paths: list[tuple[Proof, ...]] = [(proof,) for proof in waits[start]]
    seen: set[Manifest] = set()
    for path in paths:
        here = path[-1].edge.producer
        if here is start:
            return path
        if here not in seen:
            seen.add(here)
            paths += [(*path, proof) for proof in waits.get(here, ())]
    return ()

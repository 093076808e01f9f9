"""What Applications of one cluster need of each other, and whether their first syncs converge when all start together.

Argo CD has no order between Applications that one root makes: each is synced by itself, and repeated as its own retry
says (https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/). So one that waits for another converges unless
it gives up, or the other one waits for it in turn.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from gitops_gen.sync.durations import text
from gitops_gen.sync.outside import Key, Offer, Outside, Want, WhileMissing
from gitops_gen.sync.policy import SyncPolicy


class Convergence(Enum):
    """How the first sync of the one that needs something ends."""

    RETRIES = "by retries"
    WAITING = "by waiting"
    BY_HAND = "only by hand"
    #: it may give up before the other one is there
    GIVES_UP = "unless it takes too long"
    NEVER = "never"


BY_THEMSELVES = (Convergence.RETRIES, Convergence.WAITING)
"""Nobody has to do anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationNeed:
    """Something one environment needs of another."""

    want: Want
    consumer: str
    producer: str
    convergence: Convergence
    reason: str
    #: the other environments that it is about: the producer, or all that wait for each other
    others: tuple[str, ...]


_Node: TypeAlias = tuple[str, int | str]
"""An environment with a step that begins, or with an object that becomes healthy."""

_UNHEALTHY = {WhileMissing.DEGRADED, WhileMissing.WAITS, WhileMissing.RESTARTS, WhileMissing.FAILS}
_SYNC_FAILS = {WhileMissing.REFUSED, WhileMissing.STOPPED, WhileMissing.DEGRADED}
_HOW = {
    WhileMissing.REFUSED: "nothing of it is applied before",
    WhileMissing.STOPPED: "the sync stops there before",
    WhileMissing.DEGRADED: "the object fails and with it the sync",
    WhileMissing.WAITS: "it waits until that is there",
    WhileMissing.RESTARTS: "its pods are started again until that answers",
}


def needs_between(applications: Iterable[Outside]) -> list[ApplicationNeed]:
    """Every need that another Application of the same cluster meets, in the order of the Applications."""
    every = list(applications)
    return list(_Meeting(every).needs()) if len(every) > 1 else []


class _Meeting:
    def __init__(self, every: list[Outside]) -> None:
        self._every = {item.name: item for item in every}
        self._offers: dict[tuple[str, Key], list[str]] = {}
        for item in every:
            for key in item.offers:
                self._offers.setdefault((item.cluster, key), []).append(item.name)
        self._met = {item.name: list(self._met_of(item)) for item in every}

    def _met_of(self, item: Outside) -> Iterator[tuple[Want, str]]:
        for want in item.wants:
            if producers := self._offers.get((item.cluster, want.key)):
                yield want, producers[0]

    def needs(self) -> Iterator[ApplicationNeed]:
        for name, met in self._met.items():
            seen = set[tuple[str, Key]]()
            for want, producer in met:
                # Many objects may be of one kind: the first one that needs it is named.
                if (what := (want.consumer.partition("/")[0], want.key)) not in seen:
                    seen.add(what)
                    circle = self._circle(name, want, producer)
                    convergence, reason = _waiting(circle) if circle else self._verdict(name, want, producer)
                    yield ApplicationNeed(
                        want=want,
                        consumer=name,
                        producer=producer,
                        convergence=convergence,
                        reason=reason,
                        others=circle or (producer,),
                    )

    def _verdict(self, name: str, want: Want, producer: str) -> tuple[Convergence, str]:
        policy, other = self._every[name].policy, self._every[producer].policy
        if not other.automated:
            return Convergence.BY_HAND, f"somebody has to sync {producer}: it is not automated"
        if want.effect is WhileMissing.FAILS:
            return Convergence.GIVES_UP, "it fails for good when its pods have failed, and Argo CD does not repeat it"
        if want.effect in _SYNC_FAILS:
            return _repeated(policy, _HOW[want.effect], producer)
        if want.patience is not None:
            limit = text(want.patience)
            return Convergence.GIVES_UP, f"it fails for good after {limit}, and Argo CD does not repeat it"
        return Convergence.WAITING, _HOW[want.effect]

    def _circle(self, name: str, want: Want, producer: str) -> tuple[str, ...]:
        """The environments from the one that wants back to itself, if what it wants depends on what it holds up."""
        held = _held(name, want)
        paths: list[tuple[_Node, tuple[str, ...]]] = [(node, (name, producer)) for node in self._of(producer, want.key)]
        seen = set[_Node]()
        for node, path in paths:
            if node in seen:
                continue
            seen.add(node)
            if node == held:
                return path
            for other in self._before(node):
                further = path if other[0] == path[-1] else (*path, other[0])
                paths.append((other, further))
        return ()

    def _of(self, producer: str, key: Key) -> list[_Node]:
        """What comes before something can be used."""
        offer: Offer = self._every[producer].offers[key]
        return [(producer, offer.step), *((producer, item) for item in offer.objects)]

    def _before(self, node: _Node) -> Iterator[_Node]:
        """What comes before a step begins, or before an object is healthy."""
        name, place = node
        if isinstance(place, int) and place:
            yield name, place - 1
        for want, producer in self._met[name]:
            if _held(name, want) == node:
                yield from self._of(producer, want.key)
            elif place == want.step + 1 and want.effect in _UNHEALTHY and self._is_awaited(name, want):
                yield name, want.consumer

    def _is_awaited(self, name: str, want: Want) -> bool:
        return want.is_awaited and self._every[name].gated[want.step]


def _waiting(circle: tuple[str, ...]) -> tuple[Convergence, str]:
    return Convergence.NEVER, f"each waits for the other: {' → '.join(circle)}"


def _held(name: str, want: Want) -> _Node:
    """What does not come while something is missing."""
    if want.effect is WhileMissing.REFUSED:
        return name, 0
    return (name, want.step + 1) if want.effect is WhileMissing.STOPPED else (name, want.consumer)


def _repeated(policy: SyncPolicy, how: str, producer: str) -> tuple[Convergence, str]:
    if not policy.automated:
        return Convergence.BY_HAND, f"{how}, and it is not automated: sync it after {producer}"
    if policy.retry_limit < 0:
        longest = text(policy.backoff.longest(policy.retry_limit))
        return Convergence.RETRIES, f"{how}; Argo CD repeats the sync without limit, at least every {longest}"
    pauses = sum(policy.backoff.before_retry(retry) for retry in range(1, policy.retry_limit + 1))
    return (
        Convergence.GIVES_UP,
        f"{how}; Argo CD gives up after {policy.retry_limit} retries with pauses of {text(pauses)} in all",
    )

"""The bound: how long a commit (a revert, say) can wait behind a running sync, as a sum that a person can check.

While an operation runs Argo CD looks at no new commit. An attempt ends at the latest when every step's longest gate
has ended; then the next retry, after its back-off, takes the newest commit (`refresh`). The controller's timeout ends
the whole operation with all its retries: its clock starts with the first attempt (`processRequestedAppOperation` in
https://github.com/argoproj/argo-cd/blob/v3.5.0/controller/appcontroller.go).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_gen.manifests.annotations import Phase
from gitops_gen.sync.durations import TIMES, text
from gitops_gen.sync.gates import Gate
from gitops_gen.sync.policy import SyncPolicy
from gitops_gen.sync.steps import Step

WAVE_DELAY = 2
"""Seconds that Argo CD pauses after each step but the last (`ARGOCD_SYNC_WAVE_DELAY`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One summand."""

    title: str
    #: None: without end
    seconds: int | None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The longest wait behind one sync."""

    terms: tuple[Term, ...]
    #: the sum of the terms; None when one of them has no end
    total: int | None
    sync_timeout: int | None

    @property
    def seconds(self) -> int | None:
        """The smaller one of sum and sync timeout; None when nothing ends the wait."""
        known = [limit for limit in (self.total, self.sync_timeout) if limit is not None]
        return min(known) if known else None

    @property
    def is_cut(self) -> bool:
        """Whether the sync timeout ends the wait rather than the objects' own deadlines."""
        return self.sync_timeout is not None and (self.total is None or self.sync_timeout < self.total)


def bound_of(steps: Sequence[Step], gates: Iterable[tuple[int, Gate]], policy: SyncPolicy, *, first: bool) -> Bound:
    """The bound for the sync that creates the objects (`first`), or for each one after it."""
    by_step: dict[int, list[Gate]] = {}
    for index, gate in gates:
        # What the first sync did not wait for may still be on its way to healthy in a later one.
        if first or not gate.first_only or steps[index].gated_by_prune:
            by_step.setdefault(index, []).append(gate)
    waits = [
        _step_term(steps[index], found)
        for index, found in sorted(by_step.items())
        if _counts(steps[index], first=first)
    ]
    attempt = [term for term in waits if term.seconds != 0] + _pauses(steps, policy, first=first)
    terms = (*attempt, *_retries(attempt, policy))
    return Bound(terms=terms, total=_sum(terms), sync_timeout=policy.sync_timeout)


def _counts(step: Step, *, first: bool) -> bool:
    # The first sync has nothing to prune, so that no step waits for it.
    return step.gated or (step.gated_by_prune and not first)


def _step_term(step: Step, gates: list[Gate]) -> Term:
    longest = max(gates, key=lambda gate: (gate.seconds is None, gate.seconds or 0))
    also = (
        " (only in a sync that prunes)"
        if step.gated_by_prune
        else " (only when the sync fails)"
        if _fails(step)
        else ""
    )
    return Term(title=step.title, seconds=longest.seconds, reason=f"{longest.manifest.id}: {longest.reason}{also}")


def _fails(step: Step) -> bool:
    return step.phase is Phase.SYNC_FAIL


def _pauses(steps: Sequence[Step], policy: SyncPolicy, *, first: bool) -> list[Term]:
    before = first and policy.creates_namespace
    behind = not first and policy.prune_last
    count = len(steps) + before + behind - 1
    if count < 1:
        return []
    others = " (its own step for the namespace)" if before else " (its own wave for pruning)" if behind else ""
    reason = f"{WAVE_DELAY}s after each wave but the last{others}: {count} {TIMES} {WAVE_DELAY}s"
    return [Term(title="pauses", seconds=WAVE_DELAY * count, reason=reason)]


def _retries(attempt: list[Term], policy: SyncPolicy) -> list[Term]:
    if policy.retry_limit == 0:
        return []
    backoff = policy.backoff
    longest = backoff.longest(policy.retry_limit)
    if policy.retry_refresh:
        return [
            Term(title="back-off", seconds=longest, reason="the longest pause before a retry takes the newest commit")
        ]
    if policy.retry_limit < 0:
        return [Term(title="retries", seconds=None, reason="retries of the same commit without limit")]
    pauses = sum(backoff.before_retry(retry) for retry in range(1, policy.retry_limit + 1))
    once = _sum(attempt)
    total = None if once is None else once * policy.retry_limit + pauses
    reason = f"{policy.retry_limit} retries of the same commit, back-offs {text(pauses)} in all"
    return [Term(title="retries", seconds=total, reason=reason)]


def _sum(terms: Iterable[Term]) -> int | None:
    total = 0
    for term in terms:
        if term.seconds is None:
            return None
        total += term.seconds
    return total

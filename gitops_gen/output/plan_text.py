"""A judged plan for people: the picture of its waves, the sum behind the longest wait, and what is wrong."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf

from gitops_gen.project.equal_lines import listing
from gitops_gen.rules.rule import Finding
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.sync.between import BY_THEMSELVES, ApplicationNeed, Convergence
from gitops_gen.sync.bound import Bound
from gitops_gen.sync.durations import TIMES, text
from gitops_gen.sync.gates import Gate
from gitops_gen.sync.plan import SyncPlan, has_only_hooks, unapplied
from gitops_gen.sync.proof import SOUND
from gitops_gen.sync.steps import Step

SHOWN_NAMES = 3
"""As many objects of one kind in one wave are named; more are counted."""

NO_END = "no end"

APART = 10
"""Up to so many plans are shown in full."""


def plan_lines(judged: JudgedPlan) -> Iterator[str]:
    """The whole of one plan."""
    plan = judged.plan
    yield _headline(judged)
    if plan.steps:
        yield ""
    width = max((len(step.title) for step in plan.steps), default=0)
    for index, step in enumerate(plan.steps):
        yield from _step_lines(plan, index, step, width)
    yield from _unapplied_lines(plan)
    yield from _given_lines(plan)
    if plan.steps and has_only_hooks(plan):
        yield "  hooks only: Argo CD syncs them only on request (argocd app sync)"
    if plan.steps:
        yield ""
        yield from _bound_lines(plan)
    yield from _judgement_lines(judged)


def _judgement_lines(judged: JudgedPlan) -> Iterator[str]:
    for note in judged.notes:
        yield f"  note: {' '.join(part for part in (note.object, note.message) if part)} ({note.rule})"
    for finding in judged.findings:
        yield ""
        yield from _finding_lines(finding)


def need_lines(needs: Sequence[ApplicationNeed], *, every: bool) -> Iterator[str]:
    """What the environments need of each other, and how their first syncs end; unless `every`, only those that somebody
    has to look at, and the number of the others.
    """
    if not needs:
        return
    yield "Between Applications, when all are synced for the first time"
    shown = [need for need in needs if every or need.convergence not in BY_THEMSELVES]
    for consumer, group in groupby(shown, key=lambda need: need.consumer):
        yield f"  {consumer}"
        for need in group:
            yield f"    {need.want.what} of {need.producer} for {need.want.consumer}: {need.want.why}"
            yield f"      {_ends(need)}: {need.reason}"
    if others := len(needs) - len(shown):
        yield f"  {_count(others, 'need')} converge{'s' if others == 1 else ''} by retries or by waiting; -v shows all"


def _ends(need: ApplicationNeed) -> str:
    if need.convergence is Convergence.GIVES_UP:
        return "does not converge if that takes too long"
    return "does not converge" if need.convergence is Convergence.NEVER else f"converges {need.convergence.value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPlan:
    """A plan as text, and what the summary of many plans needs of it."""

    lines: list[str]
    name: str
    #: proven or not, and the lines of its notes and findings
    result: tuple[str, ...]
    #: seconds that a revert waits at most, behind the first sync and behind a later one; None: without limit
    waits: tuple[int | None, int | None]


def plan_text(judged: JudgedPlan) -> ShownPlan:
    """One plan for `summary_lines`."""
    plan = judged.plan
    state = _headline(judged).rpartition(": ")[2]
    waits = (plan.first_bound.seconds, plan.later_bound.seconds)
    return ShownPlan(
        lines=[*plan_lines(judged)], name=plan.name, result=(state, *_judgement_lines(judged)), waits=waits
    )


def summary_lines(plans: Sequence[ShownPlan]) -> Iterator[str]:
    """Many plans: those with the same result together, with the longest wait among them."""
    found: dict[str, list[ShownPlan]] = {}
    for item in plans:
        found.setdefault(_without_names(item), []).append(item)
    for group in found.values():
        state, *judgements = group[0].result
        yield f"{listing([item.name for item in group])}: {state}"
        for index, when in enumerate(("the first", "a later")):
            longest = max(group, key=lambda item: inf if (wait := item.waits[index]) is None else wait)
            wait = longest.waits[index]
            most = "without limit" if wait is None else f"at most {text(wait)}"
            yield f"  until Argo CD picks up a revert behind {when} sync: {most} ({longest.name})"
        yield from judgements
        yield ""
    yield "`gitops-gen plan ENV` shows the waves of one, -v those of all"


def _without_names(item: ShownPlan) -> str:
    """The result without what differs in each environment: its name, and hashes at the end of names."""
    name = re.escape(item.name.rpartition("/")[2])
    return re.sub(rf"(?<![A-Za-z0-9]){name}(?![A-Za-z0-9])|-[0-9a-f]{{8,64}}\b", "\0", "\n".join(item.result))


def _headline(judged: JudgedPlan) -> str:
    plan = judged.plan
    if not plan.steps:
        return f"{plan.name}: nothing to sync: not proven"
    sound = sum(proof.verdict in SOUND for proof in plan.proofs)
    state = "proven" if judged.ok else _count(len(judged.findings), "finding")
    ignored = f", {len(judged.ignored)} ignored" if judged.ignored else ""
    ordered = f"{sound} of {len(plan.proofs)} dependencies ordered"
    objects = _count(len(plan.manifests), "object")
    return f"{plan.name}: {_count(len(plan.steps), 'wave')}, {objects}, {ordered}: {state}{ignored}"


def _step_lines(plan: SyncPlan, index: int, step: Step, width: int) -> Iterator[str]:
    for position, part in enumerate(_object_words(step)):
        yield f"  {step.title if position == 0 else '':{width}}  ● {part}"
    edge = f"  {'':{width}}  "
    if not step.gated:
        yield f"{edge}■ the sync ends here without waiting{_unless_pruned(step)}"
        return
    waits = [gate for gate in plan.gates_of(index) if gate.seconds != 0]
    for group in _alike(waits):
        yield f"{edge}│   {_gate_words(group)}"
    last = index == len(plan.steps) - 1
    yield f"{edge}{'■ the sync ends here' if last else '▼'}"


def _unless_pruned(step: Step) -> str:
    return "; a sync that prunes something waits here first" if step.gated_by_prune else ""


def _object_words(step: Step) -> Iterator[str]:
    for kind, tasks in groupby(step.tasks, key=lambda task: task.manifest.kind):
        names = [task.manifest.name for task in tasks]
        yield f"{len(names)} {TIMES} {kind}" if len(names) > SHOWN_NAMES else f"{kind} {', '.join(names)}"


def _alike(gates: Iterable[Gate]) -> Iterator[list[Gate]]:
    """Gates of one kind that end for the same reason, as one line."""
    for _, group in groupby(gates, key=lambda gate: (gate.manifest.kind, gate.seconds, gate.reason)):
        yield list(group)


def _gate_words(group: list[Gate]) -> str:
    first = group[0]
    name = str(first.manifest.id) if len(group) == 1 else f"{len(group)} {TIMES} {first.manifest.kind}"
    end = NO_END if first.seconds is None else f"at most {text(first.seconds)}"
    when = " on its first sync" if first.first_only else ""
    return f"waits for {name}{when}, {end}: {first.reason}"


def _unapplied_lines(plan: SyncPlan) -> Iterator[str]:
    if left := [str(item.id) for item in unapplied(plan)]:
        yield f"  not applied by a sync: {', '.join(left)}"


def _given_lines(plan: SyncPlan) -> Iterator[str]:
    if names := dict.fromkeys(item.what for item in plan.given):
        yield f"  must exist in the cluster: {', '.join(names)}"


def _bound_lines(plan: SyncPlan) -> Iterator[str]:
    yield "Longest time until Argo CD picks up a revert"
    for title, bound in (("behind the first sync", plan.first_bound), ("behind a later sync", plan.later_bound)):
        yield f"  {title}: {_bound_words(bound)}"
        for position, term in enumerate(bound.terms):
            amount = NO_END if term.seconds is None else text(term.seconds)
            yield f"    {'+' if position else ' '} {amount:>7}  {term.title}: {term.reason}"
    yield from _remedy_lines(plan)


def _remedy_lines(plan: SyncPlan) -> Iterator[str]:
    application = plan.application or "APPLICATION"
    by_hand = plan.policy.names_paths
    then = f", then argocd app sync {application}" if by_hand else ""
    yield f"  to end it earlier: argocd app terminate-op {application}{then}"
    if plan.policy.sync_timeout is not None:
        yield "  the sync timeout includes retries"
        if by_hand:
            yield f"  after it run argocd app sync {application}:"
            yield "    Argo CD may treat commits pushed during the sync as already attempted"


def _bound_words(bound: Bound) -> str:
    if bound.seconds is None:
        return "without limit"
    if not bound.is_cut:
        return text(bound.seconds)
    own = "no limit" if bound.total is None else f"{text(bound.total)}, the sum below"
    return f"{text(bound.seconds)}, the sync timeout; without it {own}"


def _finding_lines(finding: Finding) -> Iterator[str]:
    place = " ".join(part for part in (finding.object, f"({finding.problem.place})" if finding.source else "") if part)
    yield f"{finding.rule}: {place or 'the Application'}"
    yield f"    {finding.message}"
    yield f"    → {finding.remedy}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

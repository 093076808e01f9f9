"""Every rule about a sync, and the judgement of a plan by all of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from gitops_gen.manifests.annotations import ignored_rules
from gitops_gen.models.layout import PROJECT_FILE
from gitops_gen.names import did_you_mean
from gitops_gen.rules import (
    application,
    content,
    definitions,
    fields,
    gates,
    hooks,
    jobs,
    keys,
    order,
    permissions,
    rendering,
    scaling,
    sharing,
    values,
    varying,
    volumes,
    waves,
)
from gitops_gen.rules.rule import Finding, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

UNUSED = Rule(
    id="ignore-matches-nothing",
    title="Each entry of rules.ignore sets a finding aside",
    explanation=(
        "An entry that matches no finding of any environment is left over or misspelled. It would hide the next "
        "finding of that name. It is checked when all environments are planned."
    ),
    remedy="correct rule and object, or remove the entry from rules.ignore",
    check=lambda _: (),
)
SYNC_RULES: tuple[Rule, ...] = (
    *content.RULES,
    *order.RULES,
    *gates.RULES,
    *volumes.RULES,
    *hooks.RULES,
    *jobs.RULES,
    *waves.RULES,
    *fields.RULES,
    *keys.RULES,
    *definitions.RULES,
    *scaling.RULES,
    *varying.RULES,
    *rendering.RULES,
    *values.RULES,
    *permissions.RULES,
    sharing.SHARED,
    UNUSED,
    *application.RULES,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPlan:
    """A plan with what is wrong about it."""

    plan: SyncPlan
    findings: tuple[Finding, ...]
    #: findings that an object's `gitops-gen.io/ignore` set aside
    ignored: tuple[Finding, ...] = ()
    #: what is worth knowing and no fault
    notes: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the sync is proven to end, in the right order."""
        bounds = (self.plan.first_bound, self.plan.later_bound)
        return not self.findings and all(bound.seconds is not None for bound in bounds)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A finding that the project sets aside."""

    rule: str
    #: `Kind/name`, with `*` for any text
    object: str

    def matches(self, finding: Finding) -> bool:
        """Whether the finding is the one that is meant."""
        return finding.rule == self.rule and fnmatchcase(finding.object, self.object)


def judge(plan: SyncPlan, set_aside: Sequence[SetAside] = (), rules: Iterable[Rule] = SYNC_RULES) -> JudgedPlan:
    """What the rules find in a plan; `set_aside` are the findings that the project ignores, as annotations of an object
    do.
    """
    every = [finding for rule in rules for finding in rule.findings(plan)]
    found = [finding for finding in every if finding.severity is not Severity.NOTE]
    noted = [finding for finding in every if finding.severity is Severity.NOTE]
    is_ignored = _ignoring(plan, set_aside)
    judged = JudgedPlan(plan=plan, findings=(), notes=tuple(item for item in noted if not is_ignored(item)))
    return with_findings(judged, found, set_aside)


def with_findings(judged: JudgedPlan, found: Iterable[Finding], set_aside: Sequence[SetAside] = ()) -> JudgedPlan:
    """The judgement with more findings, those among them that are ignored kept apart."""
    is_ignored, found = _ignoring(judged.plan, set_aside), list(found)
    return replace(
        judged,
        findings=(*judged.findings, *(item for item in found if not is_ignored(item))),
        ignored=(*judged.ignored, *(item for item in found if is_ignored(item))),
    )


def _ignoring(plan: SyncPlan, set_aside: Sequence[SetAside]) -> Callable[[Finding], bool]:
    annotated = {str(item.id): set(ids) for item in plan.manifests if (ids := ignored_rules(item))}

    def is_ignored(finding: Finding) -> bool:
        in_project = any(entry.matches(finding) for entry in set_aside)
        return in_project or finding.rule in annotated.get(finding.object, ())

    return is_ignored


def unused(plans: Iterable[JudgedPlan], set_aside: Iterable[SetAside]) -> list[tuple[int, Finding]]:
    """The entries, by their position, that match no finding of any of these plans."""
    ignored = [finding for judged in plans for finding in judged.ignored]
    return [
        (index, Finding(rule=UNUSED.id, message=_unused_text(index, entry), source=PROJECT_FILE, remedy=UNUSED.remedy))
        for index, entry in enumerate(set_aside)
        if not any(entry.matches(finding) for finding in ignored)
    ]


def _unused_text(index: int, entry: SetAside) -> str:
    known = [rule.id for rule in SYNC_RULES]
    why = "" if entry.rule in known else f"; there is no rule `{entry.rule}` {did_you_mean(entry.rule, known)}".rstrip()
    return f"rules.ignore[{index}] matches no finding: {entry.rule} of {entry.object}{why}"

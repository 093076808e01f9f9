"""Every rule about a sync, and the judgement of a plan by all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from gitops_gen.manifests.annotations import ignored_rules
from gitops_gen.rules import (
    application,
    between,
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
    *between.RULES,
    UNUSED,
    *application.RULES,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPlan:
    """A plan with what is wrong about it."""

    plan: SyncPlan
    findings: tuple[Finding, ...]
    #: findings that an object's `gitops-gen.io/ignore`, or gitops.yaml, sets aside
    ignored: tuple[Finding, ...] = ()
    #: what is worth knowing and no fault
    notes: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the sync is proven to end, in the right order."""
        bounds = (self.plan.first_bound, self.plan.later_bound)
        wrong = any(finding.severity is Severity.ERROR for finding in self.findings)
        return not wrong and all(bound.seconds is not None for bound in bounds)

    def matches(self, entry: "SetAside") -> bool:
        """Whether an entry of rules.ignore matches a finding of the plan."""
        return any(entry.matches(finding) for finding in (*self.ignored, *self.findings, *self.notes))


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A finding that the project sets aside, or lowers."""

    rule: str
    #: `Kind/name`, with `*` for any text
    object: str
    #: what it is lowered to; None when it is no finding at all
    severity: Severity | None = None

    def matches(self, finding: Finding) -> bool:
        """Whether the finding is the one that is meant."""
        return finding.rule == self.rule and fnmatchcase(finding.object, self.object)


def judge(plan: SyncPlan, set_aside: Sequence[SetAside] = (), rules: Iterable[Rule] = SYNC_RULES) -> JudgedPlan:
    """What the rules find in a plan; `set_aside` are the findings that the project ignores, as annotations of an object
    do.
    """
    found = (finding for rule in rules for finding in rule.findings(plan))
    return with_findings(JudgedPlan(plan=plan, findings=()), found, set_aside)


def with_findings(judged: JudgedPlan, found: Iterable[Finding], set_aside: Sequence[SetAside] = ()) -> JudgedPlan:
    """The judgement with more findings, those among them that are ignored kept apart."""
    annotated = {str(item.id): set(ids) for item in judged.plan.manifests if (ids := ignored_rules(item))}
    kept, ignored = [], []
    for finding in found:
        if finding.rule in annotated.get(finding.object, ()):
            ignored.append(finding)
            continue
        entry = next((entry for entry in set_aside if entry.matches(finding)), None)
        if entry and entry.severity is None:
            ignored.append(finding)
        else:
            kept.append(replace(finding, severity=entry.severity) if entry and entry.severity else finding)
    return replace(
        judged,
        findings=(*judged.findings, *(item for item in kept if item.severity is not Severity.NOTE)),
        notes=(*judged.notes, *(item for item in kept if item.severity is Severity.NOTE)),
        ignored=(*judged.ignored, *ignored),
    )

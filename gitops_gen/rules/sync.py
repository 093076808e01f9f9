"""Every rule about a sync, and the judgement of a plan by all of them."""

from dataclasses import dataclass

from gitops_gen.errors import UsageError
from gitops_gen.manifests.annotations import ignored_rules
from gitops_gen.names import did_you_mean
from gitops_gen.rules import application, content, fields, gates, hooks, jobs, keys, order, scaling, volumes, waves
from gitops_gen.rules.rule import Finding, Rule
from gitops_gen.sync.plan import SyncPlan

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
    *scaling.RULES,
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


def judge(plan: SyncPlan) -> JudgedPlan:
    """What the rules find in a plan."""
    ignored = {str(item.id): set(ids) for item in plan.manifests if (ids := ignored_rules(item))}
    found = [finding for rule in SYNC_RULES if not rule.is_note for finding in rule.findings(plan)]
    noted = [finding for rule in SYNC_RULES if rule.is_note for finding in rule.findings(plan)]
    return JudgedPlan(
        plan=plan,
        findings=tuple(item for item in found if item.rule not in ignored.get(item.object, ())),
        ignored=tuple(item for item in found if item.rule in ignored.get(item.object, ())),
        notes=tuple(item for item in noted if item.rule not in ignored.get(item.object, ())),
    )


def rule_named(rule_id: str) -> Rule:
    """The rule with that id. Raises `UsageError` when there is none."""
    for rule in SYNC_RULES:
        if rule.id == rule_id:
            return rule
    raise UsageError(f"there is no rule `{rule_id}`", hint=did_you_mean(rule_id, [rule.id for rule in SYNC_RULES]))

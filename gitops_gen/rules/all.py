"""Every rule that there is: those of the sync, which `plan` applies too, and those of `validate` alone."""

from gitops_gen.errors import UsageError
from gitops_gen.names import did_you_mean
from gitops_gen.rules import (
    argocd,
    copied,
    hosts,
    inputs,
    kubernetes,
    overlays,
    podsecurity,
    programs,
    secrets,
    sources,
)
from gitops_gen.rules.admission import verdicts
from gitops_gen.rules.rule import Rule
from gitops_gen.rules.sync import SYNC_RULES

#: the modules of other topics add their RULES here
RULES: tuple[Rule, ...] = (
    *inputs.RULES,
    *SYNC_RULES,
    *argocd.RULES,
    *copied.RULES,
    *hosts.RULES,
    *overlays.RULES,
    *sources.RULES,
    *kubernetes.RULES,
    *secrets.RULES,
    *podsecurity.RULES,
    *verdicts.RULES,
    *programs.RULES,
)


def rule_named(rule_id: str) -> Rule:
    """The rule with that id. Raises `UsageError` when there is none."""
    for rule in RULES:
        if rule.id == rule_id:
            return rule
    raise UsageError(f"there is no rule `{rule_id}`", hint=did_you_mean(rule_id, [rule.id for rule in RULES]))

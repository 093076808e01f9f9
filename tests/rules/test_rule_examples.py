"""Each example does what its rule says: the bad one is found, the good one is not."""

import pytest

from gitops_gen.rules.all import RULES
from gitops_gen.rules.rule import Rule
from tests.rules.examples import example_plan

_FILES = "it is about files, and no rendered object shows it"
_LONG = "an example would be longer than anybody reads"
#: the rules whose examples would not be manifests that one can read
WITHOUT = {
    **dict.fromkeys(("input-invalid", "generated-file-differs", "chart-does-not-render", "nothing-to-sync"), _FILES),
    **dict.fromkeys(("unknown-value", "value-of-another-type", "helm-version-differs", "render-differs"), _FILES),
    **dict.fromkeys(("source-path-missing", "value-file-missing", "value-file-outside"), _FILES),
    **dict.fromkeys(("generate-paths-incomplete", "application-includes-itself", "source-not-rendered"), _FILES),
    **dict.fromkeys(("rego-denied", "rego-warned", "policy-invalid", "policy-program-missing"), _FILES),
    **dict.fromkeys(("kyverno-denied", "kyverno-warned", "kyverno-unknown", "value-is-the-default"), _FILES),
    **dict.fromkeys(("applications-wait-for-each-other", "first-sync-may-give-up"), "it is about two Applications"),
    **dict.fromkeys(("object-in-two-environments", "host-of-another-environment"), "it is about two environments"),
    "value-of-another-environment": "it is about two environments",
    **dict.fromkeys(("object-too-large", "data-too-large"), _LONG),
    "ignore-matches-nothing": "it is about rules.ignore of gitops.yaml",
    "project-not-known": "it is about an AppProject that is managed elsewhere",
}
EXPLAINED = [rule for rule in RULES if rule.bad]


@pytest.mark.parametrize("rule", EXPLAINED, ids=lambda rule: rule.id)
def test_the_rule_finds_its_bad_example_only(rule: Rule) -> None:
    assert list(rule.findings(example_plan(rule.bad)))
    assert [finding.message for finding in rule.findings(example_plan(rule.good))] == []


def test_examples_come_in_pairs() -> None:
    assert [rule.id for rule in RULES if bool(rule.bad) != bool(rule.good)] == []


def test_every_other_rule_says_why_it_has_no_example() -> None:
    assert {rule.id for rule in RULES if not rule.bad} == WITHOUT.keys()

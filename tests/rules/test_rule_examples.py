"""Each example does what its rule says: the bad one is found, the good one is not."""

import pytest

from gitops_gen.rules.all import RULES
from gitops_gen.rules.rule import Rule
from tests.rules.examples import example_plan

EXPLAINED = [rule for rule in RULES if rule.bad]


@pytest.mark.parametrize("rule", EXPLAINED, ids=lambda rule: rule.id)
def test_the_rule_finds_its_bad_example_only(rule: Rule) -> None:
    assert list(rule.findings(example_plan(rule.bad)))
    assert [finding.message for finding in rule.findings(example_plan(rule.good))] == []


def test_examples_come_in_pairs() -> None:
    assert [rule.id for rule in RULES if bool(rule.bad) != bool(rule.good)] == []

"""Of one fault each in a good tree, the rules about manifests find all, on the right line, and nothing in the tree."""

import pytest

from gitops_gen.manifests.objects import parse
from gitops_gen.rules import kubernetes
from gitops_gen.rules.all import RULES
from gitops_gen.rules.places import with_lines
from gitops_gen.rules.rule import Finding, Rule
from tests.rules.examples import example_plan
from tests.validate.kubernetes_mutation import Mutation, good, mutations

TREE = good("kubernetes")
MUTATIONS = mutations("kubernetes")


def found(text: str, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """What the rules find in a text that stands for a template."""
    plan = example_plan(text)
    return list(with_lines([item for rule in rules for item in rule.findings(plan)], lambda _: text))


def test_nothing_is_found_in_the_good_tree() -> None:
    assert parse(TREE, "good.yaml")
    assert found(TREE, kubernetes.RULES) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_mutation_is_found_on_its_line(mutation: Mutation) -> None:
    text, lines = mutation.tree(TREE), mutation.lines(TREE)
    findings = [(item.rule, item.line) for item in found(text) if item.line is None or item.line in lines]
    assert (mutation.rule, mutation.line(TREE)) in findings


def test_there_are_as_many_as_claimed() -> None:
    assert len(MUTATIONS) >= 200
    assert {mutation.rule for mutation in MUTATIONS} >= {
        rule.id for rule in kubernetes.RULES if rule.severity == "error" and rule.bad
    } - {"ingress-not-allowed"}

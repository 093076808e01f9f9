"""Of one fault each in a good tree, the rules about manifests find all, on the right line, and nothing in the tree."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gitops_gen.manifests.objects import parse
from gitops_gen.rules import kubernetes
from gitops_gen.rules.all import RULES
from gitops_gen.rules.places import with_lines
from gitops_gen.rules.rule import Finding, Rule
from gitops_gen.sync.object_index import ObjectIndex
from tests.rules.examples import example_plan
from tests.rules.kubernetes.corpus import Mutation, good, mutations

TREE = good()
MUTATIONS = mutations()


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


ODD: tuple[Any, ...] = (None, [], {}, 7, "odd", [None], [{"name": []}], {"name": {}}, True)


def _places(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _places(child, (*path, key))


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(parse(TREE, "good.yaml"))))
def test_no_rule_fails_on_odd_values(index: int) -> None:
    """A rule may find whatever it wants in them."""
    manifests = parse(TREE, "good.yaml", namespace="demo")
    plan = example_plan(TREE)
    for number, path in enumerate(_places(manifests[index].data)):
        if path[0] in ("apiVersion", "kind") or path in (("metadata",), ("metadata", "name")):
            continue
        data = copy.deepcopy(dict(manifests[index].data))
        node: Any = data
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = odd = ODD[number % len(ODD)]
        changed = [*manifests[:index], replace(manifests[index], data=data), *manifests[index + 1 :]]
        odd_plan = replace(plan, objects=ObjectIndex(changed))
        for rule in kubernetes.RULES:
            assert all(item.message for item in rule.findings(odd_plan)), (path, odd)

"""Every broken manifest is refused by the rule its case names and by no other; every well-formed shape is proven."""

import pytest

from gitops_gen.rules import values
from gitops_gen.rules.sync import SYNC_RULES, judge
from tests.plan.manifest_kit import planned, thing
from tests.plan.plan_corpus import Case, cases

REFUSED, ACCEPTED, NOTED = cases("refused"), cases("accepted"), cases("noted")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.folder.name)
def test_is_refused_by_the_right_rule(case: Case) -> None:
    judged = case.judged
    assert {(item.rule, item.object) for item in judged.findings} == {(case.facts["rule"], case.facts["object"])}
    assert not judged.ok
    for finding in judged.findings:
        assert finding.source.startswith("demo/templates/") is bool(finding.object)


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.folder.name)
def test_is_proven(case: Case) -> None:
    judged = case.judged
    assert [f"{item.rule}: {item.object} {item.message}" for item in judged.findings] == []
    assert judged.ok


@pytest.mark.parametrize("case", NOTED, ids=lambda case: case.folder.name)
def test_is_noted_and_no_fault(case: Case) -> None:
    judged = case.judged
    assert (judged.ok, judged.findings) == (True, ())
    noted = [(item.rule, item.object) for item in judged.notes if item.rule not in case.facts.get("also", ())]
    assert noted == [(case.facts["rule"], case.facts.get("object", ""))]


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in SYNC_RULES} == {case.facts["rule"] for case in (*REFUSED, *NOTED)} | {
        "object-too-large",
        "render-differs",
        "helm-version-differs",
        "ignore-matches-nothing",
        *(rule.id for rule in values.RULES),
        "object-in-two-environments",
        "applications-wait-for-each-other",
        "first-sync-may-give-up",
        "kind-left-out",
    }


def test_the_corpus_is_as_large_as_it_claims() -> None:
    assert len(REFUSED) >= 40
    assert len(ACCEPTED) >= 15


@pytest.mark.parametrize("options", [("ServerSideApply=true",), ("Replace=true",)])
def test_a_large_object_is_applied_server_side(options: tuple[str, ...]) -> None:
    """As objects that are made here: 300,000 bytes are no text to keep."""
    large = thing("CustomResourceDefinition", "x.demo", spec={"description": "d" * 300_000})
    small = thing("CustomResourceDefinition", "y.demo", spec={"description": "d" * 200_000})
    found = [(item.rule, item.object) for item in judge(planned(large, small)).findings]
    assert found == [("object-too-large", "CustomResourceDefinition/x.demo")]
    assert not judge(planned(large, small, sync_options=options)).findings

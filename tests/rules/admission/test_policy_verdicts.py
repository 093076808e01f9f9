"""What is said about a policy and an object is what the API server says; what cannot be said is said to be unknown."""

import pytest
import yaml

from tests.rules.admission.policy_corpus import ENTRIES, VERDICTS, judged

DENIED: dict[str, list[str]] = yaml.safe_load(VERDICTS.read_text())
#: policies with a verdict that only the cluster can give, and of which object
UNKNOWN = {
    "numbers": {"Deployment/careful", "Deployment/careless"},
    "with_two_variables": {"ConfigMap/settings"},
    "who_asks": {"ConfigMap/settings"},
}


def test_every_policy_has_its_recorded_verdicts() -> None:
    assert DENIED.keys() == ENTRIES.keys()
    assert len(ENTRIES) >= 40


@pytest.mark.parametrize("name", ENTRIES)
def test_the_verdicts_are_those_of_the_api_server(name: str) -> None:
    found = judged(name)
    assert {item for item, answer in found.items() if answer == "unknown"} == UNKNOWN.get(name, set())
    known = {item: answer for item, answer in found.items() if answer != "unknown"}
    assert {item for item, answer in known.items() if answer == "deny"} == set(DENIED[name]) & known.keys()

"""Findings as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html): GitHub's code scanning
and many editors show it.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from gitops_gen import __version__
from gitops_gen.output.findings.places import fingerprint, from_top, sentence
from gitops_gen.rules.rule import Rule, Severity
from gitops_gen.rules.validation import ReportedFinding, Validation

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif(result: Validation, rules: Sequence[Rule], prefix: str) -> dict[str, Any]:
    """The log of one run; `prefix` is the project's folder in its repository."""
    used = [rule for rule in rules if any(item.finding.rule == rule.id for item in result.reported)]
    indexes = {rule.id: index for index, rule in enumerate(used)}
    driver = {"name": "gitops-gen", "version": __version__, "rules": [_rule(rule) for rule in used]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, indexes, prefix) for item in result.reported],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": f"{rule.explanation}\n\nWhat to do: {rule.remedy}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(item: ReportedFinding, indexes: dict[str, int], prefix: str) -> dict[str, Any]:
    found = item.finding
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "level": _LEVELS[found.severity],
        "message": {"text": sentence(item)},
        "partialFingerprints": {"gitopsGen/v1": fingerprint(item)},
    }
    if found.rule in indexes:
        result["ruleIndex"] = indexes[found.rule]
    location: dict[str, Any] = {}
    if found.source:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(from_top(found.source, prefix))},
            "region": {"startLine": found.line or 1},
        }
    if found.object:
        location["logicalLocations"] = [{"fullyQualifiedName": found.object}]
    if location:
        result["locations"] = [location]
    return result

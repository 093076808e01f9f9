"""The document of `rules`."""

from collections.abc import Iterable
from typing import TypedDict

from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument
from gitops_gen.rules.rule import Rule, Severity


class RuleEntry(TypedDict):
    """A rule about a sync."""

    id: str
    title: str
    explanation: str
    remedy: str
    severity: Severity
    """A note does not make `plan` fail, a warning does not make `validate` fail."""
    bad: str | None
    """Manifests that the rule refuses."""
    good: str | None
    """The same as it wants them."""


class RulesDocument(VersionedDocument):
    """Output of `rules`."""

    rules: list[RuleEntry]


def rules_document(rules: Iterable[Rule]) -> RulesDocument:
    """The rules."""
    return RulesDocument(
        schemaVersion=SCHEMA_VERSION,
        rules=[
            RuleEntry(
                id=rule.id,
                title=rule.title,
                explanation=rule.explanation,
                remedy=rule.remedy,
                severity=rule.severity,
                bad=rule.bad or None,
                good=rule.good or None,
            )
            for rule in rules
        ],
    )

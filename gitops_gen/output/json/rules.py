"""The document of `rules`."""

from collections.abc import Iterable
from typing import TypedDict

from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument
from gitops_gen.rules.rule import Rule


class RuleEntry(TypedDict):
    """A rule about a sync."""

    id: str
    title: str
    explanation: str
    remedy: str
    note: bool
    """Whether it only notes something: it does not make `plan` fail."""


class RulesDocument(VersionedDocument):
    """Output of `rules`."""

    rules: list[RuleEntry]


def rules_document(rules: Iterable[Rule]) -> RulesDocument:
    """The rules."""
    return RulesDocument(
        schemaVersion=SCHEMA_VERSION,
        rules=[
            RuleEntry(id=rule.id, title=rule.title, explanation=rule.explanation, remedy=rule.remedy, note=rule.is_note)
            for rule in rules
        ],
    )

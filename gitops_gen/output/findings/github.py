"""Findings as annotations of GitHub.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-error-message
"""

from collections.abc import Iterator

from gitops_gen.names import printable
from gitops_gen.output.findings.places import from_top, sentence
from gitops_gen.rules.rule import Severity
from gitops_gen.rules.validation import ReportedFinding, Validation

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def annotations(result: Validation, prefix: str) -> Iterator[str]:
    """A workflow command for each error and warning; `prefix` is the project's folder in its repository."""
    for item in result.without_notes():
        yield _annotation(item, prefix)


def _annotation(item: ReportedFinding, prefix: str) -> str:
    found = item.finding
    properties = {"title": found.rule}
    if found.source:
        properties |= {"file": from_top(found.source, prefix), "line": str(found.line or 1)}
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[found.severity]} {listed}::{_text(sentence(item))}"


def _text(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")

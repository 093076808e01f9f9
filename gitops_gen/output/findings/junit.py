"""Findings as JUnit XML: a suite for each environment, a failed test for each error or warning."""

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from gitops_gen.names import printable
from gitops_gen.output.findings.places import from_top
from gitops_gen.rules.rule import Severity
from gitops_gen.rules.validation import ReportedFinding, Validation


def junit(result: Validation, prefix: str) -> str:
    """The document; `prefix` is the project's folder in its repository."""
    return "\n".join(_lines(result, prefix)) + "\n"


def _lines(result: Validation, prefix: str) -> Iterator[str]:
    found = result.without_notes()
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<testsuites name="gitops-gen validate">'
    for name in ("", *result.environments):
        own = [item for item in found if (name in item.environments if name else not item.environments)]
        if name or own:
            yield from _suite(name or "project", own, prefix)
    yield "</testsuites>"


def _suite(name: str, found: list[ReportedFinding], prefix: str) -> Iterator[str]:
    yield f'  <testsuite name={_attribute(name)} tests="{len(found) or 1}" failures="{len(found)}">'
    if not found:
        yield f'    <testcase name="validate" classname={_attribute(name)}/>'
    for item in found:
        finding = item.finding
        title = f"{finding.rule}: {finding.object}" if finding.object else finding.rule
        file = f" file={_attribute(from_top(finding.source, prefix))}" if finding.source else ""
        line = f' line="{finding.line}"' if finding.line else ""
        kind = Severity(finding.severity).value
        yield f"    <testcase name={_attribute(title)} classname={_attribute(name)}{file}{line}>"
        message = _attribute(f"{finding.message}. {finding.remedy}")
        yield f'      <failure type="{kind}" message={message}/>'
        yield "    </testcase>"
    yield "  </testsuite>"


def _attribute(text: str) -> str:
    """Quoted; XML 1.0 has no other control characters than these: https://www.w3.org/TR/xml/#charsets."""
    return quoteattr(printable(text))

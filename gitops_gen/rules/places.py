"""The line of a template that begins an object."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from gitops_gen.rules.rule import Finding

_NEAR = 12
"""As many lines below `kind:` may name the object."""


def with_lines(findings: Iterable[Finding], text_of: Callable[[str], str]) -> tuple[Finding, ...]:
    """The findings with their lines in the templates, which `text_of` reads; without one where no line has the kind."""
    return tuple(_with_line(finding, text_of) for finding in findings)


def _with_line(finding: Finding, text_of: Callable[[str], str]) -> Finding:
    if not finding.object or not finding.source:
        return finding
    text = text_of(finding.source)
    if not text:
        return finding
    kind, _, name = finding.object.rpartition(":")[2].partition("/")
    return replace(finding, line=line_of(text, kind, name))


def line_of(template: str, kind: str, name: str) -> int | None:
    """The line, from 1, of `kind: KIND`; of several, that with the name below it, else the first."""
    found = [
        match.start() for match in re.finditer(rf"^[ \t]*kind:[ \t]*[\"']?{re.escape(kind)}\b", template, re.MULTILINE)
    ]
    named = (start for start in found if name in "\n".join(template[start:].split("\n", _NEAR)[:_NEAR]))
    first = next(named, next(iter(found), None))
    return None if first is None else template.count("\n", 0, first) + 1

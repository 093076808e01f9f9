"""The line of a template that begins an object."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gitops_gen.rules.rule import Finding

_NEAR = 12
"""As many lines below `kind:` may name the object."""


def with_lines(findings: Iterable[Finding], folder: Path) -> tuple[Finding, ...]:
    """The findings with the lines of their templates below `folder`; without one where no line has the kind."""
    return tuple(_with_line(finding, folder) for finding in findings)


def _with_line(finding: Finding, folder: Path) -> Finding:
    file = folder / finding.source
    if not finding.object or not finding.source or not file.is_file():
        return finding
    kind, _, name = finding.object.rpartition(":")[2].partition("/")
    return replace(finding, line=line_of(file.read_text(encoding="utf-8", errors="replace"), kind, name))


def line_of(template: str, kind: str, name: str) -> int | None:
    """The line, from 1, of `kind: KIND`; of several, that with the name below it, else the first."""
    found = [
        match.start() for match in re.finditer(rf"^[ \t]*kind:[ \t]*[\"']?{re.escape(kind)}\b", template, re.MULTILINE)
    ]
    named = (start for start in found if name in "\n".join(template[start:].split("\n", _NEAR)[:_NEAR]))
    first = next(named, next(iter(found), None))
    return None if first is None else template.count("\n", 0, first) + 1

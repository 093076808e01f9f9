"""Findings for a terminal: by file, the summary last."""

from collections.abc import Iterator
from itertools import groupby

from gitops_gen.output.terminal import painted
from gitops_gen.rules.rule import Severity
from gitops_gen.rules.validation import ReportedFinding, Validation

SHOWN_ENVIRONMENTS = 5
"""As many are named; more are counted."""

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}
_BOLD = "1"


def validation_lines(result: Validation, *, notes: bool = False, colour: bool = False) -> Iterator[str]:
    """All findings, the notes only with `notes`; then how many there are."""
    shown = list(result.reported) if notes else result.without_notes()
    shown.sort(key=lambda item: item.finding.source)
    for source, group in groupby(shown, key=lambda item: item.finding.source):
        yield painted(source or "no file", _BOLD if colour else "")
        for item in group:
            yield from _lines(item, result, colour=colour)
        yield ""
    yield summary(result, notes=notes)


def _lines(item: ReportedFinding, result: Validation, *, colour: bool) -> Iterator[str]:
    found = item.finding
    where = " ".join(part for part in (found.object, _environments(item, result)) if part)
    place = f"line {found.line}: " if found.line else ""
    head = f"  {place}{found.severity}: {found.rule}"
    yield painted(f"{head}: {where}" if where else head, _COLOURS[found.severity] if colour else "")
    yield f"      {found.message}"
    yield f"      → {found.remedy}"


def _environments(item: ReportedFinding, result: Validation) -> str:
    names = item.environments
    if not names or len(result.environments) == 1:
        return ""
    if len(names) == len(result.environments):
        return "(all environments)"
    more = len(names) - SHOWN_ENVIRONMENTS
    return f"({', '.join(names[:SHOWN_ENVIRONMENTS])}{f' and {more} more' if more > 0 else ''})"


def summary(result: Validation, *, notes: bool = False) -> str:
    """One line: how much was checked, and how many findings there are."""
    numbers = [(len(result.of(severity)), severity.value) for severity in Severity]
    found = ", ".join(_count(number, word) for number, word in numbers if number) or "no findings"
    names = f"{_count(len(result.environments), 'environment')}: " if result.environments else ""
    besides = [
        f"{result.ignored} ignored" if result.ignored else "",
        f"{result.accepted} in the baseline" if result.accepted else "",
        f"{_count(result.outdated, 'entry')} of the baseline left over" if result.outdated else "",
        "--notes shows the notes" if result.of(Severity.NOTE) and not notes else "",
    ]
    more = "; ".join(part for part in besides if part)
    return f"{names}{found}{f' ({more})' if more else ''}"


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"

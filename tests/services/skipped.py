"""The end of a run that did not run everything: how many tests were skipped, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class SkipReport:
    """Counts the skipped tests of the whole run, in the process that has all the results."""

    def __init__(self) -> None:
        self._tests: set[str] = set()
        self._skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._tests.add(report.nodeid)
        if report.skipped:
            self._skipped[report.nodeid] = _reason(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if lines := summary(list(self._skipped.values()), len(self._tests)):
            terminalreporter.section(lines[0], red=True)
            for line in lines[1:]:
                terminalreporter.line(line)


def _reason(report: pytest.TestReport) -> str:
    # What pytest.skip() leaves: path, line and reason.
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def summary(reasons: list[str], tests: int) -> list[str]:
    """The lines about skipped tests, the most frequent reason first; none when nothing was skipped."""
    if not reasons:
        return []
    counted = Counter(reasons).most_common()
    return [f"{len(reasons)} of {tests} tests did not run", *(f"{count}: {reason}" for reason, count in counted)]

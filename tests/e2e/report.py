"""What is printed at the end of a run: the table of scenario, seconds and verdict, and where the logs are."""

import pathlib
from collections.abc import Iterable
from dataclasses import dataclass

#: pytest's outcomes, worst first
VERDICTS = {"failed": "FAILED", "error": "ERROR", "skipped": "skipped", "passed": "ok"}


@dataclass(kw_only=True)
class Row:
    """One scenario: a test, or several parts of it."""

    title: str
    seconds: float = 0.0
    outcome: str = "passed"
    #: what a scenario measured, printed next to its verdict
    measured: str = ""

    def add(self, seconds: float, outcome: str) -> None:
        """Count one phase of the test; the worst outcome stays."""
        order = list(VERDICTS)
        self.seconds += seconds
        self.outcome = min(self.outcome, outcome, key=order.index)


def table(rows: Iterable[Row]) -> list[str]:
    """The lines of the table, with a total."""
    rows = list(rows)
    width = max((len(row.title) for row in rows), default=0)
    lines = [
        f"{row.title:<{width}}  {row.seconds:6.1f} s  {VERDICTS[row.outcome]:<7}  {row.measured}".rstrip()
        for row in rows
    ]
    total = sum(row.seconds for row in rows)
    return [*lines, f"{'total':<{width}}  {total:6.1f} s"]


def log_folders(state: pathlib.Path) -> list[pathlib.Path]:
    """Where the logs of the controllers are: those of the one cluster, or of each worker's own."""
    return [folder for folder in (state / "log", *sorted(state.glob("gw*/log"))) if folder.is_dir()]

"""Timing whole processes and functions, and the table that shows their ratios."""

import compileall
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """One figure: what was measured in multiples of what, and the multiple that it must not exceed."""

    name: str
    seconds: float
    against: str
    base_seconds: float
    limit: float

    @property
    def value(self) -> float:
        """How many times the base it took."""
        return self.seconds / self.base_seconds

    @property
    def holds(self) -> bool:
        """Whether it stays within its limit."""
        return self.value <= self.limit


def seconds(action: Callable[[], object], runs: int = 5, before: Callable[[], object] = lambda: None) -> float:
    """The median time of `action`, each run after an unmeasured `before`."""
    times = []
    for _ in range(runs):
        before()
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def side_by_side(
    action: Callable[[], object],
    base: Callable[[], object],
    runs: int = 5,
    *,
    in_a_row: int = 1,
    before: Callable[[], object] = lambda: None,
) -> tuple[float, float]:
    """The median times of `action` (each time `in_a_row`) and of what it is compared with, in turns: a machine's slow
    minute meets both.
    """
    times = [(seconds(action, in_a_row, before), seconds(base, 1, before)) for _ in range(runs)]
    return statistics.median(time for time, _ in times), statistics.median(time for _, time in times)


def processor_seconds(argv: Sequence[str]) -> float:
    """What a program and its children take of the processor: on a shared machine steadier than the clock."""
    before = os.times()
    process(argv)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def compile_package() -> None:
    """Leave the package as pip leaves what it installs: where Python may not write next to the sources, each start
    would compile them again.
    """
    compileall.compile_dir(Path(__file__).resolve().parents[1] / "gitops_gen", quiet=1)


def process(argv: Sequence[str]) -> None:
    """Run a program to its end; it must succeed."""
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def python(*arguments: str) -> list[str]:
    """The command line of this Python."""
    return [sys.executable, *arguments]


def peak_megabytes(argv: Sequence[str], codes: Sequence[int] = (0,)) -> float:
    """The most that a program and its children hold together, in MB (10⁶ bytes); pages that they share count once.
    `codes` are the exit codes that it may end with.
    """
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while child.poll() is None:
        peak = max(peak, _held(child.pid))
        time.sleep(0.05)
    if child.returncode not in codes:
        raise SystemExit(f"{' '.join(argv)} exited with {child.returncode}")
    return peak


def _held(pid: int) -> float:
    """https://docs.kernel.org/filesystems/proc.html (smaps_rollup: the proportional set size)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    own = next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:")), 0.0)
    return own + sum(_held(int(name)) for name in children)


def show(ratios: Iterable[Ratio]) -> bool:
    """Print the table; whether every limit holds."""
    rows = list(ratios)
    for row in rows:
        verdict = "ok" if row.holds else "TOO SLOW"
        measured = f"{row.seconds * 1000:9.1f} ms / {row.base_seconds * 1000:8.1f} ms"
        print(f"{row.name:58} {measured} = {row.value:7.2f} x {row.against:42} limit {row.limit:6.3g}  {verdict}")
    return all(row.holds for row in rows)

"""What an environment costs each command in a fleet of 100, 1,000 and 10,000, and how much the command prints.

`python -m bench.growth`, exit code 1 when a limit does not hold. The cost of an environment is what the fleet takes
beyond a project of one, divided by the number of environments. It is measured in processor time, so that other work on
the machine changes it little.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import fleet
from bench.generate import GITOPS_GEN
from bench.timing import compile_package

SIZES = (100, 1_000, 10_000)
GROWTH = 1.2
"""How much more an environment may cost in a larger fleet."""
LINES = 200
"""What a command may print at most, on both streams: equal lines are grouped."""
COMMANDS = (
    ("generate",),
    ("generate", "--check"),
    ("status",),
    ("status", "--stage", "dev"),
    ("diff",),
    ("history",),
    ("history", "env-00001"),
    ("set", "env-00001", "app.replicas=7", "--dry-run"),
    ("set", "--stage", "dev", "app.replicas=7", "--dry-run"),
    ("promote", "env-00000", "env-00001", "--dry-run"),
    ("plan", "env-00001"),
    ("explain", "env-00001", "app.replicas"),
)
#: prints a line for each environment: that is what it is asked for
LISTINGS = (("env", "list"),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """One command in fleets of several sizes."""

    command: str
    #: seconds of processor time by the number of environments, and for one
    seconds: dict[int, float]
    one: float
    lines: int

    @property
    def value(self) -> float:
        """The cost of an environment at 10,000 in multiples of that at 1,000; below a tenth of a second, none."""
        large, small = (max(self.seconds[size] - self.one, 0.1) / size for size in (SIZES[2], SIZES[1]))
        return large / small

    @property
    def holds(self) -> bool:
        """Whether it grows at most as the fleet does and prints little."""
        return self.value <= GROWTH and self.lines <= LINES


def committed(folder: Path, count: int) -> Path:
    """A fleet of which everything is generated and committed."""
    project = fleet.make(folder, count)
    for argv in (
        [*GITOPS_GEN, "-q", "-C", str(project), "generate"],
        ["git", "-C", str(project), "init", "--quiet", "--initial-branch=main"],
        ["git", "-C", str(project), "add", "--all"],
        ["git", "-C", str(project), *AUTHOR, "commit", "--quiet", "--message=Start"],
    ):
        subprocess.run(argv, check=True, capture_output=True)
    return project


AUTHOR = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")


def cost(project: Path, words: Sequence[str]) -> tuple[float, int]:
    """The processor time in seconds that a command and its workers take, and the lines that it prints. Raises
    `CalledProcessError` when it fails.
    """
    before = _children()
    done = subprocess.run([*GITOPS_GEN, "-C", str(project), *words], check=False, capture_output=True)
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)
    return _children() - before, (done.stdout + done.stderr).count(b"\n")


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def measured(scratch: Path) -> Iterator[Growth]:
    """Every command."""
    projects = {size: committed(scratch / str(size), size) for size in (2, *SIZES)}
    for words in (*COMMANDS, *LISTINGS):
        costs = {size: _least(project, words) for size, project in projects.items()}
        lines = 0 if words in LISTINGS else costs[SIZES[-1]][1]
        times = {size: taken for size, (taken, _) in costs.items()}
        yield Growth(command=" ".join(words), one=times.pop(2), seconds=times, lines=lines)


def _least(project: Path, words: Sequence[str]) -> tuple[float, int]:
    return min(cost(project, words) for _ in range(1 if project.name == str(SIZES[-1]) else 3))


def main() -> bool:
    """Print the table; whether every limit holds."""
    compile_package()
    good = True
    print(f"{'command':50} {'100':>8} {'1,000':>8} {'10,000':>8}  growth  lines")
    with tempfile.TemporaryDirectory() as scratch:
        for item in measured(Path(scratch)):
            times = " ".join(f"{item.seconds[size]:7.2f}s" for size in SIZES)
            word = "" if item.holds else "  TOO MUCH"
            print(f"{item.command:50} {times}  {item.value:6.2f}  {item.lines:5}{word}", flush=True)
            good &= item.holds
    return good


if __name__ == "__main__":
    sys.exit(0 if main() else 1)

"""What an environment costs each command in a fleet of 100, 1,000 and 10,000, and how much the command prints.

`python -m bench.growth [COMMAND]...`, exit code 1 when a limit does not hold. The cost of an environment is what the
fleet takes beyond a project of two, divided by the number of environments. It is measured in processor time, so that
other work on the machine changes it little. Commands that render every environment are measured at 100, 300 and 1,000.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import fleet
from bench.generate import GITOPS_GEN
from bench.timing import compile_package, peak_megabytes

FLEET = (100, 1_000, 10_000)
RENDERED = (100, 300, 1_000)
"""For commands that render every environment: 10,000 would take a quarter of an hour each."""
GROWTH = 1.2
"""How much more an environment may cost in the largest fleet than in the middle one."""
LINES = 200
"""What a command may print at most, on both streams: equal lines are grouped."""
MEGABYTES = 1.3
"""How much more memory all processes may take for the largest fleet than for the smallest."""
ROUNDS = 3
"""Each size is measured so often, in turns, and the least time counts: other work on the machine only adds to it."""
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
    ("env", "list"),
)
#: prints each environment: that is what it is asked for
LISTINGS = {("env", "list")}
RENDERING = (("plan", "--all"), ("diff", "--no-cache", "start", "chart"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """One command in fleets of several sizes."""

    command: str
    #: seconds of processor time by the number of environments, and for one
    seconds: dict[int, float]
    one: float
    lines: int

    #: megabytes of all processes by the number of environments, where they are measured
    megabytes: dict[int, float]

    @property
    def value(self) -> float:
        """The cost of an environment in the largest fleet in multiples of that in the middle one; below a tenth of a
        second, none.
        """
        _, small, large = self.seconds
        costs = [max(self.seconds[size] - self.one, 0.1) / size for size in (large, small)]
        return costs[0] / costs[1]

    @property
    def memory(self) -> float:
        """The memory for the largest fleet in multiples of that for the smallest."""
        return max(self.megabytes.values()) / self.megabytes[min(self.seconds)] if self.megabytes else 1

    @property
    def holds(self) -> bool:
        """Whether it grows at most as the fleet does and prints little."""
        return self.value <= GROWTH and self.memory <= MEGABYTES and self.lines <= LINES

    @property
    def row(self) -> str:
        """The line of the table."""
        times = " ".join(f"{size:6,}: {taken:7.2f} s" for size, taken in self.seconds.items())
        memory = "".join(f" {held:6.0f} MB" for held in self.megabytes.values())
        return f"{self.command:48} {times} {self.value:6.2f} {self.lines:6}{memory}{'' if self.holds else '  TOO MUCH'}"


def committed(folder: Path, count: int) -> Path:
    """A fleet of which everything is generated and committed, and a change of its chart as a second commit."""
    project = fleet.make(folder, count)
    generate = [*GITOPS_GEN, "-q", "-C", str(project), "generate"]
    git = ["git", "-C", str(project), *AUTHOR]
    subprocess.run(generate, check=True, capture_output=True)
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    for tag, version in (("start", "1.0.0"), ("chart", "1.0.1")):
        file = project / "helm/api-forge/Chart.yaml"
        file.write_text(re.sub(r"(?m)^version: .*$", f"version: {version}", file.read_text()))
        for words in (["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", tag], ["tag", tag]):
            subprocess.run([*git, *words], check=True)
    return project


AUTHOR = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")


def cost(project: Path, words: Sequence[str]) -> tuple[float, int]:
    """The processor time in seconds that a command and its workers take, and the lines that it prints. Raises
    `CalledProcessError` when it fails.
    """
    before = _children()
    done = subprocess.run(argv(project, words), check=False, capture_output=True)
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)
    return _children() - before, (done.stdout + done.stderr).count(b"\n")


def argv(project: Path, words: Sequence[str]) -> list[str]:
    """The command line."""
    return [*GITOPS_GEN, "-C", str(project), *words]


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def measured(projects: Mapping[int, Path], commands: Sequence[Sequence[str]]) -> Iterator[Growth]:
    """These commands in fleets of three sizes, and in the smallest project, with which each command begins anyway."""
    for words in commands:
        rounds = [{size: cost(project, words) for size, project in projects.items()} for _ in range(ROUNDS)]
        least, *larger = [(size, min(costs[size][0] for costs in rounds)) for size in projects]
        renders = tuple(words) in RENDERING
        memory = {size: peak_megabytes(argv(projects[size], words), (0, 1)) for size, _ in larger} if renders else {}
        lines = 0 if tuple(words) in LISTINGS else rounds[-1][larger[-1][0]][1]
        yield Growth(command=" ".join(words), one=least[1], seconds=dict(larger), megabytes=memory, lines=lines)


def main(arguments: Sequence[str]) -> bool:
    """Print the table, with arguments only of these commands; whether every limit holds."""
    compile_package()
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        for sizes, commands in ((FLEET, COMMANDS), (RENDERED, RENDERING)):
            chosen = [words for words in commands if not arguments or words[0] in arguments]
            if not chosen:
                continue
            folder = Path(scratch, str(sizes[-1]))
            for item in measured({size: committed(folder / str(size), size) for size in (2, *sizes)}, chosen):
                print(item.row, flush=True)
                good &= item.holds
    return good


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)

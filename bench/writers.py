"""Many writers, one branch: processes that push image bumps to one bare repository at the same time; nothing may be
lost, and at no commit may a generated file be wrong. And kills at random moments: the next command must find a whole
tree and a free lock.

    python -m bench.writers [--writers 16] [--bumps 10]
    python -m bench.writers kills [--kills 200]
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEMPORARY = "temporary"
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.com",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.com",
    "PYTHONPATH": str(ROOT),
}


def environment(folder: Path) -> dict[str, str]:
    """What processes in a repository run with: nobody's own git configuration, temporary files next to it."""
    temporary = folder.parent / TEMPORARY
    temporary.mkdir(exist_ok=True)
    return os.environ | _ENVIRONMENT | {"TMPDIR": str(temporary)}


def git(folder: Path, *arguments: str) -> str:
    """A git command that must succeed; its output."""
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=environment(folder), check=True, capture_output=True, text=True
    ).stdout


def gitops_gen(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of the command line, whatever comes of it."""
    return subprocess.run(
        [sys.executable, "-m", "gitops_gen", "-C", str(folder), *arguments],
        env=environment(folder),
        check=False,
        capture_output=True,
        text=True,
    )


@dataclass(frozen=True, kw_only=True)
class Race:
    """What came of a race: seconds, the seconds and the attempts of each bump that reported success, what was wrong."""

    seconds: float
    pushes: list[float]
    attempts: list[int]
    wrong: list[str]


def make_origin(folder: Path, environments: Sequence[str]) -> Path:
    """A bare repository with a small project of these environments."""
    seed = folder / "seed"
    shutil.copytree(ROOT / "tests" / "inputs" / "good", seed)
    for name in environments:
        shutil.copytree(seed / "environments" / "dev", seed / "environments" / name)
        file = seed / "environments" / name / "release.yaml"
        file.write_text(file.read_text() + "  settings:\n" + "".join(f"    service-{n}: v0\n" for n in range(4)))
    assert gitops_gen(seed, "generate").returncode == 0
    git(seed, "init", "--quiet", "--initial-branch=main", "--template=")
    git(seed, "add", "--all")
    git(seed, "commit", "--quiet", "--message=Start")
    git(folder, "clone", "--quiet", "--bare", str(seed), "origin.git")
    return folder / "origin.git"


def run_writers(folder: Path, writers: int, bumps: int) -> Race:
    """Let the writers race; four of them share each environment, each with its own key."""
    names = [f"team-{index}" for index in range((writers + 3) // 4)]
    origin = make_origin(folder, names)
    for index in range(writers):
        git(folder, "clone", "--quiet", str(origin), f"writer-{index}")
    start = time.perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        results = list(pool.map(lambda index: _bump(folder, index, names[index // 4], bumps), range(writers)))
    seconds = time.perf_counter() - start
    wrong = [line for _, _, lines in results for line in lines]
    pushes = [push for times, _, _ in results for push in times]
    wrong += _lost(origin, writers, bumps, names) + _inconsistent(folder, origin)
    attempts = [attempt for _, tries, _ in results for attempt in tries]
    return Race(seconds=seconds, pushes=pushes, attempts=attempts, wrong=wrong)


def _bump(folder: Path, index: int, name: str, bumps: int) -> tuple[list[float], list[int], list[str]]:
    pushes, attempts, wrong = [], [], []
    for bump in range(1, bumps + 1):
        word = f"settings.service-{index % 4}=v{bump}"
        start = time.perf_counter()
        result = gitops_gen(folder / f"writer-{index}", "set", name, word, "--push")
        if result.returncode:
            wrong.append(f"writer {index}, bump {bump}: {result.stderr.strip()}")
            continue
        pushes.append(time.perf_counter() - start)
        _, _, tail = result.stderr.partition("at attempt ")
        attempts.append(int(tail.split(":")[0]) if tail else 1)
    return pushes, attempts, wrong


def _lost(origin: Path, writers: int, bumps: int, names: Sequence[str]) -> list[str]:
    """Every bump must be a separate commit, and each last one must be in the inputs."""
    subjects = git(origin, "log", "--format=%s", "main").splitlines()
    wrong = [] if len(subjects) == writers * bumps + 1 else [f"{len(subjects) - 1} commits for {writers * bumps} bumps"]
    for index in range(writers):
        release = git(origin, "show", f"main:environments/{names[index // 4]}/release.yaml")
        if f"service-{index % 4}: v{bumps}\n" not in release:
            wrong.append(f"the last bump of writer {index} is not in the release")
    return wrong


def _inconsistent(folder: Path, origin: Path) -> list[str]:
    """Every commit on main, checked out and checked."""
    git(folder, "clone", "--quiet", str(origin), "reader")
    wrong = []
    for commit in git(folder / "reader", "rev-list", "--reverse", "main").split():
        git(folder / "reader", "checkout", "--quiet", commit)
        result = gitops_gen(folder / "reader", "generate", "--check")
        if result.returncode:
            wrong.append(f"{commit}: {result.stdout.strip()}{result.stderr.strip()}")
    return wrong


BEGUN = ("journal.json", "temporary-checkout")
"""What a command makes in its state folder before it writes."""

VICTIMS = (
    ("set", "dev", "image.tag={}", "--commit"),
    ("set", "--all", "replicas={}"),
    ("set", "--all", "image.tag={}", "--commit"),
    ("promote", "dev", "production", "--commit"),
    ("rollback", "dev"),
    ("set", "dev", "image.tag={}", "--push"),
    ("set", "dev", "image.tag={}", "--branch", "victim-{}"),
    ("promote", "dev", "production", "--branch", "promoted-{}"),
    ("promote", "dev", "production", "--push"),
    ("rollback", "dev", "--branch", "rolled-back-{}"),
    ("rollback", "dev", "--push"),
    ("env", "clone", "dev", "clone-{}", "--commit"),
    ("env", "clone", "dev", "branched-{}", "--branch", "cloned-{}"),
    ("env", "add", "added-{}", "--stage", "dev", "--commit"),
    ("env", "rename", "production", "production-{}", "--branch", "renamed-{}"),
    ("env", "remove", "production", "--branch", "removed-{}"),
    ("set", "--all", "replicas={}", "--push"),
)


@dataclass(frozen=True, kw_only=True)
class Kills:
    """What came of the kills: how many hit a running command, how many left work behind, and what was wrong."""

    hits: int
    recovered: int
    wrong: list[str]


def run_kills(folder: Path, kills: int, seed: int = 1) -> Kills:
    """Kill commands (alone, or with their git) at random moments; then the next command must find all well."""
    origin = make_origin(folder, ())
    git(folder, "clone", "--quiet", str(origin), "checkout")
    checkout, dice = folder / "checkout", random.Random(seed)
    usual = _duration(checkout)
    hits = recovered = 0
    wrong: list[str] = []
    for number in range(kills):
        victim = [word.format(number + 1) for word in dice.choice(VICTIMS)]
        writing = dice.choice((True, False))
        after = dice.uniform(0, 0.1) if writing else dice.uniform(0.2, 1) * usual
        hits += _killed(checkout, victim, after, writing=writing, whole_group=dice.choice((True, False)))
        recovered += "interrupted" in gitops_gen(checkout, "generate").stderr
        wrong += [f"{number} {' '.join(victim)}: {line}" for line in _faults(checkout)]
        if number % 3 == 0:
            git(checkout, "checkout", "--quiet", "--", ".")
            gitops_gen(checkout, "generate")
    return Kills(hits=hits, recovered=recovered, wrong=wrong)


def _duration(checkout: Path) -> float:
    """Seconds of an undisturbed command: of the faster of two, because the first one warms the caches."""
    times = []
    for tag in ("first", "second"):
        start = time.perf_counter()
        gitops_gen(checkout, "set", "dev", f"image.tag={tag}", "--commit")
        times.append(time.perf_counter() - start)
    return min(times)


def _killed(checkout: Path, victim: list[str], after: float, *, writing: bool, whole_group: bool) -> bool:
    """Kill the command so many seconds after it started, or (`writing`) after it began to write."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gitops_gen", "-C", str(checkout), *victim],
        env=environment(checkout),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    state = checkout / ".git/gitops-gen"
    while writing and process.poll() is None and not any((state / name).exists() for name in BEGUN):
        time.sleep(0.001)
    time.sleep(after)
    alive = process.poll() is None
    if alive and whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    elif alive:
        process.kill()
    process.wait()
    return alive


def _faults(checkout: Path) -> list[str]:
    """What a killed command must not leave: a torn tree, a lock, a half-made commit, rubbish."""
    faults = []
    result = gitops_gen(checkout, "generate", "--check")
    if result.returncode:
        faults.append(f"not as generated: {result.stdout}{result.stderr}")
    if rubbish := [str(path) for path in checkout.parent.rglob("*gitops-gen-tmp")]:
        faults.append(f"rubbish: {rubbish}")
    if locks := [str(path) for path in (checkout / ".git").rglob("*.lock")]:
        faults.append(f"locks: {locks}")
    result = gitops_gen(checkout, "set", "dev", "settings.alive=yes", "--dry-run")
    if result.returncode:
        faults.append(f"the next command fails: {result.stderr}")
    if (checkout / ".git/gitops-gen/temporary-checkout").exists() or git(checkout, "worktree", "list").count("\n") != 1:
        faults.append("a second checkout is left")
    staged = git(checkout, "diff", "--cached", "--name-only")
    if staged:
        faults.append(f"staged: {staged}")
    if not _agrees(checkout):
        faults.append("half of `set --all` is there")
    return faults


def _agrees(checkout: Path) -> bool:
    """Inputs of one uncommitted change are all there or not at all: files that differ from HEAD hold inputs and
    outputs.
    """
    changed = git(checkout, "diff", "--name-only").split()
    inputs = [path for path in changed if not path.endswith("values.yaml") and not path.startswith("argocd/")]
    outputs = [path for path in changed if path not in inputs]
    return bool(inputs) == bool(outputs)


def main(arguments: Sequence[str]) -> int:
    """Run one of the two and print what came of it; 1 when anything was wrong."""
    kills = arguments[:1] == ["kills"]
    words = arguments[1:] if kills else arguments
    numbers = dict(zip(words[::2], words[1::2], strict=False))
    with tempfile.TemporaryDirectory(prefix="gitops-gen-writers-") as name:
        if kills:
            killed = run_kills(Path(name), int(numbers.get("--kills", "200")), int(numbers.get("--seed", "1")))
            print(f"{killed.hits} commands killed while running, {killed.recovered} undone, {len(killed.wrong)} faults")
            wrong = killed.wrong
        else:
            race = run_writers(Path(name), int(numbers.get("--writers", "16")), int(numbers.get("--bumps", "10")))
            tries = sorted(race.attempts) or [0]
            print(
                f"{len(race.pushes)} pushed in {race.seconds:.0f} s; slowest {max(race.pushes, default=0.0):.1f} s; "
                f"attempts: median {tries[len(tries) // 2]}, most {tries[-1]}"
            )
            wrong = race.wrong
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

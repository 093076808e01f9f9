"""How much faster `gitops-gen diff` is than a loop of `helm template` over both sides of every environment.

Each case is a real repository on tmpfs, compared by the command in a new process with an empty cache. The loop is not
run in full: the cost of one `helm template` is measured on a sample, taken before and after each diff so that both meet
the same load, and multiplied by the number of renders (two an environment).

    python -m bench.diff --helm ~/.cache/gitops-gen-e2e/bin/helm
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.generate import GITOPS_GEN
from bench.timing import compile_package

REPOSITORY = Path(__file__).resolve().parent.parent
TMPFS = Path("/dev/shm")
GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgSign=false"]

SMALL_PROJECT = """\
apiVersion: gitops-gen/v1
kind: Project
name: web
repository: https://git.example.com/team/gitops.git
chart: {path: chart}
clusters:
  main: {server: "https://kubernetes.default.svc", kubernetes: "1.36"}
stages: [{name: dev}, {name: staging}, {name: production}]
"""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart to measure with: how to write its project, where the chart is, and an edit that reaches every render."""

    name: str
    write_project: Callable[[Path, str], None]
    folder: str
    edit: tuple[str, str, str]
    image: str
    #: the least multiple of each case, none where the start of a process is most of it
    limits: tuple[float, float] = (0, 0)


def write_reference(project: Path, _helm: str) -> None:
    """The reference repository's own project and chart."""
    shutil.copytree(REPOSITORY / "helm", project / "helm")
    shutil.copy(REPOSITORY / "gitops.yaml", project)


def write_small(project: Path, helm: str) -> None:
    """A project around the chart that `helm create` makes."""
    subprocess.run([helm, "create", "chart"], cwd=project, check=True, capture_output=True)
    (project / "gitops.yaml").write_text(SMALL_PROJECT)


CHARTS = (
    Chart(
        name="helm create",
        write_project=write_small,
        folder="chart",
        edit=("Chart.yaml", "version: 0.1.0", "version: 0.2.0"),
        image="image: {{tag: 1.{0}.0}}",
        limits=(12, 0),
    ),
    Chart(
        name="api-forge (60 objects)",
        write_project=write_reference,
        folder="helm/api-forge",
        edit=("Chart.yaml", "version: 1.0.0", "version: 1.0.1"),
        image="app: {{image: {{tag: 1.{0}.0}}}}",
        limits=(12, 200),
    ),
)


CASES = (("chart changed", "start", "chart"), ("one environment changed", "chart", "environment"))
"""What is compared: a title and two tags."""


def write_environments(project: Path, chart: Chart, count: int) -> None:
    """Small hand-written files, no two releases in a row the same."""
    for index in range(count):
        folder = project / "environments" / f"site-{index:03}"
        folder.mkdir(parents=True)
        stage = ("dev", "staging", "production")[index % 3]
        head = "apiVersion: gitops-gen/v1\n"
        (folder / "environment.yaml").write_text(f"{head}kind: Environment\nstage: {stage}\n")
        (folder / "release.yaml").write_text(f"{head}kind: Release\nvalues:\n  {chart.image.format(index % 7)}\n")


def commit(project: Path, message: str, tag: str) -> None:
    """Everything, under a tag."""
    for arguments in (["add", "--all"], ["commit", "--quiet", "-m", message], ["tag", tag]):
        subprocess.run([*GIT, *arguments], cwd=project, check=True)


def build(project: Path, chart: Chart, helm: str, count: int) -> None:
    """Three commits: the start, a changed chart, one changed environment."""
    subprocess.run([*GIT, "init", "--quiet"], cwd=project, check=True)
    chart.write_project(project, helm)
    write_environments(project, chart, count)
    commit(project, "Start", "start")
    file, old, new = chart.edit
    path = project / chart.folder / file
    text = path.read_text()
    if old not in text:
        sys.exit(f"{path}: no `{old}` to change")
    path.write_text(text.replace(old, new))
    commit(project, "Change the chart", "chart")
    release = project / "environments/site-000/release.yaml"
    release.write_text(release.read_text().replace("1.0.0", "2.0.0"))
    commit(project, "Change one environment", "environment")


def timed(argv: list[str], cwd: Path, codes: tuple[int, ...] = (0,), **variables: str) -> tuple[float, float]:
    """Wall and processor seconds of a program."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(argv, cwd=cwd, capture_output=True, env=os.environ | variables, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in codes:
        sys.exit(f"{' '.join(argv)}: {done.returncode}\n{done.stderr.decode()}")
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def helm_sample(project: Path, chart: Chart, helm: str, count: int) -> list[tuple[float, float]]:
    """What `helm template` takes for `count` environments, each with its generated values."""
    found = []
    for index in range(count):
        values = f"environments/site-{index:03}/values.yaml"
        argv = [helm, "template", "release", chart.folder, "--values", values]
        found.append(timed(argv, project))
    return found


def diff(project: Path, old: str, new: str) -> tuple[float, float]:
    """Wall and processor seconds of a diff with an empty cache."""
    with tempfile.TemporaryDirectory(dir=TMPFS) as cache:
        return timed([*GITOPS_GEN, "diff", old, new], project, (1,), XDG_CACHE_HOME=cache, TMPDIR=str(TMPFS))


def measure(project: Path, chart: Chart, options: argparse.Namespace) -> bool:
    """A row for each case; whether every limit holds."""
    holds = True
    names = [f"site-{index:03}" for index in range(options.sample)]
    timed([*GITOPS_GEN, "generate", *names], project)
    for (title, old, new), limit in zip(CASES, chart.limits, strict=True):
        helms, diffs = helm_sample(project, chart, options.helm, options.sample), []
        for _ in range(options.runs):
            diffs.append(diff(project, old, new))
            helms += helm_sample(project, chart, options.helm, options.sample)
        wall, cpu = (statistics.median(times) for times in zip(*diffs, strict=True))
        helm_wall, helm_cpu = (statistics.median(times) for times in zip(*helms, strict=True))
        renders = 2 * options.environments
        times = helm_wall * renders / wall
        holds = holds and times >= limit
        cells = [
            chart.name,
            title,
            f"{helm_wall * 1000:.0f} ms ({helm_cpu * 1000:.0f} cpu)",
            f"{helm_wall * renders:.1f} s",
            f"{wall:.2f} s ({cpu:.2f} cpu)",
            f"{times:.1f}",
            f"{helm_cpu * renders / cpu:.1f}",
            f"{limit:g}{'' if times >= limit else '  TOO SLOW'}" if limit else "",
        ]
        print(f"| {' | '.join(cells)} |", flush=True)
    return holds


def main() -> None:
    """Measure what the command line asks for, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--helm", default=shutil.which("helm") or "helm", help="the helm program")
    parser.add_argument("--environments", type=int, default=500)
    parser.add_argument("--sample", type=int, default=10, help="renders before and after each diff")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    compile_package()
    print(f"{arguments.environments} environments, {2 * arguments.environments} renders, {os.cpu_count()} cores\n")
    print("| chart | case | one `helm template` | loop | `gitops-gen diff`, cold | times | times, cpu | limit |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    holds = True
    for chart in CHARTS:
        with tempfile.TemporaryDirectory(dir=TMPFS if TMPFS.is_dir() else None) as folder:
            build(Path(folder), chart, arguments.helm, arguments.environments)
            holds = measure(Path(folder), chart, arguments) and holds
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()

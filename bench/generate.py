"""What `generate` costs: start, a full run, a run with nothing to do, growth with the fleet, memory, one render."""

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from bench import fleet
from bench.timing import (
    Ratio,
    compile_package,
    peak_megabytes,
    process,
    processor_seconds,
    python,
    seconds,
    show,
    side_by_side,
)
from gitops_gen.helm.embedded import EmbeddedEngine
from gitops_gen.helm.engine import HelmRelease, LoadedChart
from gitops_gen.runtime.tuning import for_many_renders, relax

_SCRIPT = Path(sys.executable).with_name("gitops-gen")
GITOPS_GEN = [str(_SCRIPT)] if _SCRIPT.is_file() else python("-m", "gitops_gen")
"""The program as it is installed: `python -m` adds several milliseconds."""

PARSE = (
    "import sys, yaml, pathlib\n"
    "root = pathlib.Path(sys.argv[1])\n"
    "for path in [*root.glob('environments/*/[er]*.yaml'), root / 'gitops.yaml']:\n"
    "    yaml.load(path.read_bytes(), yaml.CSafeLoader)\n"
)
CHART = Path(__file__).resolve().parents[1] / "helm" / "api-forge"
MEMORY_LIMIT_MB = 200
RENDERS = 25
"""Rows of five renders, each measured next to one `helm template`."""


def ratios(scratch: Path) -> Iterator[Ratio]:
    """Every figure about `generate`; `scratch` should be on tmpfs."""
    start, bare = side_by_side(lambda: process([*GITOPS_GEN, "--help"]), lambda: process(python("-c", "pass")), runs=15)
    yield Ratio(name="gitops-gen --help", seconds=start, against="python -c pass", base_seconds=bare, limit=6)
    small, large = fleet.make(scratch / "1000", 1_000), fleet.make(scratch / "10000", 10_000)
    process(generate(small))
    written = fleet.generated(small, scratch / "generated")

    def remove() -> None:
        clean(small)
        shutil.rmtree(scratch / "copied", ignore_errors=True)

    full, copied = side_by_side(
        lambda: process(generate(small)),
        lambda: process(["cp", "-r", str(written), str(scratch / "copied")]),
        runs=9,
        before=remove,
    )
    yield Ratio(
        name="generate, 1,000 environments, all files new",
        seconds=full,
        against="cp -r of the files it writes",
        base_seconds=copied,
        limit=30,
    )
    process(generate(small))
    again, parsed = side_by_side(lambda: process(generate(small)), lambda: process(python("-c", PARSE, str(small))))
    yield Ratio(
        name="generate, 1,000 environments, nothing to do",
        seconds=again,
        against="parsing its inputs (CSafeLoader)",
        base_seconds=parsed,
        limit=10,
    )
    many = seconds(lambda: process(generate(large)), runs=3, before=lambda: clean(large))
    yield Ratio(
        name="an environment's cost at 10,000",
        seconds=many / 10_000,
        against="that at 1,000",
        base_seconds=full / 1_000,
        limit=1.2,
    )
    yield from render()
    yield from one_environment(scratch)


def fits_memory(folder: Path) -> bool:
    """Whether generating all files of a project takes at most its limit; true where that cannot be measured."""
    clean(folder)
    memory = peak_megabytes(generate(folder))
    if not memory:
        print("not measured: memory, because there is no /proc/PID/smaps_rollup")
        return True
    fits = memory < MEMORY_LIMIT_MB
    verdict = "ok" if fits else "TOO MUCH"
    print(f"peak memory of generate at 10,000 environments: {memory:.0f} MB, limit {MEMORY_LIMIT_MB}  {verdict}")
    return fits


def generate(folder: Path) -> list[str]:
    """The command line that generates a project."""
    return [*GITOPS_GEN, "--quiet", "-C", str(folder), "generate"]


def clean(folder: Path) -> None:
    """Remove every generated file."""
    shutil.rmtree(folder / "argocd", ignore_errors=True)
    for values in folder.glob("environments/*/values.yaml"):
        values.unlink()


def render() -> Iterator[Ratio]:
    """One render of the whole chart against one `helm template` process."""
    helm = os.environ.get("GITOPS_GEN_HELM") or shutil.which("helm")
    if helm is None:
        print(
            "not measured: a render against `helm template`, because there is no helm on PATH (or in GITOPS_GEN_HELM)"
        )
        return
    times = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=relax) as worker:
        with for_many_renders():
            worker.submit(render_seconds).result()
        for _ in range(RENDERS):
            mine = worker.submit(render_seconds).result()
            times.append((mine, seconds(lambda: process([helm, "template", "api-forge", str(CHART)]), 1)))
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    yield Ratio(
        name="one render of the whole chart, in a worker of `diff`",
        seconds=mine,
        against="helm template",
        base_seconds=theirs,
        limit=1 / 8,
    )


_OBJECT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%d}
spec:
  replicas: {{ .Values.replicas }}
  progressDeadlineSeconds: 60
  selector: {matchLabels: {app: app-%d}}
  template:
    metadata: {labels: {app: app-%d}}
    spec: {containers: [{name: app, image: {{ printf "%%s:1" .Chart.Name | quote }}}]}
"""
OBJECTS = 100


def one_environment(scratch: Path) -> Iterator[Ratio]:
    """`render` and `plan` of one environment of a chart with many objects against `helm template`, in processor time:
    as a whole, and what the objects add to a chart of one.
    """
    helm = os.environ.get("GITOPS_GEN_HELM") or shutil.which("helm")
    if helm is None:
        return  # `render` says so
    many, one = (_project(scratch / f"chart-{count}", count) for count in (OBJECTS, 1))
    template = [helm, "template", "many", str(scratch / f"chart-{OBJECTS}")]
    for command in ("render", "plan"):
        programs = [*([*GITOPS_GEN, "-C", str(project), command, "dev"] for project in (many, one)), template]
        rounds = [[processor_seconds(argv) for argv in programs] for _ in range(15)]
        whole, _, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
        added = statistics.median(mine - least for mine, least, _ in rounds)
        name = f"`{command}` of a chart of {OBJECTS} objects"
        yield Ratio(name=name, seconds=whole, against="helm template", base_seconds=theirs, limit=15)
        name = f"`{command}`: what the objects add"
        yield Ratio(name=name, seconds=added, against="helm template", base_seconds=theirs, limit=1.5)


def _project(chart_folder: Path, count: int) -> Path:
    """A project around a new chart of so many Deployments."""
    (chart_folder / "templates").mkdir(parents=True)
    (chart_folder / "Chart.yaml").write_text("apiVersion: v2\nname: many\nversion: 0.1.0\n")
    (chart_folder / "values.yaml").write_text("replicas: 2\n")
    for index in range(count):
        (chart_folder / f"templates/{index}.yaml").write_text(_OBJECT % (index, index, index))
    project = chart_folder.with_name(f"project-{count}")
    process([*GITOPS_GEN, "init", str(project), "--chart", str(chart_folder)])
    (project / "gitops.yaml").write_text((project / "gitops.yaml").read_text().replace("# syncTimeout", "syncTimeout"))
    return project


def render_seconds() -> float:
    """The median time of five renders in a row."""
    release = HelmRelease(name="api-forge", namespace="api-forge-dev")
    return seconds(lambda: chart().render(release))


@cache
def chart() -> LoadedChart:
    """The chart, loaded once in a process."""
    return EmbeddedEngine().load(CHART)


def main() -> bool:
    """Run in a folder on tmpfs where there is one; whether every limit holds."""
    compile_package()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as scratch:
        fast = show(list(ratios(Path(scratch))))
        return fits_memory(Path(scratch, "10000")) and fast

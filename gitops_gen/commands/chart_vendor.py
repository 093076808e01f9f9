"""`chart vendor`: puts the dependencies of charts into charts/, so that Argo CD renders what git has, offline."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import git_root
from gitops_gen.helm.dependencies import (
    CHARTS,
    LOCK_FILES,
    ChartDependency,
    Dependencies,
    archives_of,
    packed_chart,
)
from gitops_gen.helm.engine import ChartError
from gitops_gen.helm.pulling import pulled, update_dependencies
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.project.opening import OpenProject
from gitops_gen.runtime.scratch import scratch
from gitops_gen.starter.ignored import ignored, ignored_notes


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendoring:
    """The files that were written or removed, as paths in the project; what git would not commit of them."""

    files: tuple[str, ...]
    notes: tuple[str, ...]


def vendor(opened: OpenProject) -> Vendoring:
    """Complete charts/ of each chart folder that an environment uses and that has dependencies from a repository.

    With a lock that fits Chart.yaml, the versions in it are pulled; else the newest ones in the ranges of Chart.yaml,
    and a lock is written. Each chart is changed completely or not at all. Raises `ProblemsError` with every chart that
    cannot be completed, and `ChartError` when one needs `helm` and there is none.
    """
    problems: list[Problem] = []
    files: list[str] = []
    for path in _charts(opened):
        try:
            files += _vendored(opened.folder, path)
        except ChartError as error:
            problems.append(Problem(file=f"{path}/{CHART_FILE}", message=str(error), hint=error.hint))
    fail_if_any(problems)
    return Vendoring(files=tuple(files), notes=tuple(_notes(opened.folder, files)))


def _charts(opened: OpenProject) -> list[str]:
    """The charts in this repository; each must be written to, so that no symlink leads there."""
    environments, _ = opened.environments()
    found = [item.chart.own_folder for item in environments if item.chart.own_folder]
    folders = opened.charts.places.folders
    return [path for path in dict.fromkeys(found) if folders.links(path) is not None and _lacks(opened.folder / path)]


def _lacks(chart: Path) -> bool:
    dependencies = Dependencies(chart)
    if not any(item.repository and not item.is_local for item in dependencies.declared):
        return False  # the others are folders here, which need no copy
    return bool(dependencies.lock_fault or dependencies.missing or dependencies.others_than_locked)


def _vendored(project: Path, path: str) -> Iterator[str]:
    """In a copy next to the chart, from which `file://` leads to the same folders."""
    chart = Path(os.path.normpath(project / path))
    with scratch(chart.parent) as copy:
        shutil.copytree(chart, copy, dirs_exist_ok=True)
        if Dependencies(copy).lock_fault:
            update_dependencies(copy)
        else:
            _complete(copy)
        lacking = Dependencies(copy).missing
        if lacking:
            names = ", ".join(item.name for item in lacking)
            raise ChartError(f"{names}: still missing in {CHARTS}/", "put what has no `repository` there")
        yield from (f"{path}/{name}" for name in _taken_over(copy, chart))


def _complete(chart: Path) -> None:
    """Put into charts/ what the lock has and charts/ lacks."""
    for item in Dependencies(chart).others_than_locked:
        for old in archives_of(chart / CHARTS, item.name):
            old.unlink()
        (chart / CHARTS).mkdir(exist_ok=True)
        if item.is_local:
            _pack(item, chart)
            continue
        with pulled(item.repository, item.name, item.version, chart.parent) as archive:
            shutil.move(archive, chart / CHARTS / archive.name)


def _pack(item: ChartDependency, chart: Path) -> None:
    name, version, archive = packed_chart(chart / item.local_path)
    if (name, version) != (item.name, item.version):
        raise ChartError(f"{item.repository} is {name} {version}, the lock has {item.name} {item.version}", "")
    (chart / CHARTS / f"{name}-{version}.tgz").write_bytes(archive)


def _taken_over(copy: Path, chart: Path) -> Iterator[str]:
    """The files of charts/ and the lock that differ, put where the chart is."""
    root = Root(chart, "chart")
    for name in sorted({*_kept(copy), *_kept(chart)}):
        source, target = copy / name, root.target(name)
        if not source.is_file():
            target.unlink()
        elif not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        else:
            continue
        yield name


def _kept(chart: Path) -> list[str]:
    files = [*(chart / name for name in LOCK_FILES), *(chart / CHARTS).glob("*gz")]
    return [file.relative_to(chart).as_posix() for file in files if file.is_file()]


def _notes(project: Path, files: list[str]) -> Iterator[str]:
    if not files or git_root(project.resolve()) is None:
        return
    there = [path for path in files if (project / path).is_file()]
    yield from ignored_notes(ignored(project, there))

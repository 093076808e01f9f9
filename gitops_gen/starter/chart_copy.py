"""A copy of somebody's chart: what Helm needs of it, so that every clone renders it as this machine does."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.helm.dependencies import CHARTS, Dependencies
from gitops_gen.helm.digest import is_loop
from gitops_gen.helm.engine import ChartError
from gitops_gen.models.layout import CHART_FILE, VALUES_FILE
from gitops_gen.starter.ignored import IGNORE_FILE, ignored

_LITTER = shutil.ignore_patterns("__pycache__", "*.pyc", ".git", ".DS_Store", "*.swp", "*~")


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """What is worth a word about a copy: dependencies that were copied from next to the chart, and files that were
    left out because git ignores them at the chart's own place.
    """

    dependencies: tuple[str, ...]
    left_out: tuple[str, ...]


def copy_chart(source: Path, target: Path) -> Copied:
    """Copy the chart in `source` to `target`, with its `file://` dependencies in charts/.

    Left out is what nobody commits: caches, and what git ignores there, dependencies excepted. Raises `UsageError` and
    `ChartError` when `source` is not a chart, `GitopsError` when it cannot be copied.
    """
    if not (source / CHART_FILE).is_file():
        raise UsageError(f"{source} is not a chart: it has no {CHART_FILE}", "use the folder that contains Chart.yaml")
    if target.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"the new project would be inside the chart {source}", "choose another folder")
    copy_folder(source, target)
    left_out = tuple(_leave_out(source, target))
    dependencies = tuple(_bring_dependencies(source, target, ()))
    for file in (target / CHARTS).rglob(IGNORE_FILE):
        file.unlink()
    return Copied(dependencies=dependencies, left_out=left_out)


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder without caches, links followed. Raises `GitopsError`."""
    if loop := next(_loops(source), None):
        raise GitopsError(f"{loop} is a symlink to one of its parent folders", "remove it from the chart")
    try:
        shutil.copytree(source, target, ignore=_LITTER, dirs_exist_ok=True)
    except shutil.Error as error:
        place, _, reason = error.args[0][0]
        raise GitopsError(f"{place} cannot be copied: {reason}", "fix it or remove it from the chart") from error


def _loops(source: Path) -> Iterator[Path]:
    for folder, folders, _ in os.walk(source, followlinks=False):
        yield from (link for name in folders if is_loop(link := Path(folder, name)))


def _leave_out(source: Path, target: Path) -> Iterator[str]:
    """Remove from the copy what git ignores in the original, except dependencies."""
    names = [path.relative_to(target).as_posix() for path in sorted(target.rglob("*")) if path.is_file()]
    candidates = [name for name in names if not name.startswith(f"{CHARTS}/") and _is_plain(source, name)]
    for found in ignored(source, candidates):
        if found.path not in (CHART_FILE, "Chart.lock", VALUES_FILE):
            (target / found.path).unlink()
            yield found.path


def _is_plain(source: Path, name: str) -> bool:
    """Whether no part of the path is a symlink, beyond which git does not look."""
    return not any((source / part).is_symlink() for part in (Path(name), *Path(name).parents[:-1]))


def _bring_dependencies(source: Path, target: Path, above: tuple[Path, ...]) -> Iterator[str]:
    """Copy into charts/ each `file://` dependency that is missing, as `helm dependency build` does, and those of it.

    https://helm.sh/docs/helm/helm_dependency/
    """
    for item in Dependencies(target).missing:
        if not item.is_local:
            continue
        origin = (source / item.local_path).resolve()
        if origin in above or not (origin / CHART_FILE).is_file():
            where = f"{source / CHART_FILE}: the dependency `{item.name}`"
            raise ChartError(f"{where} is not a chart at {item.repository}")
        copy_folder(origin, target / CHARTS / item.name)
        yield item.name
        yield from _bring_dependencies(origin, target / CHARTS / item.name, (*above, origin))

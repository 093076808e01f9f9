"""Dependencies of a chart that are folders of this repository (`repository: file://…`).

Where charts/ lacks one, Argo CD runs `helm dependency build` in its checkout before it renders. The same is made here,
offline and in a scratch folder: the checkout stays as it is.
https://github.com/argoproj/argo-cd/blob/v3.5.1/reposerver/repository/repository.go (`runHelmBuild`)
"""

import atexit
import posixpath
import shutil
import tempfile
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

from gitops_gen.git.paths import PathError, Root
from gitops_gen.git.snapshot import Files
from gitops_gen.helm.dependencies import CHARTS, FILES, ChartDependency, Dependencies, archives_of, packed_chart
from gitops_gen.helm.engine import ChartError
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.runtime.scratch import scratch

VENDOR = "run `gitops-gen chart vendor` and commit charts/ and the lock"


def needed_folders(root: Root, chart: str) -> tuple[str, ...]:
    """The folders that the chart needs and its charts/ lacks; `chart` and they are paths from the root.

    Raises `PathError` for one outside of the root.
    """
    missing = Dependencies(Path(root.folder, chart)).missing
    return tuple(root.resolved(_inside(chart, item)) for item in missing if item.is_local)


def _inside(chart: str, dependency: ChartDependency) -> str:
    return posixpath.normpath(posixpath.join(chart, dependency.local_path))


def need_chart(files: Files, chart: str) -> None:
    """Have a chart's folder on disk, with what symlinks in it lead to and the other folders that it needs.

    Raises `PathError` for a symlink that leaves the repository.
    """
    files.need([chart])
    files.need(needed_files(files, chart))


def needed_files(files: Files, chart: str) -> tuple[str, ...]:
    """The same of a chart that need not be on disk; nothing for a wrong path, which `complete` reports."""
    files.need([f"{chart}/{name}" for name in FILES])
    with suppress(PathError):
        return needed_folders(Root(files.top, "git repository"), chart)
    return ()


def complete(folder: Path, root: Root, chart: str) -> Path:
    """The chart's folder; where charts/ lacks such folders, a copy that has them.

    Raises `ChartError` where charts/ lacks another dependency, and where `helm dependency build` fails; `PathError`.
    """
    dependencies = Dependencies(folder)
    missing = dependencies.missing
    if not missing:
        return folder
    others = [item for item in missing if not item.is_local]
    if others:
        raise _missing(others, dependencies)
    if dependencies.locked and (fault := dependencies.lock_fault):
        raise ChartError(f"{fault}, and `helm dependency build` refuses it in Argo CD", VENDOR)
    copy = Path(tempfile.mkdtemp(dir=_scratch()), folder.name)
    shutil.copytree(folder, copy)
    for item in (item for item in dependencies.declared if item.is_local):
        _put(item, dependencies, root, chart, copy / CHARTS)
    return copy


def _missing(missing: list[ChartDependency], dependencies: Dependencies) -> ChartError:
    names = ", ".join(item.name for item in missing)
    message = f"found in Chart.yaml, but missing in {CHARTS}/ directory: {names}"
    if not all(item.repository for item in missing):
        return ChartError(message, f"put each into {CHARTS}/, or give it a `repository` in {CHART_FILE}")
    return ChartError(f"{message}; {fault}" if (fault := dependencies.lock_fault) else message, VENDOR)


def _put(item: ChartDependency, dependencies: Dependencies, root: Root, chart: str, target: Path) -> None:
    """Put one dependency into charts/ as an archive, in the place of another version."""
    source = Path(root.folder, root.resolved(_inside(chart, item)))
    if not (source / CHART_FILE).is_file():
        raise ChartError(f"the dependency `{item.name}` is not a chart at {item.repository}", "correct the path")
    name, version, archive = packed_chart(source)
    locked = {entry.version for entry in dependencies.locked if entry.name == item.name}
    if locked and version not in locked:
        wrong = (
            f"the dependency `{item.name}` at {item.repository} is version {version}, the lock has {', '.join(locked)}"
        )
        raise ChartError(f"{wrong}: `helm dependency build` refuses it in Argo CD", VENDOR)
    target.mkdir(exist_ok=True)
    for old in archives_of(target, name):
        old.unlink()
    if not (target / name / CHART_FILE).is_file():
        (target / f"{name}-{version}.tgz").write_bytes(archive)


@cache
def _scratch() -> Path:
    """A folder of this process: engines, also those of worker processes that it starts, read from it until it ends."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(scratch())

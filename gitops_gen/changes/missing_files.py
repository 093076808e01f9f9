"""Files that a command needs and a checkout of a commit lacks: edits of generated files (for `adopt`), and parts of a
chart that git ignores.
"""

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from gitops_gen.git.objects import contents_of
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import run
from gitops_gen.models.layout import PULLED
from gitops_gen.project.opening import OpenProject

_DEPENDENCIES = "/charts/"


def fill(opened: OpenProject, folder: Path, generated: Sequence[str], commit: str) -> None:
    """Copy from the workspace into `folder`, its project at `commit`: uncommitted generated files (unless the commit
    has others than HEAD), pulled charts, and dependencies of the chart that git ignores.
    """
    for path in (*same_at(opened.folder, generated, commit), *_ignored(opened)):
        source, target = Root(opened.folder), Root(folder).target(path)
        if source.is_file(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read(path))
        else:
            target.unlink(missing_ok=True)


def same_at(project: Path, paths: Sequence[str], commit: str) -> Iterator[str]:
    """Those of the paths that a commit has as HEAD has them."""
    inside = prefix(project)
    head, there = (contents_of(project, [f"{at}:{inside}{path}" for path in paths]) for at in ("HEAD", commit))
    return (path for path, left, right in zip(paths, head, there, strict=True) if left == right)


def _ignored(opened: OpenProject) -> Iterator[str]:
    folder = opened.folder
    yield from run(folder, "ls-files", "-z", "--others", "--", PULLED).split("\0")[:-1]
    for chart in opened.chart_folders():
        arguments = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", posixpath.normpath(chart))
        yield from (path for path in run(folder, *arguments).split("\0")[:-1] if _DEPENDENCIES in path)

"""The charts that are folders of a repository, as the files of one state of it are on disk."""

import os
import posixpath
from pathlib import Path

from gitops_gen.git.paths import PathError, Root
from gitops_gen.git.repository import git_root, prefix
from gitops_gen.helm.dependencies import CHARTS, ChartDependency, Dependencies
from gitops_gen.helm.engine import ChartError
from gitops_gen.models.layout import CHART_FILE, VALUES_FILE
from gitops_gen.project.environment import ChartSource
from gitops_gen.project.local_dependencies import VENDOR, complete, needed_folders
from gitops_gen.project.reading import read_text


class ChartFolders:
    """The charts of the project in `folder`, at `prefix` (empty or ending in `/`) of the git repository at `top`."""

    def __init__(self, folder: Path, top: Path, prefix: str) -> None:
        self._folder, self._root, self._prefix = folder, Root(top, "git repository"), prefix
        self._links: dict[str, dict[str, str]] = {}
        self._complete: dict[str, Path] = {}
        self._needed: dict[str, tuple[str, ...]] = {}

    def folder(self, path: str) -> Path:
        """The folder of a chart, every symlink in it followed; a copy of it where charts/ lacks folders of this
        repository that it depends on. Raises `ChartError`.
        """
        if path not in self._complete:
            self.links(path)
            if not self._root.is_file(f"{self.from_top(path)}/{CHART_FILE}"):
                hint = "set `chart.path` in gitops.yaml to the chart's folder"
                raise ChartError(f"{path}: has no {CHART_FILE}", hint)
            self._complete[path] = self._completed(path)
        return self._complete[path]

    def _completed(self, path: str) -> Path:
        try:
            for other in self.needed_folders(path):
                self._root.links(other)
            return complete(self._folder / path, self._root, self.from_top(path))
        except PathError as error:
            raise self._refused(error) from error
        except ChartError as error:
            raise ChartError(f"{path}: {error}", error.hint) from error
        except OSError as error:
            what = f"{path}: the dependency at {error.filename} cannot be read"
            raise ChartError(what, f"correct its `repository` in {path}/{CHART_FILE}") from error

    def links(self, path: str) -> dict[str, str]:
        """The symlinks of a chart folder and where they lead to, as paths from the git root. Raises `ChartError`."""
        inside = self.from_top(path)
        if inside not in self._links:
            try:
                self._links[inside] = self._root.links(inside)
            except PathError as error:
                raise self._refused(error) from error
            except OSError:
                self._links[inside] = {}  # no folder
        return self._links[inside]

    def dependency_note(self, path: str) -> str:
        """What to know of a chart's charts/ that Argo CD renders as it is: that Chart.yaml or the lock asks for others.
        Nothing without a lock.
        """
        own = Dependencies(self._folder / path)
        if not own.locked or own.missing:
            return ""
        others = ", ".join(f"{item.name} {item.version}" for item in own.others_than_locked)
        fault = own.lock_fault or (f"the lock has {others}, and {CHARTS}/ does not" if others else "")
        return f"{path}: {fault}; Argo CD renders what is in {CHARTS}/: {VENDOR}" if fault else ""

    def unlocked(self, path: str) -> list[tuple[ChartDependency, str]]:
        """The dependencies that are folders of this repository, missing in charts/ and in no lock, each with its
        version. Raises `ChartError`.
        """
        own, made = Dependencies(self._folder / path), self.folder(path)
        if made == self._folder / path or own.locked:
            return []
        versions = dict(Dependencies(made).present)
        return [(item, versions[item.name]) for item in own.declared if item.is_local and item.name in versions]

    def needed_folders(self, path: str) -> tuple[str, ...]:
        """The folders of this repository that a chart depends on and its charts/ lacks, as paths from the git root.
        Raises `ChartError`.
        """
        if path not in self._needed:
            try:
                self._needed[path] = needed_folders(self._root, self.from_top(path))
            except PathError as error:
                raise self._refused(error) from error
        return self._needed[path]

    def apart(self, path: str) -> tuple[str, ...]:
        """Where symlinks of a chart folder lead to outside of it, and the folders that it depends on, as paths from the
        git root: such as a library chart that several charts share. Argo CD follows them inside the repository. Of a
        chart that is behind a symlink itself, the real folder too.
        """
        targets = {*self.links(path).values(), *self.needed_folders(path)}
        inside = self._root.resolved(self.from_top(path))
        outside = {item for item in targets if not f"{item}/".startswith(f"{inside}/" if inside else "")}
        return tuple(sorted(outside | ({inside} - {self.from_top(path)} if inside else set())))

    def values_text(self, source: ChartSource) -> str:
        """The text of the chart's values.yaml, where that is a file of this repository; else nothing. Raises
        `ProblemsError`.
        """
        file = f"{self.from_top(source.path)}/{VALUES_FILE}"
        return read_text(self._root, file) if source.own_folder and self._root.is_file(file) else ""

    def text(self, path: str) -> str:
        """The text of a file at a path that a rendered object names as its source; nothing when there is none in the
        repository, because a chart can name any file.
        """
        try:
            return self._root.read(self.from_top(path)).decode(errors="replace")
        except (OSError, PathError):
            return ""

    def from_top(self, path: str) -> str:
        """The path from the git root of a path in the project."""
        return posixpath.normpath(self._prefix + path)

    def _refused(self, error: PathError) -> ChartError:
        shown = os.path.relpath(self._root.folder + "/" + error.path, self._folder)
        problem = error.problems[0]
        if "git repository" in problem.message:
            return ChartError(f"{shown} is outside of the git repository, where Argo CD sees nothing", "move it inside")
        return ChartError(f"{shown} {problem.message}", problem.hint)


def chart_folders(folder: Path) -> ChartFolders:
    """The charts of the project in a folder, which a git repository may hold."""
    return ChartFolders(folder, git_root(folder.resolve()) or folder, prefix(folder))

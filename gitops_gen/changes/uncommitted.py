"""Uncommitted changes in the working tree when a commit is to be made, and which of them the commit would need.

A command commits what follows from committed inputs. So a file that would lead to another commit stops it, and any
other is left as it is.
"""

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.changes.decision import Decide, Decision
from gitops_gen.errors import GitopsError, ProblemsError
from gitops_gen.git.checkout import not_committed
from gitops_gen.git.paths import PathError, Root
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import run
from gitops_gen.models.layout import (
    ARGOCD_FOLDER,
    environment_folder,
    generated_paths,
    input_places,
    is_generated_path,
    is_input_path,
    read_for,
)
from gitops_gen.project.opening import OpenProject, open_project
from gitops_gen.project.projects import Projects
from gitops_gen.project.reading import text_if_any

_FEW = 20
"""Files that are checked one by one."""

_SAID = 5
_KEPT = "H"
"""A tracked file that git compares with the working tree (https://git-scm.com/docs/git-ls-files, `-v`)."""

_OTHER = "?"


class InTheWayError(ProblemsError):
    """Uncommitted changes that a commit would need or overwrite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Uncommitted:
    """Paths from the project that differ from HEAD: what people write (`inputs`, the chart's files among them) and what
    is generated; `partial`: git is configured to ignore a part of the working tree.
    """

    inputs: tuple[str, ...]
    generated: tuple[str, ...]
    partial: bool

    @property
    def clean(self) -> bool:
        """Whether the project in the working tree is the one that is committed."""
        return not (self.inputs or self.generated or self.partial)


def read_uncommitted(opened: OpenProject) -> Uncommitted:
    """What differs from HEAD; files that git ignores, or is configured to ignore, count where they are inputs."""
    folder = opened.folder
    inside, charts = prefix(folder), _charts(opened)
    status = ("status", "--porcelain", "--ignore-submodules=dirty", "--untracked-files=normal", "--no-renames", "-z")
    records = [record[3:] for record in run(folder, *status).split("\0")[:-1]]
    tagged = list(_tagged(folder, [*input_places(_folders(opened)), ARGOCD_FOLDER]))
    paths = {path.removeprefix(inside) for path in records if path.startswith(inside)}
    paths |= {path for tag, path in tagged if tag == _OTHER}
    # An untracked folder is one record; the chart may be in it, or next to the project.
    changed = {path for path in records if path.startswith(charts)}
    changed |= {path for path in records if path.endswith("/") and any(chart.startswith(path) for chart in charts)}
    inputs = {path for path in paths if is_input_path(path)}
    inputs |= {os.path.relpath(path, inside or ".") for path in changed}
    return Uncommitted(
        inputs=tuple(sorted(inputs)),
        generated=tuple(sorted(filter(is_generated_path, paths))),
        partial=any(tag not in (_KEPT, _OTHER) for tag, _ in tagged),
    )


def _folders(opened: OpenProject) -> tuple[str, ...]:
    return Projects(opened.inputs).folders


def _tagged(folder: Path, places: Iterable[str]) -> Iterator[tuple[str, str]]:
    for record in run(folder, "ls-files", "-z", "-v", "--cached", "--others", "--", *places).split("\0")[:-1]:
        tag, _, path = record.partition(" ")
        yield tag, path


def _charts(opened: OpenProject) -> tuple[str, ...]:
    """The charts' folders from the git root, each ending in `/`."""
    inside = prefix(opened.folder)
    return tuple(f"{posixpath.normpath(inside + path)}/" for path in opened.chart_folders())


Texts = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Guard:
    """Compares what a command decides on the committed state with what it would on the working tree."""

    user: OpenProject
    committed: OpenProject
    decide: Decide
    uncommitted: Uncommitted

    def decision(self) -> Decision:
        """The decision on the committed state. Raises `InTheWayError`, and what deciding raises."""
        try:
            decision = self.decide(self.committed)
        except GitopsError as error:
            self.explain(error)
            raise
        self.require(decision)
        return decision

    def explain(self, error: GitopsError) -> None:
        """Raise `InTheWayError` when it is only for want of uncommitted files that the decision fails."""
        if not self.uncommitted.inputs:
            return
        found = self._result(self.user)
        if isinstance(found, str):
            if found != str(error):
                not_committed = f"ignored, because not committed: {', '.join(self.uncommitted.inputs[:_SAID])}"
                error.hint = "; ".join(filter(None, (error.hint, not_committed)))
            return
        culprits = [path for path in self._few() if not isinstance(self._with_one(path), str)]
        raise self._stopped(culprits or list(self.uncommitted.inputs)) from error

    def require(self, decision: Decision) -> None:
        """Raise `InTheWayError` for files that the change overwrites or that lead to another change."""
        given_up = is_generated_path if decision.draft.overwrite else lambda _path: False
        differs = {*self.uncommitted.inputs, *self.uncommitted.generated}
        culprits = {item.path for item in decision.changes if item.path in differs and not given_up(item.path)}
        if culprits or self.uncommitted.inputs:
            culprits |= set(self._needed(decision))
        if culprits:
            raise self._stopped(sorted(culprits))

    def _needed(self, decision: Decision) -> Iterator[str]:
        """The uncommitted inputs with which the decision would be another one."""
        wanted = _texts(decision, self.committed.folder)
        found = self._result(self.user)
        if found == wanted:
            return
        culprits = [path for path in self._few() if self._is_needed(path, self._with_one(path), wanted, decision)]
        yield from culprits
        if not culprits and not isinstance(found, str):
            yield from self.uncommitted.inputs

    def _few(self) -> tuple[str, ...]:
        return self.uncommitted.inputs if len(self.uncommitted.inputs) <= _FEW else ()

    def _is_needed(self, path: str, found: Texts | str, wanted: Texts, decision: Decision) -> bool:
        if isinstance(found, str):  # somebody is in the middle of writing it
            folders = {f"{environment_folder(name)}/" for name in decision.draft.environments}
            shared = {file for name in decision.draft.environments for file in read_for(name)}
            return path in shared or any(path.startswith(folder) for folder in folders)
        return found != wanted

    def _with_one(self, path: str) -> Texts | str:
        """What comes of the committed state with this one file as it is in the working tree."""
        try:
            file, edited = Root(self.committed.folder).target(path), Root(self.user.folder).target(path)
        except PathError as error:
            return str(error)
        if edited.is_dir():
            return ""
        old = file.read_bytes() if file.is_file() else None
        _put(file, edited.read_bytes() if edited.is_file() else None)
        try:
            return self._result(open_project(self.committed.folder, self.committed.engine))
        finally:
            _put(file, old)

    def _result(self, opened: OpenProject) -> Texts | str:
        """The files as a decision leaves them, or why there is none."""
        try:
            decision = self.decide(opened)
        except GitopsError as error:
            return str(error)
        return _texts(decision, opened.folder)

    def _stopped(self, paths: list[str]) -> InTheWayError:
        return InTheWayError(map(not_committed, paths))


def _texts(decision: Decision, folder: Path) -> Texts:
    """Every file that the decision is about, as it leaves them."""
    texts: dict[str, str | None] = dict(decision.draft.files)
    for name in decision.draft.environments:
        for path in generated_paths(name):
            texts[path] = text_if_any(Root(folder), path)
    return texts | {item.path: item.new for item in decision.changes}


def _put(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)

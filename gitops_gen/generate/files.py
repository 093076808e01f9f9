"""Compares the desired generated files with those on disk, and writes the difference.

Every generated file starts with a comment that names its inputs and the command that makes it; a file without it is
never touched. The comment holds no checksum, so that branches merge in generated files as in their inputs. Whether a
file is behind its inputs or was edited is decided by its content (`provenance`).
"""

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gitops_gen.errors import GitopsError, Problem, fail_if_any
from gitops_gen.git.paths import PathError, Root
from gitops_gen.models.layout import (
    APP_PROJECTS,
    APPLICATIONS,
    ARGOCD_FOLDER,
    ENVIRONMENTS,
    HEADER,
    OLD_HEADERS,
    PROJECT_FILE,
    ROOT_FILE,
    environment_of,
    project_folder,
    values_path,
)
from gitops_gen.runtime.activity import timed
from gitops_gen.runtime.replacing import replace_file
from gitops_gen.runtime.scratch import TEMPORARY

_MARKS = (HEADER, f"{OLD_HEADERS[0]}gitops-gen ")
_COMMAND = re.compile(r"`gitops-gen generate ?([^` ]*)`")
_OLD_CHECKSUM = re.compile(rf"{OLD_HEADERS[0]}.*\n{OLD_HEADERS[1]}.*\bsha256:([0-9a-f]{{16}})\n")
"""The comment of 0.1.0, which held a checksum of what follows it."""
_CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)


class State(StrEnum):
    """How a file on disk differs from the desired one."""

    MISSING = "missing"
    STALE = "stale"
    EDITED = "edited by hand"
    CONFLICT = "in a merge conflict"
    ORPHANED = "orphaned"
    FOREIGN = "not generated"
    ABSENT = "stale and not checked out"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One file that differs: its path in the project, how, its text now (None: absent) and as it should be (None:
    not at all).
    """

    path: str
    state: State
    old: str | None
    new: str | None


def stamp(body: str, sources: Sequence[str], command: str) -> str:
    """`body` under the comment that marks it as generated."""
    return f"{HEADER}{command}` from {', '.join(sources)}; do not edit.\n{body}"


def owner(text: str) -> str:
    """The environment that a generated file says it belongs to; empty for one of the whole project."""
    match = _COMMAND.search(text)
    return match[1] if match else ""


def is_intact(text: str) -> bool | None:
    """Whether the checksum in a file of 0.1.0 holds; None for a file without one."""
    match = _OLD_CHECKSUM.match(text)
    return match[1] == hashlib.sha256(text[match.end() :].encode()).hexdigest()[:16] if match else None


def is_generated(text: str) -> bool:
    """Whether the text carries the comment of a generated file (a merge conflict may be above it)."""
    return text.startswith(_MARKS) or (bool(_CONFLICT.search(text)) and any(mark in text for mark in _MARKS))


def _state(old: str, new: str | None) -> State:
    if not is_generated(old):
        return State.FOREIGN
    if _CONFLICT.search(old):
        return State.CONFLICT
    return State.ORPHANED if new is None else State.STALE


def compare(root: Path, desired: Mapping[str, str], owned: Iterable[str] = ()) -> list[Change]:
    """Every file that is not as it should be, in path order; none is called edited yet.

    `desired` maps paths to whole texts; generated files of `owned` that are not in it are orphans.
    """
    here = Root(root)
    changes = [change for path, new in desired.items() if (change := _compare_one(here, path, new))]
    changes += [change for path in owned if path not in desired and (change := _compare_orphan(here, path))]
    return sorted(changes, key=lambda change: change.path)


def _compare_one(root: Root, path: str, new: str) -> Change | None:
    try:
        old = _read(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return Change(path=path, state=State.MISSING, old=None, new=new)
    except (UnicodeDecodeError, OSError, PathError):
        return Change(path=path, state=State.FOREIGN, old=None, new=new)
    return None if old == new else Change(path=path, state=_state(old, new), old=old, new=new)


def _compare_orphan(root: Root, path: str) -> Change | None:
    try:
        old = _read(root, path)
    except (UnicodeDecodeError, OSError, PathError):
        return None
    state = _state(old, None)
    return None if state is State.FOREIGN else Change(path=path, state=state, old=old, new=None)


def _read(root: Root, path: str) -> str:
    """A file's text; CRLF line ends are not a difference. Raises `PathError` for a symlink: what is behind it was not
    generated.
    """
    return root.read_unlinked(path).decode().replace("\r\n", "\n")


def edited_hint(change: Change) -> str:
    """The hint for a generated file that was edited by hand."""
    give_up = "`gitops-gen generate --overwrite` discards the edit"
    name = environment_of(change.path)
    if not name or change.new is None:
        return f"change the files that its first line names; {give_up}"
    return f"`gitops-gen adopt {name}` moves the edit into the inputs, {give_up}"


def owned_files(root: Path, projects: Sequence[str] = ("",)) -> Iterator[str]:
    """Every file at a path that is reserved for generated files; `projects` are the folders of the projects."""
    for project in projects:
        for name in _listing(root / project / ENVIRONMENTS):
            if os.path.isfile(f"{root}/{values_path(project + name)}"):
                yield values_path(project + name)
    for folder in (APP_PROJECTS, APPLICATIONS):
        for place, _, names in os.walk(root / folder):
            inside = Path(place).relative_to(root).as_posix()
            for path in (f"{inside}/{name}" for name in sorted(names) if name.endswith(".yaml")):
                yield path
                yield from _values_of_gone(root, path, projects)
    if (root / ROOT_FILE).is_file():
        yield ROOT_FILE


def _values_of_gone(root: Path, manifest: str, projects: Sequence[str]) -> Iterator[str]:
    """The generated values of an environment whose project is gone: only its manifests tell where they are."""
    name = environment_of(manifest)
    values = values_path(name)
    if manifest.startswith(APPLICATIONS) and project_folder(name) not in projects and (root / values).is_file():
        yield values


def _listing(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def blocked(root: Path, changes: Iterable[Change], *, overwrite: bool) -> Iterator[Problem]:
    """The problems that stop the changes from being written, because content would be lost."""
    for change in changes:
        if change.state is State.FOREIGN:
            yield _foreign(root, change.path)
        elif change.state is State.EDITED and not overwrite:
            yield Problem(file=change.path, message="was edited by hand", hint=edited_hint(change))
        elif change.state is State.ABSENT:
            folder = change.path.rpartition("/")[0]
            hint = f"check it out: `git sparse-checkout add {folder}`"
            yield Problem(file=change.path, message="would change but is not checked out", hint=hint)
    for folder in (ARGOCD_FOLDER, APP_PROJECTS, APPLICATIONS):
        if (root / folder).exists() and not (root / folder).is_dir():
            hint = "make it a folder: generated files are written into it"
            yield Problem(file=folder, message="is not a folder", hint=hint)


def _foreign(root: Path, path: str) -> Problem:
    unwritten = Problem(
        file=path, message="was not written by gitops-gen", hint="move or delete it, then run the command again"
    )
    return next(iter(_linked(root, path)), unwritten)


@timed("write files")
def write(root: Path, changes: Iterable[Change]) -> None:
    """Make the files what they should be: each is replaced in one step, so that a kill leaves it old or new. Raises
    `GitopsError`; nothing is written when a symlink is on the way to one of them.
    """
    changes = list(changes)
    fail_if_any(problem for change in changes for problem in _linked(root, change.path))
    try:
        for change in changes:
            if change.new is not None:
                replace_file(f"{root}/{change.path}", change.new.encode())
        for change in changes:
            if change.new is None:
                _remove(root / change.path)
    except OSError as error:
        raise GitopsError(
            f"{error.filename}: {error.strerror}",
            "no file is half-written; fix this and run the command again",
        ) from error


def _linked(root: Path, path: str) -> Iterable[Problem]:
    try:
        Root(root).target(path)
    except PathError as error:
        return error.problems
    return ()


def _remove(path: Path) -> None:
    path.unlink()
    try:
        path.parent.rmdir()
    except OSError:
        return


def sweep(root: Path, projects: Iterable[str] = ("",)) -> None:
    """Remove temporary files of a killed run; `projects` are the folders of the projects."""
    places = (f".{PROJECT_FILE}", f"{ENVIRONMENTS}/*/.*")
    inputs = (f"{glob.escape(project)}{place}" for project in {"", *projects} for place in places)
    for pattern in (f"{ARGOCD_FOLDER}/**/.*", *inputs):
        for leftover in root.glob(f"{pattern}{TEMPORARY}"):
            with suppress(PathError, IsADirectoryError, PermissionError):  # a folder is not ours
                Root(root).target(leftover.relative_to(root).as_posix()).unlink(missing_ok=True)

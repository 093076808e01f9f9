"""Commits that others pushed after a decision was made, and their effect on that decision."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_gen.changes.decision import Decision
from gitops_gen.changes.project_history import values_at
from gitops_gen.errors import ProblemsError
from gitops_gen.git.runner import run
from gitops_gen.names import printable
from gitops_gen.yaml.editing.data import same
from gitops_gen.yaml.editing.difference import KeyDifference, differences
from gitops_gen.yaml.editing.style import Style, inline
from gitops_gen.yaml.key_paths import KeyPath, value_at
from gitops_gen.yaml.reader import load

_NAMED = 5
_FIELDS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Theirs:
    """A commit by another author."""

    id: str
    author: str
    subject: str

    @property
    def described(self) -> str:
        """The commit in a sentence."""
        return f"{self.author} ({self.id[:12]} {self.subject})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Meeting:
    """One key that a decision changes: its value before the others' commits and after them, and as it is wanted; each
    with whether it is set.
    """

    path: str
    key: KeyPath
    before: tuple[bool, Any]
    theirs: tuple[bool, Any]
    mine: tuple[bool, Any]

    @property
    def changed(self) -> bool:
        """Whether others changed it."""
        return not _equal(self.before, self.theirs)

    @property
    def agrees(self) -> bool:
        """Whether it is as it is wanted."""
        return _equal(self.theirs, self.mine)


def commits_between(project: Path, old: str, new: str, paths: Sequence[str] = ()) -> list[Theirs]:
    """The commits that `new` has and `old` has not, the newest first; with `paths`, those that changed them."""
    arguments = ("log", "-z", "--no-show-signature", "--format=tformat:%H%x00%an%x00%s", f"{old}..{new}", "--", *paths)
    fields = run(project, *arguments).split("\0")
    return [
        Theirs(id=fields[at], author=printable(fields[at + 1]), subject=printable(fields[at + 2]))
        for at in range(0, len(fields) - _FIELDS + 1, _FIELDS)
    ]


def came_in(project: Path, old: str, new: str, where: str) -> Iterator[str]:
    """A line for what the remote had, and some for its newest commits."""
    found = commits_between(project, old, new)
    if not found:
        return
    many = f"{len(found)} commits that are" if len(found) > 1 else "a commit that is"
    yield f"{where} has {many} not in the local branch; this change is applied on top:"
    yield from (f"  {item.id[:12]} {item.subject} ({item.author})" for item in found[:_NAMED])
    if len(found) > _NAMED:
        yield f"  … and {len(found) - _NAMED} older ones"


def who_changed(project: Path, old: str, new: str, path: str, key: KeyPath) -> Theirs | None:
    """The newest commit between the two that changed a key of a file; None when there is none."""
    for commit in commits_between(project, old, new, [path]):
        before, after = values_at(project, [(f"{commit.id}^", path), (commit.id, path)])
        if not _equal(value_at(before, key), value_at(after, key)):
            return commit
    return None


def said(found: tuple[bool, Any]) -> str:
    """A value as a message shows it; `not set` without one."""
    there, value = found
    return inline(value, Style(), flow=False) if there else "not set"


def wanted_keys(decision: Decision, at: str) -> dict[str, list[KeyDifference]]:
    """What a decision changes key by key, in each hand-written file: against the commit that it was made on."""
    files = decision.draft.files
    before = values_at(decision.opened.folder, [(at, path) for path in files])
    return {
        path: list(differences(old, _parsed(text, path)))
        for (path, text), old in zip(files.items(), before, strict=True)
    }


def met(project: Path, wanted: Mapping[str, list[KeyDifference]], old: str, new: str) -> Iterator[Meeting]:
    """Each of the wanted keys, with its values at two commits."""
    paths = list(wanted)
    before, after = (values_at(project, [(commit, path) for path in paths]) for commit in (old, new))
    for path, was, now in zip(paths, before, after, strict=True):
        for change in wanted[path]:
            yield Meeting(
                path=path,
                key=change.path,
                before=value_at(was, change.path),
                theirs=value_at(now, change.path),
                mine=(change.now, change.new if change.now else None),
            )


def _parsed(text: str | None, path: str) -> Any:
    try:
        return (load(text, path) if text else None) or {}
    except ProblemsError:
        return {}


def _equal(left: tuple[bool, Any], right: tuple[bool, Any]) -> bool:
    return left[0] == right[0] and same(left[1], right[1])

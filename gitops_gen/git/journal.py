"""All or nothing for a change of several files: what they were is written down first, so that the next command can undo
what a killed one left half done. A file that was changed since is not touched.
"""

import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.lock import locked, state_folder
from gitops_gen.git.paths import PathError, Root, resolved
from gitops_gen.git.repository import git_root, prefix
from gitops_gen.git.runner import GitError, ask
from gitops_gen.git.temporary_checkout import remove_temporary_checkout
from gitops_gen.runtime.replacing import replace_file

_NEWEST = 100
"""Commits that may have come after a kill."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """One file of a change: its bytes before (None: does not exist) and the digest of those after."""

    old: bytes | None
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What the journal says: where, on which commit, and with which message a command was about to commit what."""

    project: Path
    head: str
    committing: bool
    message: str
    entries: Mapping[str, JournalEntry]


class UnfinishedError(GitopsError):
    """The operating system stopped a change: the hint says in which state the files are."""


@contextmanager
def session(project: Path) -> Iterator[tuple[str, ...]]:
    """Hold the checkout, with whatever a killed command left behind undone; gives what should be said about that."""
    with locked(project):
        remove_temporary_checkout(project)
        yield recover(project)


@contextmanager
def transaction(
    project: Path, files: Mapping[str, bytes | None], *, committing: bool, message: str = ""
) -> Iterator[None]:
    """Write `files` (path in the project → new bytes, None to delete) inside; undone when it does not end well.

    Then a file of a commit that was not made gets its old bytes whatever a hook made of the new ones.
    """
    journal = state_folder(project) / "journal.json"
    entries = {path: JournalEntry(old=_read(project / path), new=_digest(new)) for path, new in files.items()}
    head = _head(project) if git_root(project.resolve()) else ""
    record = Record(project=project.resolve(), head=head, committing=committing, message=message, entries=entries)
    _write(journal, record)
    try:
        yield
    except BaseException as error:
        _end(record, journal, error)
        raise
    journal.unlink()


def _end(record: Record, journal: Path, error: BaseException) -> None:
    """Undo a change that did not end well, unless its commit was made. Raises `UnfinishedError` when that cannot be
    done now, and for an error of the operating system, with what is true then.
    """
    try:
        landed, _ = _undone(record, by_hooks=record.committing)
    except (OSError, GitError) as second:
        said = f"{error}; a part of the change is written, and undoing it failed: {second}"
        hint = "free the disk or make it writable; the next gitops-gen command undoes the change"
        raise UnfinishedError(said, hint) from error
    journal.unlink(missing_ok=True)
    if isinstance(error, OSError):
        raise UnfinishedError(
            str(error), "its commit was made: see `git show`" if landed else "nothing was changed"
        ) from error


def recover(project: Path) -> tuple[str, ...]:
    """Undo what the journal of a killed command says; gives a line for the user when there was anything."""
    journal = state_folder(project) / "journal.json"
    if not journal.exists():
        return ()
    try:
        record = _record(journal)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, PathError):
        aside = journal.with_suffix(".damaged")
        journal.replace(aside)
        return (f"the record of an interrupted command cannot be read; check `git status` and {aside}",)
    landed, kept = _undone(record)
    journal.unlink()
    said = "an interrupted command " + ("had made its commit" if landed else "was undone")
    return (said, *(f"{path} was changed since and was not restored" for path in kept))


def _undone(record: Record, *, by_hooks: bool = False) -> tuple[bool, list[str]]:
    """Undo a record, unless its commit was made; says so, with the files that hold what somebody else wrote."""
    landed = git_root(record.project) is not None and _landed(record)
    kept = [] if landed else list(_undo(record.project, record.entries, by_hooks=by_hooks))
    if record.committing:
        _unstage(record.project, record.entries)
    return landed, kept


def _landed(record: Record) -> bool:
    """Whether one of the commits made since is ours: by its message, or by what it holds. Somebody else's commit that
    came after a kill is none.
    """
    if (head := _head(record.project)) == record.head:
        return False
    span = f"{record.head}..{head}" if record.head else head
    listed = ask(record.project, "rev-list", f"--max-count={_NEWEST}", span).text.split()
    return any(_is_ours(record, commit) for commit in listed)


def _is_ours(record: Record, commit: str) -> bool:
    subject = ask(record.project, "log", "-1", "--format=%s", commit).text.strip()
    if record.message and subject == record.message.split("\n", 1)[0].strip():
        return True
    return all(_committed(record.project, commit, path) == entry.new for path, entry in record.entries.items())


def _committed(project: Path, commit: str, path: str) -> str:
    answer = ask(project, "cat-file", "--filters", f"{commit}:{prefix(project)}{path}")
    return "" if answer.code else _digest(answer.out)


def _head(project: Path) -> str:
    return ask(project, "rev-parse", "--verify", "--quiet", "HEAD").text.strip()


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _read(path: Path) -> bytes | None:
    """A file's content; None when there is none, or something else in its place."""
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def _write(journal: Path, record: Record) -> None:
    files = {
        path: (None if entry.old is None else b64encode(entry.old).decode(), entry.new)
        for path, entry in record.entries.items()
    }
    data = {
        "project": os.fspath(record.project),
        "head": record.head,
        "committing": record.committing,
        "message": record.message,
        "files": files,
    }
    journal.parent.mkdir(parents=True, exist_ok=True)
    temporary = journal.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(journal)


def _record(journal: Path) -> Record:
    """The journal as it was written. Raises `ValueError` or `PathError` for one that would lead out of this checkout,
    and what the standard library raises for one that is damaged.
    """
    data = json.loads(journal.read_text(encoding="utf-8"))
    entries = {
        path: JournalEntry(old=None if old is None else b64decode(old), new=new)
        for path, (old, new) in data["files"].items()
    }
    project = Path(data["project"])
    if state_folder(project) != journal.parent:
        raise ValueError("it belongs to another checkout")
    for path in entries:
        resolved(path, lambda _path: None)
    return Record(
        project=project,
        head=data["head"],
        committing=data["committing"],
        message=data.get("message", ""),
        entries=entries,
    )


def _undo(project: Path, entries: Mapping[str, JournalEntry], *, by_hooks: bool) -> Iterator[str]:
    """Put the old bytes back; gives the paths that hold neither the old nor the new ones and are left alone, unless it
    was a hook that wrote them; and those that a symlink is on the way to.
    """
    for path, entry in entries.items():
        try:
            place = Root(project).target(path)
        except PathError:
            yield path
            continue
        now = _read(place)
        if now == entry.old:
            continue
        if _digest(now) != entry.new and not by_hooks:
            yield path
        elif entry.old is None:
            place.unlink(missing_ok=True)
            _remove_empty(place)
        else:
            _restore(place, entry.old)


def _remove_empty(path: Path) -> None:
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()


def _restore(path: Path, content: bytes) -> None:
    """Write a file's old bytes: over the new ones where a full disk has no room for both."""
    try:
        replace_file(path, content)
    except OSError:
        path.write_bytes(content)


def _unstage(project: Path, paths: Iterable[str]) -> None:
    if _head(project):
        ask(
            project,
            "reset",
            "--quiet",
            "--pathspec-from-file=-",
            "--pathspec-file-nul",
            stdin="\0".join(paths).encode(),
        )
        return
    ask(
        project,
        *("rm", "--cached", "--quiet", "--ignore-unmatch", "--pathspec-from-file=-", "--pathspec-file-nul"),
        stdin="\0".join(paths).encode(),
    )

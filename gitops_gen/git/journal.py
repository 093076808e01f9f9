"""All or nothing for a change of several files: what they were is written down first, so that the next command can undo
what a killed one left half done. A file that somebody changed meanwhile is left alone.
"""

import hashlib
import json
import os
import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.git.command import ask, run
from gitops_gen.git.lock import locked, state_folder
from gitops_gen.git.repository import git_root

WORKTREE = "worktree"
"""Below the state folder: where commits are made that must not touch the checkout."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file of a change: its bytes before (None: not there) and the digest of those after."""

    old: bytes | None
    new: str


@contextmanager
def session(project: Path) -> Iterator[tuple[str, ...]]:
    """Hold the checkout, with whatever a killed command left behind undone; gives what should be said about that."""
    with locked(project):
        yield recover(project)


@contextmanager
def transaction(project: Path, files: Mapping[str, bytes | None], *, committing: bool) -> Iterator[None]:
    """Write `files` (path in the project → new bytes, None to delete) inside; undone when it does not end well."""
    journal = state_folder(project) / "journal.json"
    entries = {path: Entry(old=_read(project / path), new=_digest(new)) for path, new in files.items()}
    head = _head(project) if git_root(project.resolve()) else ""
    _write(journal, project, head, entries, committing=committing)
    try:
        yield
    except BaseException:
        recover(project)
        raise
    journal.unlink()


def recover(project: Path) -> tuple[str, ...]:
    """Undo what the journal of a killed command says; gives a line for the user when there was anything."""
    folder = state_folder(project)
    journal = folder / "journal.json"
    if (folder / WORKTREE).exists():
        remove_worktree(project)
    if not journal.exists():
        return ()
    data = json.loads(journal.read_text())
    home = Path(data["project"])
    entries = {
        path: Entry(old=None if old is None else b64decode(old), new=new) for path, (old, new) in data["files"].items()
    }
    in_git = git_root(home.resolve()) is not None
    landed = in_git and _head(home) != data["head"]
    kept = [] if landed else list(_undo(home, entries))
    if data["committing"]:
        _unstage(home, entries)
    journal.unlink()
    said = "a command that was interrupted here had " + ("made its commit" if landed else "not finished: it was undone")
    return (said, *(f"{path} was changed since and is left as it is" for path in kept))


def _head(project: Path) -> str:
    return ask(project, "rev-parse", "--verify", "--quiet", "HEAD").text.strip()


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(journal: Path, project: Path, head: str, entries: Mapping[str, Entry], *, committing: bool) -> None:
    files = {
        path: (None if entry.old is None else b64encode(entry.old).decode(), entry.new)
        for path, entry in entries.items()
    }
    data = {"project": str(project.resolve()), "head": head, "committing": committing, "files": files}
    journal.parent.mkdir(parents=True, exist_ok=True)
    temporary = journal.with_suffix(".tmp")
    with temporary.open("w") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(journal)


def _undo(project: Path, entries: Mapping[str, Entry]) -> Iterator[str]:
    """Put the old bytes back; gives the paths that hold neither the old nor the new ones."""
    for path, entry in entries.items():
        now = _read(project / path)
        if now == entry.old:
            continue
        if _digest(now) != entry.new:
            yield path
        elif entry.old is None:
            (project / path).unlink()
            _remove_empty(project / path)
        else:
            replace(project / path, entry.old)


def _remove_empty(path: Path) -> None:
    if not any(path.parent.iterdir()):
        path.parent.rmdir()


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.gitops-gen-tmp")
    temporary.write_bytes(content)
    if path.exists():
        shutil.copymode(path, temporary)
    temporary.replace(path)


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


def add_worktree(project: Path, *arguments: str) -> Path:
    """A second checkout beside this one, given as `git worktree add` takes it (revision last); gives its folder."""
    place = state_folder(project) / WORKTREE
    if place.exists():
        remove_worktree(project)
    *options, commit = arguments
    run(project, "worktree", "add", "--quiet", *options, str(place), commit)
    return place


def remove_worktree(project: Path) -> None:
    """Take the second checkout away."""
    shutil.rmtree(state_folder(project) / WORKTREE, ignore_errors=True)
    ask(project, "worktree", "prune")

"""A lock that allows one command at a time in a checkout. It is a kernel lock (flock), which ends with the process in
every case. Git processes inherit it, so it also covers a git process that outlives a killed command.

The locked file contains the process id of the running command and is emptied at its end. So a process id in an
unlocked file is that of a killed command, whose git may have left lock files: these are removed first.
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.repository import git_root
from gitops_gen.git.runner import inherited_files
from gitops_gen.runtime.caches import caches

PATIENCE = 60.0
"""Seconds to wait for another command; a push that keeps losing its race takes longest."""

_GRACE = 0.5
"""Seconds before a lock file of git is treated as stale."""

_GIT_LOCKS = ("*.lock", "refs/**/*.lock", "objects/info/**/*.lock")
"""Where git keeps them: the index, HEAD, the configuration and packed references; each reference; the commit graph."""

_held: set[Path] = set()


def state_folder(project: Path) -> Path:
    """Where this tool keeps its lock and journal: in the checkout's git directory, outside of git among the caches."""
    top = git_root(project.resolve())
    git = top / ".git" if top else None
    if git is not None and git.is_file():  # a worktree or a submodule: `gitdir: PATH`
        git = (git.parent / git.read_text(encoding="utf-8").partition(":")[2].strip()).resolve()
    if git is None or not git.is_dir():
        return caches() / "changes" / hashlib.sha256(os.fsencode(project.resolve())).hexdigest()[:16]
    return git / "gitops-gen"


def common_folder(git_dir: Path) -> Path:
    """What the worktrees of a repository share: the git folder of the main one."""
    link = git_dir / "commondir"
    return (git_dir / link.read_text(encoding="utf-8").strip()).resolve() if link.is_file() else git_dir


@contextmanager
def locked(project: Path) -> Iterator[None]:
    """Hold the checkout of `project`; a second time in the same process it is held already. Raises `GitopsError`."""
    folder = state_folder(project)
    if folder in _held:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / "lock", "a+b", buffering=0)  # noqa: SIM115 - closed below
    except OSError as error:
        raise GitopsError(
            f"{folder} cannot be written: {error.strerror}",
            "make it writable: the lock of the checkout is stored there",
        ) from error
    with file:
        _acquire(file.fileno(), project)
        inherited_files.add(file.fileno())
        _held.add(folder)
        try:
            _begin(file, folder.parent)
            yield
        finally:
            file.truncate(0)
            _held.discard(folder)
            inherited_files.discard(file.fileno())


def _begin(file: FileIO, git_dir: Path) -> None:
    """Clean up after a killed process, and record the new one."""
    before = os.fstat(file.fileno())
    if before.st_size:
        _break_git_locks(git_dir, since=before.st_mtime)
        file.truncate(0)
    file.write(f"{os.getpid()}\n".encode())


def _break_git_locks(git_dir: Path, *, since: float) -> None:
    """Remove the locks that a killed git of ours left: it held our lock, so none of ours can be alive."""
    places = {git_dir, common_folder(git_dir)}
    left = {path: path.stat() for place in places for pattern in _GIT_LOCKS for path in place.glob(pattern)}
    ours = {path: stat for path, stat in left.items() if stat.st_mtime >= since - 1}
    if ours:
        time.sleep(_GRACE)
    for path, stat in ours.items():
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), stat):
                path.unlink()


def _acquire(descriptor: int, project: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _try(descriptor):
        if time.monotonic() > deadline:
            raise GitopsError(
                f"another gitops-gen has held the lock on {project} for a minute", "wait until it ends, or stop it"
            )
        time.sleep(0.02)


if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

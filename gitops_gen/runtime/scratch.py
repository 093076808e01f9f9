"""Temporary folders. Each is locked as long as its process lives; one that is not locked was left by a process that was
killed, and the next command removes it.

The lock is a kernel lock on the folder itself (flock), as systemd-tmpfiles expects of programs that use a temporary
folder for long (https://systemd.io/TEMPORARY_DIRECTORIES/).
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TEMPORARY = ".gitops-gen-tmp"
"""The end of the name of a temporary folder, and of a file that is being written."""


@contextmanager
def scratch(near: Path | None = None) -> Iterator[Path]:
    """A temporary folder that only this user can read, for as long as the context lasts: in the system's folder for
    them, or in `near`, where what killed processes left is removed first. Raises `OSError`.
    """
    if near:
        sweep(near)
    folder, lock = _locked_folder(near)
    try:
        with folder as name:
            yield Path(name)
    finally:
        if lock is not None:
            os.close(lock)


def _locked_folder(near: Path | None) -> tuple[tempfile.TemporaryDirectory[str], int | None]:
    """A new folder and the open file that holds its lock; there is none where the file system has no locks."""
    while True:
        folder = tempfile.TemporaryDirectory(prefix=".", suffix=TEMPORARY, dir=near, ignore_cleanup_errors=True)
        try:
            return folder, _lock(folder.name)
        except (BlockingIOError, FileNotFoundError):  # another command removes it: it was made, but not yet locked
            folder.cleanup()
        except OSError:
            return folder, None


def sweep(place: Path | None = None) -> None:
    """Remove the temporary folders of this user in `place` (by default the system's) that no process uses."""
    with suppress(OSError), os.scandir(place or tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.endswith(TEMPORARY):
                _remove_unlocked(entry)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.geteuid()


def _remove_unlocked(entry: os.DirEntry[str]) -> None:
    with suppress(OSError):  # it is locked, or removed by another command
        if _is_ours(entry):
            lock = _lock(entry.path)
            shutil.rmtree(entry.path, ignore_errors=True)
            os.close(lock)


if sys.platform == "win32":

    def _lock(folder: str) -> int:
        raise OSError(f"{folder}: folders have no locks on this system")

else:
    import fcntl

    def _lock(folder: str) -> int:
        """The open file that locks a folder. Raises `OSError`: `BlockingIOError` when it is locked, `FileNotFoundError`
        when it has been removed.
        """
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.stat(folder)  # another command may have removed it just before
        except OSError:
            os.close(file)
            raise
        return file

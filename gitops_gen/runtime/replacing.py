"""Writing a file in one step: who opens it, or what comes after a kill, sees the old content or the new one."""

import os
import time
from contextlib import suppress

from gitops_gen.runtime.scratch import TEMPORARY

IN_USE = 60
"""Seconds for which a temporary file may be one that another command is writing."""


def sweep_files(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files that killed commands left in a folder, older than `IN_USE`."""
    oldest = time.time() - IN_USE
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name.endswith(TEMPORARY):
                _remove_older(entry, oldest)


def _remove_older(entry: os.DirEntry[str], oldest: float) -> None:
    with suppress(OSError):  # not ours, or removed by another command
        if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < oldest:
            os.unlink(entry.path)


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, and the folders it is in where they are missing; an existing file keeps its mode. Raises `OSError`.

    The new content is written next to the file, where a checkout can have a symlink of that name: it is never followed.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}{TEMPORARY}")
    os.makedirs(folder or ".", exist_ok=True)
    try:
        _write(temporary, content, _mode(path))
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(path: str | os.PathLike[str]) -> int | None:
    try:
        return os.stat(path).st_mode & 0o777
    except OSError:
        return None


def _write(path: str, content: bytes, mode: int | None) -> None:
    """Unbuffered: with thousands of small files Python's buffer doubles the time."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        while content:
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)
    if mode is not None:
        os.chmod(path, mode)

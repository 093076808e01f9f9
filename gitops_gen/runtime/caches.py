"""The folder for what can be made again: caches, and the lock of a project that is not in git."""

import os
import tempfile
from pathlib import Path


def caches() -> Path:
    """By the XDG rules (https://specifications.freedesktop.org/basedir-spec/latest/). A user without a home, such as
    the random one of a container, has a folder among the temporary ones that nobody else can read or write.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "gitops-gen"
    try:
        return Path.home() / ".cache" / "gitops-gen"
    except RuntimeError:
        return _temporary()


def _temporary() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir(), f"gitops-gen-{user}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return Path(os.devnull, "gitops-gen")  # as a cache that nobody can write
    private = folder.is_dir() and not folder.is_symlink() and status.st_uid == user and not status.st_mode & 0o077
    return folder if private else Path(os.devnull, "gitops-gen")

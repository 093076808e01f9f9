"""Which texts this tool has written as generated files on this machine, kept outside of repositories as digests.

A file that holds such a text is nobody's handiwork, whatever became of the inputs that gave it. Losing the record
loses nothing: git is asked then (`provenance`).
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from gitops_gen.runtime.caches import caches

KEPT = 50_000
"""Digests that are kept, the newest: a thousand environments written sixteen times."""


class Written:
    """The record; one that cannot be read or written is as if empty. It is one for all projects: they are moved."""

    def __init__(self) -> None:
        self._file = cache_folder() / "written"

    def add(self, texts: Iterable[str]) -> None:
        """Remember that these texts are the tool's own."""
        lines = "".join(f"{digest(text.encode())}\n" for text in texts)
        if not lines:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a") as file:
                file.write(lines)
            self._shorten()
        except OSError:
            return

    def _shorten(self) -> None:
        if self._file.stat().st_size <= 2 * KEPT * len(digest() + "\n"):
            return
        temporary = self._file.with_suffix(".tmp")
        temporary.write_text("".join(self._file.read_text().splitlines(keepends=True)[-KEPT:]))
        temporary.replace(self._file)

    def known(self, texts: Iterable[str]) -> set[str]:
        """Those of the texts that the tool has written."""
        try:
            digests = set(self._file.read_text().split())
        except (OSError, UnicodeDecodeError):
            return set()
        return {text for text in texts if digest(text.encode()) in digests}


def cache_folder() -> Path:
    """The folder of the record."""
    return caches() / "generate"


def digest(*parts: bytes) -> str:
    """A short digest of the parts, each with its length."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.hexdigest()

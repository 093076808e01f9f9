"""What this tool last wrote to each generated file on this machine, kept outside of repositories as digests.

A file that still holds that text was not edited, whatever became of the inputs that gave it. An earlier text may be an
edit, such as a bot's that goes back to an older tag. Losing the record loses nothing: git is asked then (`provenance`).
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from gitops_gen.runtime.caches import caches

KEPT = 50_000
"""Digests that are kept, the newest: a thousand environments written sixteen times."""


class Written:
    """The record of a project; one that cannot be read or written is as if empty."""

    def __init__(self, project: Path) -> None:
        self._file, self._project = cache_folder() / "last-written", project.stat()

    def add(self, texts: Mapping[str, str]) -> None:
        """Remember what was written, by the path in the project."""
        lines = "".join(f"{self._file_of(path)} {digest(text.encode())}\n" for path, text in texts.items())
        if not lines:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(lines)
            self._shorten()
        except OSError:
            return

    def _shorten(self) -> None:
        if self._file.stat().st_size <= 2 * KEPT * len(f"{digest()} {digest()}\n"):
            return
        temporary = self._file.with_suffix(".tmp")
        temporary.write_text(
            "".join(self._file.read_text(encoding="utf-8").splitlines(keepends=True)[-KEPT:]), encoding="utf-8"
        )
        temporary.replace(self._file)

    def known(self, texts: Mapping[str, str]) -> set[str]:
        """The paths at which the text is the one that the tool wrote last."""
        last = self._last()
        return {path for path, text in texts.items() if last.get(self._file_of(path)) == digest(text.encode())}

    def copied(self, texts: Mapping[str, str]) -> set[str]:
        """The paths to which the tool never wrote, with a text that it wrote elsewhere."""
        last = self._last()
        there, new = set(last.values()), {path for path in texts if self._file_of(path) not in last}
        return {path for path in new if digest(texts[path].encode()) in there}

    def _last(self) -> dict[str, str]:
        try:
            return dict(line.split(" ") for line in self._file.read_text(encoding="utf-8").splitlines())
        except (OSError, ValueError):
            return {}

    def _file_of(self, path: str) -> str:
        """What stays when the project is moved: its folder's inode."""
        return digest(f"{self._project.st_dev} {self._project.st_ino}".encode(), os.fsencode(path))


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

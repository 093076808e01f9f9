"""Which texts this tool has written as generated files on this machine, kept outside of repositories as digests.

A file that holds such a text is nobody's handiwork, whatever became of the inputs that gave it. Losing the record
loses nothing: git is asked then (`provenance`).
"""

from collections.abc import Iterable

from gitops_gen.generate.memo import cache_folder, digest

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

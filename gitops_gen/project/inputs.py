"""The hand-written files of one state of a project: a working tree (`Root`), a commit, or either with changes that are
not written. Paths count from the project's folder.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Protocol

from gitops_gen.git.objects import LINK
from gitops_gen.git.paths import PathError, resolved
from gitops_gen.git.snapshot import Repository


class Inputs(Protocol):
    """What `reading` reads from. Each method raises `PathError` for a path that leaves the project."""

    def read(self, path: str, most: int | None = None) -> bytes:
        """The content of a file, of a larger one the first `most` bytes. Raises `OSError`, as `open` does."""

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""

    def link(self, path: str) -> str | None:
        """Where the symlink at a path leads to, as it is written; None for what is no symlink."""

    def resolved(self, path: str) -> str:
        """The path without symlinks on the way."""

    def folders(self, path: str) -> dict[str, list[str]]:
        """The folders in a folder, each with the names in it. Raises `OSError`, as `os.scandir` does."""


class CommittedInputs:
    """A project as it was at a commit, read from git's objects: nothing is written."""

    def __init__(self, repository: Repository, commit: str, prefix: str) -> None:
        """`prefix` is where the project is in the repository: empty or ending in `/`."""
        self._repository, self._commit, self._prefix = repository, commit, prefix

    def read(self, path: str, most: int | None = None) -> bytes:
        """The content of a file."""
        full = self._prefix + self.resolved(path)
        found = self._repository.contents(self._repository.files(self._commit, [full]))
        if full not in found:
            raise IsADirectoryError(0, "Is a directory") if found else FileNotFoundError(path)
        return found[full][:most]

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        full = self._prefix + self.resolved(path)
        return full in self._repository.files(self._commit, [full])

    def link(self, path: str) -> str | None:
        """Where the symlink at a path leads to."""
        return self._repository.link(self._commit, self._prefix + path)

    def resolved(self, path: str) -> str:
        """The path without symlinks on the way."""
        return resolved(path, self.link)

    def folders(self, path: str) -> dict[str, list[str]]:
        """The folders in a folder."""
        found: dict[str, list[str]] = {}
        for parts, is_link in self._below(path):
            if len(parts) > 1:
                found.setdefault(parts[0], []).append(parts[1])
            elif is_link:
                found[parts[0]] = self._behind(f"{path}/{parts[0]}")
        return found

    def _below(self, path: str) -> list[tuple[tuple[str, ...], bool]]:
        start = self._prefix + self.resolved(path)
        entries = self._repository.files(self._commit, [start])
        return [(PurePosixPath(full).relative_to(start).parts, entry.mode == LINK) for full, entry in entries.items()]

    def _behind(self, link: str) -> list[str]:
        try:
            return [parts[0] for parts, _ in self._below(link) if parts]
        except PathError:  # reported when the folder is read
            return []


class ChangedInputs:
    """A state of a project with some files changed: path → text, None for one that is removed."""

    def __init__(self, before: Inputs, texts: Mapping[str, str | None]) -> None:
        self.before, self._texts = before, texts

    def read(self, path: str, most: int | None = None) -> bytes:
        """The content of a file."""
        place = self.resolved(path)
        if place not in self._texts:
            return self.before.read(path, most)
        text = self._texts[place]
        if text is None:
            raise FileNotFoundError(path)
        return text.encode(errors="surrogateescape")[:most]

    def is_file(self, path: str) -> bool:
        """Whether there is a file."""
        place = self.resolved(path)
        return self._texts[place] is not None if place in self._texts else self.before.is_file(path)

    def link(self, path: str) -> str | None:
        """Where the symlink at a path leads to."""
        return None if path in self._texts else self.before.link(path)

    def resolved(self, path: str) -> str:
        """The path without symlinks on the way."""
        return resolved(path, self.link)

    def folders(self, path: str) -> dict[str, list[str]]:
        """The folders in a folder."""
        found = {name: [*names] for name, names in self._folders_before(path).items()}
        for changed, text in self._texts.items():
            folder, _, file = changed.rpartition("/")
            above, _, inside = folder.rpartition("/")
            if inside and above == path:
                others = [name for name in found.get(inside, ()) if name != file]
                found[inside] = others if text is None else [*others, file]
        return found

    def _folders_before(self, path: str) -> dict[str, list[str]]:
        try:
            return self.before.folders(path)
        except FileNotFoundError:
            return {}

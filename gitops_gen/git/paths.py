"""Paths inside a root, such as a project or a commit, resolved by components: a symlink is followed while it stays
inside. What a checkout brings can so read and write nothing else.

Argo CD refuses a repository with a symlink that is absolute or leads out of it
(https://github.com/argoproj/argo-cd/blob/master/util/app/path/path.go).
"""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from gitops_gen.errors import Problem, ProblemsError

MOST_LINKS = 40
"""Symlinks on the way to one file, as in Linux (https://man7.org/linux/man-pages/man7/path_resolution.7.html)."""

MOST_FILES, MOST_LEVELS = 100_000, 100
"""The largest folder that is read with everything that its symlinks lead to."""

_GIT = ".git"
_KINDS = {
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}

Link = Callable[[str], str | None]
"""Where the symlink at a path leads to, as it is written; None for what is no symlink."""


class PathError(ProblemsError):
    """A path that is not followed: `path` counts from the root."""

    def __init__(self, path: str, message: str, hint: str) -> None:
        super().__init__([Problem(file=path, message=message, hint=hint)])
        self.path = path


def resolved(path: str, link: Link, root: str = "project") -> str:
    """The path (from the root) with every symlink on the way replaced by what it leads to; empty for the root itself.

    Raises `PathError` when it leaves the root, leads into `.git`, or does not end.
    """
    todo, done = _steps(path, path, "", root), list[str]()
    first, count = "", 0
    while todo:
        step = todo.pop()
        if step == ".." and done:
            done.pop()
            continue
        here = "/".join((*done, step))
        if step == ".." or step.lower() == _GIT:
            raise _left(first or path, link, root)
        target = link(here)
        if target is None:
            done.append(step)
            continue
        first, count = first or here, count + 1
        if count > MOST_LINKS:
            raise PathError(first, "is a symlink that leads to itself", "put the file itself there")
        todo += _steps(target, first, target, root)
    return "/".join(done)


def _steps(path: str, shown: str, target: str, root: str) -> list[str]:
    """The components, the last one first."""
    if path.startswith("/") or os.path.isabs(path):
        raise _leaves(shown, target, root)
    return [step for step in reversed(path.replace(os.sep, "/").split("/")) if step not in ("", ".")]


def _left(path: str, link: Link, root: str) -> PathError:
    return _leaves(path, link(path) or "", root)


def _leaves(path: str, target: str, root: str) -> PathError:
    what = f"is a symlink that leaves the {root} (to {target})" if target else f"is outside of the {root}"
    return PathError(path, what, "put the file itself there")


class Root:
    """A folder on disk of which files are read and written, and nothing outside of it. `name` is what messages call
    it.
    """

    def __init__(self, folder: Path, name: str = "project") -> None:
        self.folder, self._name = os.fspath(folder), name
        #: folders with no symlink on the way: a symlink costs a call of the system for each component
        self._plain = set[str]()

    def link(self, path: str) -> str | None:
        """Where the symlink at a path leads to, as it is written; None for what is no symlink."""
        try:
            return os.readlink(f"{self.folder}/{path}")
        except OSError:
            return None

    def resolved(self, path: str) -> str:
        """The path without symlinks on the way. Raises `PathError`."""
        folder, slash, name = path.rpartition("/")
        # "/name" is in no folder of the root.
        is_plain = folder in self._plain and bool(folder or not slash) and name.strip(".") and name.lower() != _GIT
        if is_plain and self.link(path) is None:
            return path
        place = resolved(path, self.link, self._name)
        if place == path:
            self._plain.add(folder)
        return place

    def is_file(self, path: str) -> bool:
        """Whether there is a file. Raises `PathError`."""
        return os.path.isfile(f"{self.folder}/{self.resolved(path)}")

    def read(self, path: str, most: int | None = None) -> bytes:
        """The content of a file, of a larger one the first `most` bytes. Raises `PathError` for what is no file, and
        `OSError`.
        """
        return self._content(path, self.resolved(path), most)

    def _content(self, path: str, place: str, most: int | None = None) -> bytes:
        where = f"{self.folder}/{place}"
        _require_regular(path, os.stat(where).st_mode)
        with open(where, "rb") as file:
            return file.read(most)

    def require_file(self, path: str) -> None:
        """Raises `PathError` for a pipe, socket or device, and `OSError` for nothing."""
        _require_regular(path, os.stat(f"{self.folder}/{self.resolved(path)}").st_mode)

    def read_unlinked(self, path: str) -> bytes:
        """The content of a file with no symlink on the way. Raises `PathError`, and `OSError`."""
        if self.resolved(path) != path:
            self.target(path)
        return self._content(path, path)

    def folders(self, path: str) -> dict[str, list[str]]:
        """The folders in a folder, each with the names in it. Raises `PathError` and `OSError`."""
        found = {}
        with os.scandir(f"{self.folder}/{self.resolved(path)}") as entries:
            for entry in entries:
                try:
                    if entry.is_dir():
                        found[entry.name] = os.listdir(entry)
                except OSError:  # such as a symlink to itself
                    found[entry.name] = []
        return found

    def target(self, path: str) -> Path:
        """Where a file may be written or deleted: raises `PathError` when a symlink is on the way."""
        return Path(self.folder, resolved(path, self._refuse, self._name))

    def _refuse(self, place: str) -> None:
        if (where := self.link(place)) is not None:
            what = f"is a symlink (to {where}), through which nothing is written"
            raise PathError(place, what, "replace it with the file or folder itself")

    def links(self, path: str) -> dict[str, str]:
        """Every symlink below a folder, and below the folders that they lead to, each with its resolved path.

        Raises `PathError` for one that leaves the root, for a loop, and for what is neither file nor folder.
        """
        walk = _Walk(self)
        walk.count(self.resolved(path), ())
        return walk.links


def _require_regular(path: str, mode: int) -> None:
    if kind := _KINDS.get(stat.S_IFMT(mode)):
        raise PathError(path, f"is a {kind}, not a file", "replace it with a file: git holds no other kinds")


class _Walk:
    """One look at a folder, with symlinks followed as Helm follows them."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self.links: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def count(self, folder: str, above: tuple[str, ...]) -> int:
        """How many files there are, those behind each symlink counted again."""
        if folder not in self._counts:
            if len(above) > MOST_LEVELS:
                raise PathError(folder, f"is more than {MOST_LEVELS} folders deep", "remove folders")
            self._counts[folder] = sum(self._count(*entry, (*above, folder)) for entry in self._entries(folder))
        if self._counts[folder] > MOST_FILES:
            raise PathError(folder, f"holds more than {MOST_FILES} files", "remove files or symlinks")
        return self._counts[folder]

    def _entries(self, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        with os.scandir(f"{self._root.folder}/{folder}") as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        start = f"{folder}/" if folder else ""
        yield from ((start + entry.name, entry) for entry in found if entry.name != _GIT)

    def _count(self, path: str, entry: os.DirEntry[str], above: tuple[str, ...]) -> int:
        place = path
        if entry.is_symlink():
            place = self.links[path] = self._root.resolved(path)
            if any(f"{folder}/".startswith(f"{place}/" if place else "") for folder in above):
                raise PathError(path, "is a symlink to a folder that contains it", "remove the symlink")
        if os.path.isdir(f"{self._root.folder}/{place}"):
            return self.count(place, above)
        if not entry.is_file():
            self._require_file(path, place)
        return 1

    def _require_file(self, path: str, place: str) -> None:
        try:
            mode = os.stat(f"{self._root.folder}/{place}").st_mode
        except OSError:
            return  # a symlink to nothing: Helm names it
        _require_regular(path, mode)

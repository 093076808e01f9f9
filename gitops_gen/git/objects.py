"""Git's objects, read from one `git cat-file --batch`: a process for each question, or importing GitPython, would take
longer than all the answers.

Names go to git's standard input, where nothing is an option.
"""

import os
import re
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gitops_gen.errors import GitopsError
from gitops_gen.git.repository import git_root
from gitops_gen.git.runner import ask, converse

ENVIRONMENT = {
    # An answer from this clone or none: a partial clone would ask its server for what it lacks.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
FOLDER, LINK = "40000", "120000"
"""Modes of a tree's entries."""
_FOUND = re.compile(rb"([0-9a-f]{40,64}) [a-z]+ ([0-9]+)\n")
_AT_ONCE = 4096
"""Bytes of questions that fit into a pipe of any system while git is busy answering the first of them."""


class TreeEntry(NamedTuple):
    """A file or folder in a tree: its mode, in octal as git has it, and the id of its content."""

    mode: str
    id: str


class Objects:
    """The objects of the repository that a folder is in; what was read once is kept."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = ENVIRONMENT) -> None:
        """Raises `GitopsError` when git cannot be run."""
        self._folder = folder
        self._git = converse(folder, "cat-file", "--batch", env=environment)
        weakref.finalize(self, self._git.end)
        self._contents: dict[str, bytes] = {}
        self._trees: dict[str, dict[str, TreeEntry]] = {}
        self._tops: dict[str, TreeEntry] = {}

    def find(self, name: str) -> str | None:
        """The id of what a name such as `HEAD^{commit}` resolves to, None when it resolves to nothing.

        Raises `GitopsError` outside of a repository.
        """
        if not name.isprintable():
            return None
        answer = next(self._ask([name]))
        return answer[0] if answer else None

    def named(self, names: Sequence[str]) -> list[bytes | None]:
        """The content behind each name such as `HEAD:gitops.yaml`; None when there is none."""
        asked = [name if "\n" not in name else "" for name in names]
        return [answer[1] if answer else None for answer in self._ask(asked)]

    def contents(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The content behind each id. Raises `GitopsError` for content that this clone does not hold."""
        wanted = set(ids)
        missing = sorted(wanted - self._contents.keys())
        for name, answer in zip(missing, self._ask(missing), strict=True):
            if answer is None:
                raise GitopsError(f"the object {name} is missing in this clone", "fetch it: `git fetch --refetch`")
            self._contents[name] = answer[1]
        return {name: self._contents[name] for name in wanted}

    def tree(self, identity: str) -> dict[str, TreeEntry]:
        """The entries of one tree by their names. Raises `GitopsError`."""
        return self._trees[identity] if identity in self._trees else self.trees([identity])[identity]

    def trees(self, ids: Iterable[str]) -> dict[str, dict[str, TreeEntry]]:
        """The entries of each tree by their names. Raises `GitopsError`."""
        wanted = set(ids)
        for name, content in self.contents(wanted - self._trees.keys()).items():
            self._trees[name] = dict(_entries(content, len(name) // 2))
        return {name: self._trees[name] for name in wanted}

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """The entry at a path of a commit, without following symlinks; None when there is none, or no such commit.

        Each tree is read once: git itself searches a folder from its beginning for each name such as `HEAD:a/b`.
        """
        if commit not in self._tops:
            self._tops[commit] = TreeEntry(FOLDER, self.find(f"{commit}^{{tree}}") or "")
        entry = self._tops[commit]
        for name in PurePosixPath(path).parts if entry.id else ():
            if entry.mode != FOLDER or name not in (tree := self.tree(entry.id)):
                return None
            entry = tree[name]
        return entry if entry.id else None

    def _ask(self, names: Sequence[str]) -> Iterator[tuple[str, bytes] | None]:
        """The id and the content of each object."""
        waiting, size = 0, 0
        for name in names:
            question = f"{name}\n".encode(errors="surrogateescape")
            if size + len(question) > _AT_ONCE:
                yield from (self._answer() for _ in range(waiting))
                waiting = size = 0
            self._git.ask(question)
            waiting, size = waiting + 1, size + len(question)
        yield from (self._answer() for _ in range(waiting))

    def _answer(self) -> tuple[str, bytes] | None:
        """`<id> <type> <size>`, the content and a newline; or a name and what is wrong with it, such as `missing`."""
        header = self._git.line()
        if not header:
            raise _unreadable(self._folder)
        if not (found := _FOUND.fullmatch(header)):
            return None
        content = self._git.read(int(found[2]) + 1)
        return found[1].decode(), content[:-1]


def _unreadable(folder: Path) -> GitopsError:
    """Why git answers nothing: there is no repository, or it refuses to read it, such as that of another user."""
    top = git_root(folder.resolve())
    if top is None:
        return GitopsError(f"{folder} is not in a git repository", "run `git init` and commit first")
    said = ask(folder, "rev-parse", "--git-dir").err.strip()
    return GitopsError(f"git cannot read {top}: {said or '`git cat-file` ended too early'}")


def contents_of(folder: Path, names: Sequence[str]) -> list[bytes | None]:
    """The contents of objects such as `HEAD:gitops.yaml` or `:2:gitops.yaml`, None for one that does not exist. A
    partial clone fetches what it lacks.
    """
    return Objects(folder, {}).named(names) if names else []


def _entries(tree: bytes, id_size: int) -> Iterator[tuple[str, TreeEntry]]:
    for mode, name, identity in _line(id_size).findall(tree):
        yield os.fsdecode(name), TreeEntry(mode.decode(), identity.hex())


@cache
def _line(id_size: int) -> re.Pattern[bytes]:
    """An entry as git stores it: `<mode> <name>`, a zero byte, the id."""
    return re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % id_size, re.DOTALL)

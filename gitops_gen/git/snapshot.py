"""A repository as it was at a commit, read from git's objects: which files there were, and any of them written out.

Nothing is checked out: no index, no filters, no export attributes and no hooks take part, so that a bare repository, a
worktree and a clone in CI give the same bytes. What git is asked never contains an option that a user wrote.
"""

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.names import did_you_mean

LINK = "120000"
_SHA1_LENGTH = 40
_FILES = frozenset({"100644", "100755", "100664", LINK})
_ENVIRONMENT = {
    # An answer from this clone or none: a partial clone would ask its server for what it lacks.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file in a commit: its mode and the id of its content."""

    mode: str
    id: str


class Repository:
    """The git repository that a folder lies in: a working tree, a linked worktree, or a bare repository itself."""

    def __init__(self, folder: Path) -> None:
        from git import Git

        self._git = Git(folder)
        self._git.update_environment(**_ENVIRONMENT)
        self._contents: dict[str, bytes] = {}
        answer = self._answer("rev-parse", "--git-dir", "--show-prefix")
        if answer is None:
            raise GitopsError(f"{folder} is not in a git repository", "run `git init` and commit first")
        #: the folder's path in the working tree: empty at its top and in a bare repository, else ending in `/`
        self.prefix = "".join(answer.split("\n")[1:])

    def commit(self, ref: str) -> str:
        """The id of the commit that `ref` names. Raises `UsageError` when there is none, saying how to get it."""
        if not ref or ref.startswith("-"):
            raise UsageError(f"`{ref}` is no revision", "name a branch, a tag or a commit")
        found = self._answer("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        if found is None:
            raise UsageError(f"no commit `{ref}` in this clone", self._missing_hint(ref))
        return found

    def merge_base(self, one: str, other: str) -> str:
        """The commit at which two histories parted. Raises `GitopsError` when they have none in common."""
        found = self._answer("merge-base", self.commit(one), self.commit(other))
        if found is None:
            raise GitopsError(f"`{one}` and `{other}` have no commit in common here", self._shallow_hint())
        return found.splitlines()[0]

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, Entry]:
        """The files of a commit below `paths` (counted from the top), submodules left out."""
        named = [path for path in paths if path]
        listing = self._answer("ls-tree", "-r", "-z", "--full-tree", commit, "--", *named) or ""
        return dict(_entries(listing))

    def contents(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The content behind each id. Raises `GitopsError` for content that this clone does not hold."""
        wanted = set(ids)
        if missing := sorted(wanted - self._contents.keys()):
            self._contents.update(self._read(missing))
        return {name: self._contents[name] for name in wanted}

    def _read(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        with tempfile.TemporaryFile() as questions:
            questions.write("".join(f"{name}\n" for name in ids).encode())
            questions.seek(0)
            answer: Any = self._git.execute(
                ["git", "cat-file", "--batch"],
                istream=questions,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        return _blobs(bytes(answer), len(ids))

    def write(self, entries: Mapping[str, Entry], target: Path) -> None:
        """Write files of a commit below `target`, at their paths; symlinks stay symlinks. Raises `GitopsError`."""
        contents = self.contents(entry.id for entry in entries.values())
        for path, entry in entries.items():
            _write(target, path, contents[entry.id], is_link=entry.mode == LINK)

    def _answer(self, *arguments: str) -> str | None:
        from git import GitCommandError, GitCommandNotFound

        try:
            return str(self._git.execute(["git", *arguments]))
        except GitCommandError:
            return None
        except GitCommandNotFound as error:
            raise GitopsError("`git` cannot be run", "install git, version 2.30 or newer") from error

    def _missing_hint(self, ref: str) -> str:
        if shallow := self._shallow_hint():
            return shallow
        if ref == "HEAD":
            return "commit something first"
        names = (self._answer("for-each-ref", "--format=%(refname:short)") or "").splitlines()
        if f"origin/{ref}" in names:
            return f"did you mean `origin/{ref}`?"
        return (did_you_mean(ref, names) if names else "") or "fetch it: `git fetch --tags`"

    def _shallow_hint(self) -> str:
        if self._answer("rev-parse", "--is-shallow-repository") != "true":
            return ""
        return "this clone is shallow: `git fetch --unshallow` (GitHub Actions: `fetch-depth: 0`, GitLab: GIT_DEPTH: 0)"


class Files(Protocol):
    """The files of one state of a repository; paths count from its top."""

    @property
    def top(self) -> Path:
        """The folder in which they lie as soon as they are needed."""

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The files below `paths` with the id that git gives (or would give) to the content of each."""

    def need(self, paths: Collection[str]) -> None:
        """Have the files below `paths` on disk, as far as they exist."""


class CommitFiles:
    """The files of a commit, written out piece by piece below `top`; `folder` is where most of them lie."""

    def __init__(self, repository: Repository, commit: str, top: Path, folder: str = "") -> None:
        self.top = top
        self._repository, self._commit, self._folder = repository, commit, folder
        self._listed: dict[str, dict[str, Entry]] = {}
        self._written: set[str] = set()

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The ids from the commit's own trees; no content is read."""
        return {path: entry.id for path, entry in self._entries(paths).items()}

    def need(self, paths: Collection[str]) -> None:
        """Write what is not there yet."""
        missing = {path: entry for path, entry in self._entries(paths).items() if path not in self._written}
        self._repository.write(missing, self.top)
        self._written.update(missing)

    def _entries(self, paths: Collection[str]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for path in paths:
            found.update(_below(self._listing(path), path))
        return found

    def _listing(self, path: str) -> dict[str, Entry]:
        """A listing that holds the path: that of the main folder, else its own."""
        asked = self._folder if path.startswith(self._folder) else path
        if asked not in self._listed:
            self._listed[asked] = self._repository.files(self._commit, [asked])
        return self._listed[asked]


class WorkingFiles:
    """The files of a working tree, tracked or not: Helm reads both."""

    def __init__(self, top: Path, id_length: int) -> None:
        self.top = top
        self._hash = hashlib.sha1 if id_length == _SHA1_LENGTH else hashlib.sha256

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The ids that git would give to what is there now."""
        files = (file for path in paths for file in self._walk(path))
        return {file.relative_to(self.top).as_posix(): self._id(file) for file in files}

    def need(self, paths: Collection[str]) -> None:
        """Nothing: they are there."""

    def _walk(self, path: str) -> Iterator[Path]:
        start = self.top / path
        if start.is_file() or start.is_symlink():
            yield start
        for folder, folders, names in os.walk(start):
            # A symlink to a folder is one entry to git, whatever lies behind it.
            yield from (Path(folder, name) for name in folders if Path(folder, name).is_symlink())
            yield from (Path(folder, name) for name in names)

    def _id(self, file: Path) -> str:
        content = os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
        return self._hash(b"blob %d\0%s" % (len(content), content)).hexdigest()


def _below(entries: Mapping[str, Entry], path: str) -> dict[str, Entry]:
    if path in entries:
        return {path: entries[path]}
    folder = f"{path}/"
    return {name: entry for name, entry in entries.items() if name == path or name.startswith(folder)}


def _entries(listing: str) -> Iterator[tuple[str, Entry]]:
    for line in listing.split("\0"):
        if line:
            about, _, path = line.partition("\t")
            mode, _, name = about.split(" ")
            if mode in _FILES:
                yield path, Entry(mode=mode, id=name)


def _blobs(answer: bytes, count: int) -> Iterator[tuple[str, bytes]]:
    """Each object of a `git cat-file --batch` answer: `<id> <type> <size>`, content, newline."""
    start = 0
    for _ in range(count):
        end = answer.index(b"\n", start)
        name, kind, *size = answer[start:end].decode().split(" ")
        if not size:
            raise GitopsError(f"the object {name} is {kind} in this clone", "fetch it: `git fetch --refetch`")
        stop = end + 1 + int(size[0])
        yield name, answer[end + 1 : stop]
        start = stop + 1


def _write(target: Path, path: str, content: bytes, *, is_link: bool) -> None:
    # A tree can be made by hand: git itself refuses these only when it checks them out.
    if not {"..", ".", ""}.isdisjoint(PurePosixPath(path).parts) or path.startswith("/"):
        raise GitopsError(f"the commit holds the path `{path}`, which leads out of it")
    file = target / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if is_link:
        _link(target, file, content.decode())
    else:
        file.write_bytes(content)


def _link(target: Path, file: Path, destination: str) -> None:
    """A symlink, unless it would lead out of the snapshot: what it points to is then not part of the commit."""
    inside = (file.parent / destination).resolve()
    if not destination.startswith("/") and inside.is_relative_to(target.resolve()):
        file.symlink_to(destination)

"""A repository as it was at a commit, read from git's objects: which files there were, and any of them written out.

Nothing is checked out: no index, no filters, no export attributes and no hooks take part, so that a bare repository, a
worktree and a clone in CI give the same bytes. What git is asked never contains an option that a user wrote.
"""

import hashlib
import os
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.objects import ENVIRONMENT, FOLDER, LINK, Objects, TreeEntry
from gitops_gen.git.paths import PathError, Root, resolved
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import ask
from gitops_gen.names import did_you_mean

SHA1_LENGTH = 40
_FILES = frozenset({"100644", "100755", "100664", LINK})


class Repository:
    """The git repository that a folder is in: a working tree, a linked worktree, or a bare repository itself."""

    def __init__(self, folder: Path) -> None:
        """Raises `GitopsError` when git cannot be run."""
        self._folder, self._objects = folder, Objects(folder)
        #: the folder's path in the working tree: empty at its top and in a bare repository, else ending in `/`
        self.prefix = prefix(folder)

    def commit(self, ref: str) -> str:
        """The id of the commit that `ref` names.

        Raises `UsageError` when there is none, saying how to get it, and `GitopsError` outside of a repository.
        """
        if not ref or ref.startswith("-"):
            raise UsageError(f"`{ref}` is not a revision", "name a branch, a tag or a commit")
        found = self._objects.find(f"{ref}^{{commit}}")
        if found is None:
            raise UsageError(f"no commit `{ref}` in this clone", self.missing_hint(ref))
        return found

    def has(self, ref: str) -> bool:
        """Whether `ref` names a commit. Raises `GitopsError` outside of a repository."""
        return bool(ref) and not ref.startswith("-") and self._objects.find(f"{ref}^{{commit}}") is not None

    def full_name(self, ref: str) -> str:
        """A revision so that nothing else can be meant: `refs/heads/main` for `main`, else the commit's id.

        Raises as `commit` does.
        """
        commit = self.commit(ref)
        return self._answer("rev-parse", "--symbolic-full-name", ref) or commit

    def merge_base(self, one: str, other: str) -> str:
        """The commit at which two histories parted. Raises `GitopsError` when they have none in common."""
        found = self._answer("merge-base", self.commit(one), self.commit(other))
        if not found:
            raise GitopsError(f"`{one}` and `{other}` have no commit in common in this clone", self._shallow_hint())
        return found.splitlines()[0]

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, TreeEntry]:
        """The files of a commit below `paths` (counted from the top, empty for all), submodules left out."""
        found: dict[str, TreeEntry] = {}
        for path in paths:
            found.update(self._below(commit, path))
        return found

    def link(self, commit: str, path: str) -> str | None:
        """Where the symlink at a path of a commit leads to, as it is written; None for what is no symlink."""
        entry = self._objects.entry(commit, path)
        return self.links({path: entry})[path] if entry and entry.mode == LINK else None

    def reachable(self, commit: str, paths: Iterable[str]) -> dict[str, TreeEntry]:
        """The files of a commit below `paths`, and those that symlinks on the way or among them lead to. Raises
        `PathError` for a symlink that leaves the repository.
        """
        passed: set[str] = set()

        def link(path: str) -> str | None:
            target = self.link(commit, path)
            passed.update([path] if target is not None else [])
            return target

        found: dict[str, TreeEntry] = {}
        wanted = {*paths}
        while wanted:
            inside = {resolved(path, link, "repository") for path in wanted}
            new = {path: entry for path, entry in self.files(commit, inside | passed).items() if path not in found}
            found |= new
            wanted = {path for path, entry in new.items() if entry.mode == LINK}
        return found

    def _below(self, commit: str, path: str) -> Iterator[tuple[str, TreeEntry]]:
        entry = self._objects.entry(commit, path)
        if entry is not None and entry.mode == FOLDER:
            yield from self._walk("".join(f"{name}/" for name in PurePosixPath(path).parts), entry.id)
        elif entry is not None and entry.mode in _FILES:
            yield path, entry

    def _walk(self, folder: str, tree: str) -> Iterator[tuple[str, TreeEntry]]:
        """Every file of a tree; level by level, because git is asked for many trees as fast as for one."""
        level = {folder: tree}
        while level:
            trees = self._objects.trees(level.values())
            entries = [(folder + name, entry) for folder, tree in level.items() for name, entry in trees[tree].items()]
            yield from ((path, entry) for path, entry in entries if entry.mode in _FILES)
            level = {f"{path}/": entry.id for path, entry in entries if entry.mode == FOLDER}

    def contents(self, entries: Mapping[str, TreeEntry]) -> dict[str, bytes]:
        """The content of each file of a commit, symlinks left out. Raises `GitopsError`."""
        return self._contents({path: entry.id for path, entry in entries.items() if entry.mode != LINK})

    def links(self, entries: Mapping[str, TreeEntry]) -> dict[str, str]:
        """Where each symlink of a commit leads to, as it is written there. Raises `GitopsError`."""
        found = self._contents({path: entry.id for path, entry in entries.items() if entry.mode == LINK})
        return {path: os.fsdecode(content) for path, content in found.items()}

    def _contents(self, ids: Mapping[str, str]) -> dict[str, bytes]:
        contents = self._objects.contents(ids.values())
        return {path: contents[identity] for path, identity in ids.items()}

    def write(self, entries: Mapping[str, TreeEntry], target: Path) -> None:
        """Write files of a commit below `target`, at their paths; symlinks stay symlinks, so only what `reachable`
        gave may be written. Raises `GitopsError`.
        """
        contents = self._objects.contents(entry.id for entry in entries.values())
        for path in entries:
            _refuse_escape(path)
        for folder in {posixpath.dirname(path) for path in entries}:
            os.makedirs(target / folder, exist_ok=True)
        for path, entry in entries.items():
            _write(target, path, contents[entry.id], is_link=entry.mode == LINK)

    def _answer(self, *arguments: str) -> str:
        """What git prints, nothing when it refuses."""
        answer = ask(self._folder, *arguments, env=ENVIRONMENT)
        return "" if answer.code else answer.text.strip()

    def missing_hint(self, ref: str, others: Iterable[str] = ()) -> str:
        """What to do about a revision that is not in this clone; `others` are names that it could be instead."""
        if shallow := self._shallow_hint():
            return shallow
        if ref == "HEAD":
            return "commit something first"
        names = self._answer("for-each-ref", "--format=%(refname:short)").splitlines()
        if f"origin/{ref}" in names:
            return f"did you mean `origin/{ref}`?"
        return (did_you_mean(ref, [*others, *names]) if names else "") or "fetch it: `git fetch --tags`"

    def _shallow_hint(self) -> str:
        if self._answer("rev-parse", "--is-shallow-repository") != "true":
            return ""
        return "this clone is shallow: `git fetch --unshallow` (GitHub Actions: `fetch-depth: 0`, GitLab: GIT_DEPTH: 0)"


class Files(Protocol):
    """The files of one state of a repository; paths count from its top."""

    @property
    def top(self) -> Path:
        """The folder with the files, written as soon as they are needed."""

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The files below `paths` with the id that git gives (or would give) to the content of each; a symlink's with
        the ids of the files behind it, because these are what is read.
        """

    def fetch(self, paths: Collection[str]) -> None:
        """Read the files at `paths` at once, as far as they exist: reading each is fast then."""

    def need(self, paths: Collection[str]) -> None:
        """Have the files below `paths` on disk, as far as they exist."""


class CommitFiles:
    """The files of a commit, written out piece by piece below `top`."""

    def __init__(self, repository: Repository, commit: str, top: Path) -> None:
        self.top = top
        self._repository, self._commit = repository, commit
        self._written: set[str] = set()
        self._needed: set[str] = set()

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The ids from the commit's own trees; no content but a symlink's is read."""
        entries = self._repository.files(self._commit, paths)
        return {path: " ".join(self._ids(path, entry)) for path, entry in entries.items()}

    def _ids(self, path: str, entry: TreeEntry) -> Iterator[str]:
        yield entry.id
        if entry.mode == LINK:
            with suppress(PathError):
                behind = self._repository.reachable(self._commit, [path])
                yield from (behind[other].id for other in sorted(behind) if behind[other].mode != LINK)

    def fetch(self, paths: Collection[str]) -> None:
        """From git's objects."""
        self._repository.contents(self._repository.files(self._commit, paths))

    def need(self, paths: Collection[str]) -> None:
        """Write what does not exist yet, with what symlinks lead to."""
        entries = self._repository.reachable(self._commit, set(paths) - self._needed)
        missing = {path: entry for path, entry in entries.items() if path not in self._written}
        self._repository.write(missing, self.top)
        self._written.update(missing)
        self._needed.update(paths)


class WorkingFiles:
    """The files of a working tree, tracked or not: Helm reads both.

    A file that git calls unchanged has the id that the index has, though line ends on disk may differ from those in the
    commit (https://git-scm.com/docs/gitattributes#_eol).
    """

    def __init__(self, top: Path, id_length: int) -> None:
        self.top, self._root = top, Root(top, "git repository")
        self._hash = hashlib.sha1 if id_length == SHA1_LENGTH else hashlib.sha256

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The ids that git would give to what is there now."""
        files = [file for path in paths for file in self._files(path)]
        ids = {path: self._id(path) for path in files}
        ids |= self._unchanged(ids, paths)
        links = [path for path in files if self._root.link(path) is not None]
        return ids | {path: " ".join((ids[path], *self._behind(path))) for path in links}

    def _unchanged(self, ids: Mapping[str, str], paths: Collection[str]) -> dict[str, str]:
        """The ids in the index of files with other bytes on disk that are no change to git."""
        chosen = ("--", *paths)
        listed = ask(self.top, "ls-files", "--stage", "-z", *chosen, env=ENVIRONMENT).text.split("\0")[:-1]
        index = {path: facts.split(" ")[1] for facts, _, path in (record.partition("\t") for record in listed)}
        differing = [path for path, identity in ids.items() if index.get(path, identity) != identity]
        if not differing:
            return {}
        changed = ask(self.top, "diff", "--name-only", "-z", *chosen, env=ENVIRONMENT)
        modified = set(changed.text.split("\0"))
        return {path: index[path] for path in differing if path not in modified}

    def _behind(self, link: str) -> Iterator[str]:
        """The ids of what a symlink leads to, in the repository."""
        with suppress(PathError, OSError):
            target = self._root.resolved(link)
            folders = self._root.links(target).values() if os.path.isdir(self.top / target) else ()
            files = {file for place in (target, *folders) for file in self._files(place)}
            yield from (self._id(file) for file in sorted(files) if self._root.link(file) is None)

    def fetch(self, paths: Collection[str]) -> None:
        """Nothing: they are on disk."""

    def need(self, paths: Collection[str]) -> None:
        """Nothing: they exist."""

    def _files(self, path: str) -> Iterator[str]:
        """The files and symlinks below a path; what is behind a symlink is not part of it, as in git."""
        try:
            start = self._root.target(path)
        except PathError:
            if self._root.link(path) is not None:
                yield path
            return
        if start.is_file():
            yield path
        for folder, folders, names in os.walk(start):
            inside = Path(folder).relative_to(self.top)
            folders[:] = [name for name in folders if name != ".git"]
            links = [name for name in folders if Path(folder, name).is_symlink()]
            yield from ((inside / name).as_posix() for name in (*links, *names))

    def _id(self, path: str) -> str:
        """Nothing for what git holds no content of."""
        target = self._root.link(path)
        content = b"" if target is None else os.fsencode(target)
        if target is None:
            with suppress(PathError):
                content = self._root.read(path)
        return self._hash(b"blob %d\0%s" % (len(content), content)).hexdigest()


def _refuse_escape(path: str) -> None:
    # A tree can be made by hand: git itself refuses these only when it checks them out.
    if not {"..", ".", ""}.isdisjoint(PurePosixPath(path).parts) or path.startswith("/"):
        raise GitopsError(f"the commit holds the path `{path}`, which is outside of the repository")


def _write(target: Path, path: str, content: bytes, *, is_link: bool) -> None:
    if is_link:
        (target / path).symlink_to(os.fsdecode(content))
        return
    with open(f"{target}/{path}", "wb") as file:
        file.write(content)

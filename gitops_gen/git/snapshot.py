"""A repository as it was at a commit, read from git's objects: which files there were, and any of them written out.

Nothing is checked out: no index, no filters, no export attributes and no hooks take part, so that a bare repository, a
worktree and a clone in CI give the same bytes. What git is asked never contains an option that a user wrote.
"""

import hashlib
import os
import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.objects import ENVIRONMENT, Objects, TreeEntry
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import ask
from gitops_gen.names import did_you_mean

LINK = "120000"
_FOLDER = "40000"
_SHA1_LENGTH = 40
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
            raise GitopsError(f"`{one}` and `{other}` have no commit in common here", self._shallow_hint())
        return found.splitlines()[0]

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, TreeEntry]:
        """The files of a commit below `paths` (counted from the top, empty for all), submodules left out."""
        top = self._objects.find(f"{commit}^{{tree}}")
        found: dict[str, TreeEntry] = {}
        for path in paths if top else ():
            found.update(self._below(TreeEntry(_FOLDER, str(top)), path))
        return found

    def reachable(self, commit: str, paths: Iterable[str]) -> dict[str, TreeEntry]:
        """The files of a commit below `paths`, and those that symlinks among them lead to inside the repository."""
        found: dict[str, TreeEntry] = {}
        wanted = list(paths)
        while wanted:
            new = {path: entry for path, entry in self.files(commit, wanted).items() if path not in found}
            found |= new
            wanted = [target for path, way in self.links(new).items() if (target := _destination(path, way))]
        return found

    def _below(self, entry: TreeEntry, path: str) -> Iterator[tuple[str, TreeEntry]]:
        parts = PurePosixPath(path).parts
        for name in parts:
            if entry.mode != _FOLDER or name not in (tree := self._objects.trees([entry.id])[entry.id]):
                return
            entry = tree[name]
        if entry.mode == _FOLDER:
            yield from self._walk("".join(f"{name}/" for name in parts), entry.id)
        elif entry.mode in _FILES:
            yield path, entry

    def _walk(self, folder: str, tree: str) -> Iterator[tuple[str, TreeEntry]]:
        """Every file of a tree; level by level, because git is asked for many trees as fast as for one."""
        level = {folder: tree}
        while level:
            trees = self._objects.trees(level.values())
            entries = [(folder + name, entry) for folder, tree in level.items() for name, entry in trees[tree].items()]
            yield from ((path, entry) for path, entry in entries if entry.mode in _FILES)
            level = {f"{path}/": entry.id for path, entry in entries if entry.mode == _FOLDER}

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
        """Write files of a commit below `target`, at their paths; symlinks stay symlinks. Raises `GitopsError`."""
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

    def missing_hint(self, ref: str) -> str:
        """What to do about a revision that is not in this clone."""
        if shallow := self._shallow_hint():
            return shallow
        if ref == "HEAD":
            return "commit something first"
        names = self._answer("for-each-ref", "--format=%(refname:short)").splitlines()
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
        """The folder with the files, written as soon as they are needed."""

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The files below `paths` with the id that git gives (or would give) to the content of each; a symlink's with
        the ids of the files behind it, because these are what is read.
        """

    def contents(self, paths: Collection[str]) -> dict[str, bytes]:
        """What is in the files at `paths`, as far as they exist and are no symlinks; nothing is written for it."""

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
        return _followed(self._plain(entries), self._repository.links(entries), self._behind)

    def _behind(self, path: str) -> dict[str, str]:
        return self._plain(self._repository.files(self._commit, [path]))

    def _plain(self, entries: Mapping[str, TreeEntry]) -> dict[str, str]:
        return {path: entry.id for path, entry in entries.items()}

    def contents(self, paths: Collection[str]) -> dict[str, bytes]:
        """From git's objects."""
        return self._repository.contents(self._repository.files(self._commit, paths))

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
        self.top = top
        self._hash = hashlib.sha1 if id_length == _SHA1_LENGTH else hashlib.sha256

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The ids that git would give to what is there now."""
        files = {file.relative_to(self.top).as_posix(): file for path in paths for file in self._walk(path)}
        links = {path: os.fspath(file.readlink()) for path, file in files.items() if file.is_symlink()}
        ids = {path: self._id(file) for path, file in files.items()}
        return _followed(ids | self._unchanged(ids, paths), links, self._behind)

    def _unchanged(self, ids: Mapping[str, str], paths: Collection[str]) -> dict[str, str]:
        """The ids in the index of files with other bytes on disk that are no change to git."""
        chosen = ("--", *paths)
        listed = ask(self.top, "ls-files", "--stage", "-z", *chosen, env=ENVIRONMENT).text.split("\0")[:-1]
        index = {path: facts.split(" ")[1] for facts, _, path in (record.partition("\t") for record in listed)}
        differing = [path for path, identity in ids.items() if index.get(path, identity) != identity]
        if not differing:
            return {}
        changed = ask(self.top, "diff", "--name-only", "--no-ext-diff", "--no-textconv", "-z", *chosen, env=ENVIRONMENT)
        modified = set(changed.text.split("\0"))
        return {path: index[path] for path in differing if path not in modified}

    def _behind(self, path: str) -> dict[str, str]:
        return {file.relative_to(self.top).as_posix(): self._id(file) for file in self._walk(path)}

    def contents(self, paths: Collection[str]) -> dict[str, bytes]:
        """From the disk."""
        files = {path: self.top / path for path in paths}
        return {path: file.read_bytes() for path, file in files.items() if file.is_file() and not file.is_symlink()}

    def need(self, paths: Collection[str]) -> None:
        """Nothing: they are there."""

    def _walk(self, path: str) -> Iterator[Path]:
        start = self.top / path
        if start.is_file() or start.is_symlink():
            yield start
        for folder, folders, names in os.walk(start):
            # A symlink to a folder is one entry to git, whatever it points to.
            yield from (Path(folder, name) for name in folders if Path(folder, name).is_symlink())
            yield from (Path(folder, name) for name in names)

    def _id(self, file: Path) -> str:
        content = os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
        return self._hash(b"blob %d\0%s" % (len(content), content)).hexdigest()


def _followed(ids: dict[str, str], links: Mapping[str, str], behind: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """The ids, those of symlinks with the ids of what is behind them inside the repository."""
    for path, destination in links.items():
        if target := _destination(path, destination):
            ids[path] = " ".join((ids[path], *(identity for _, identity in sorted(behind(target).items()))))
    return ids


def _destination(link: str, way: str) -> str:
    """The path that a symlink leads to; empty when it leaves the repository."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(link), way))
    return "" if target == ".." or target.startswith(("/", "../")) else target


def _refuse_escape(path: str) -> None:
    # A tree can be made by hand: git itself refuses these only when it checks them out.
    if not {"..", ".", ""}.isdisjoint(PurePosixPath(path).parts) or path.startswith("/"):
        raise GitopsError(f"the commit holds the path `{path}`, which leads out of it")


def _write(target: Path, path: str, content: bytes, *, is_link: bool) -> None:
    if is_link:
        _link(target, target / path, content.decode())
        return
    with open(f"{target}/{path}", "wb") as file:
        file.write(content)


def _link(target: Path, file: Path, destination: str) -> None:
    """A symlink, unless it would lead out of the snapshot: what it points to is then not part of the commit."""
    inside = (file.parent / destination).resolve()
    if not destination.startswith("/") and inside.is_relative_to(target.resolve()):
        file.symlink_to(destination)


def export(project: Path, revision: str, path: str, target: Path) -> Path:
    """Write the folder `path` (in the project) as it was at `revision` below `target`, with what its symlinks lead to,
    and return it. Raises `GitopsError`.

    The bytes are those of git's objects. `git archive` would obey `export-ignore` and `export-subst`
    (https://git-scm.com/docs/git-archive#ATTRIBUTES), which Argo CD's checkout does not.
    """
    repository = Repository(project)
    hint = "name a tag or commit that has it; if this clone does not have it yet: `git fetch --tags`"
    try:
        commit = repository.commit(revision)
    except UsageError as error:
        raise GitopsError(
            f"`{path}` cannot be read at revision `{revision}`: {error}", f"{hint}; {error.hint}"
        ) from error
    inside = posixpath.normpath(prefix(project) + path)
    if not repository.files(commit, [inside]):
        raise GitopsError(f"`{path}` cannot be read at revision `{revision}`: it has no such folder", hint)
    repository.write(repository.reachable(commit, [inside]), target)
    return target / inside

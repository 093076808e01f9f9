"""What happened to files on the branch that Argo CD follows, from commits: this tool's or anybody's.

The history of a branch is the sequence of commits that it pointed to. Git does not record it: where two lines meet, one
parent of the merge was on the branch and the others were not. `git merge` and the merge button put the branch first;
after `git pull` on a clone that was behind, the branch is the second parent and somebody's own commits are the first.
The merge's subject tells the two apart (https://git-scm.com/docs/git-fmt-merge-msg): what was merged is the branch
itself, or something else. A commit is one change, compared with what the branch was before; what a merge brought in is
listed under it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gitops_gen.git.runner import ask, run

_FIELDS = ("%H", "%an", "%aI", "%s")
_TRAILERS = ("Change", "Environment", "Source-Commit")
# A commit's text cannot hold a zero byte (git ends it there), so nothing that somebody wrote is taken for a separator.
_FORMAT = "%x00".join(
    (*_FIELDS, *(f"%(trailers:key={name},valueonly,separator=%x2C)" for name in _TRAILERS)),
)
_COLUMNS = len(_FIELDS) + len(_TRAILERS)
_FIRST_LOOK = 64
_USUAL = ("main", "master")
_MERGED_BRANCHES = re.compile(r"Merge (?P<remote>remote-tracking )?branch(?:es)? (?P<names>'.*)")
_MERGED_OTHERS = re.compile(r"Merged? (?:pull request|PR|branch|branches|remote-tracking|tag|commit|in) ")
_NAME = re.compile(r"'([^']+)'")


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One change of what was asked for: `paths` are the files that it changed, `change` and the like its trailers.

    `parent` is what the branch was before (empty: nothing). `merged` are the changes that a merge brought in, the
    newest first; `is_certain` says whether git's own words in the subject tell which of its parents the branch was.
    """

    id: str
    parent: str
    author: str
    date: str
    subject: str
    change: str
    environments: tuple[str, ...]
    source: str
    paths: tuple[str, ...]
    merged: "tuple[Commit, ...]" = ()
    is_certain: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of the history: up to `until`, without what `since` (a commit's id) had already."""

    since: str = ""
    until: str = "HEAD"


def commits(
    project: Path, paths: Sequence[str], span: Span | None = None, *, limit: int = 0, branch: str = ""
) -> Iterator[Commit]:
    """The changes of any of `paths` (files or folders of the project) on the branch, the newest first.

    `branch` is the name of the branch that Argo CD follows, if the project says one. Raises `GitError` when git cannot
    read the history.
    """
    span = span or Span()
    tip = run(project, "rev-parse", "--verify", "--end-of-options", f"{span.until}^{{commit}}").strip()
    graph = _Graph.read(project, [tip, *([span.since] if span.since else [])])
    line = _Line(graph, tip, followed(project, branch))
    known = graph.reach(span.since) if span.since else set()
    pairs = [pair for pair in line.pairs if pair[0] not in known]
    count = 0
    for chunk in _growing(pairs):
        for commit in _Reader(project, paths, line).changes(chunk):
            yield commit
            count += 1
            if count == limit:
                return


def is_part(project: Path, commit: str, of: str) -> bool:
    """Whether a commit is in the history of another."""
    return not ask(project, "merge-base", "--is-ancestor", commit, of).code


def rivals(project: Path, merge: Commit, paths: Sequence[str]) -> list[str]:
    """The newest change of `paths` on each line that a merge joined, where every one of them changed some; else none.

    Only then does it matter which of them was the branch.
    """
    parents = run(project, "rev-parse", f"{merge.id}^@").split()
    found = []
    for parent in parents:
        others = [f"^{other}" for other in parents if other != parent]
        found += run(project, "rev-list", "--max-count=1", parent, *others, "--", *paths).split()
    return found if len(found) == len(parents) else []


def followed(project: Path, branch: str = "") -> tuple[str, ...]:
    """The names that the followed branch may have: the one that the project says, else the remote's default branch,
    else what the branch checked out is pushed to.
    """
    if branch not in ("", "HEAD"):
        return (branch.removeprefix("refs/heads/"),)
    defaults = ask(project, "for-each-ref", "--format=%(refname) %(symref)", "refs/remotes/*/HEAD").text
    for line in defaults.splitlines():
        name, _, target = line.partition(" ")
        if target:
            return (target.removeprefix(name.removesuffix("HEAD")),)
    current = ask(project, "symbolic-ref", "--short", "HEAD").text.strip()
    upstream = ask(project, "config", f"branch.{current}.merge").text.strip() if current else ""
    name = upstream.removeprefix("refs/heads/") or current
    return (name,) if name else _USUAL


@dataclass(frozen=True, slots=True)
class _Graph:
    """Commits with their parents, in topological order (children first), and the subjects of merges."""

    parents: dict[str, tuple[str, ...]]
    subjects: dict[str, str]

    @classmethod
    def read(cls, project: Path, tips: Sequence[str]) -> "_Graph":
        """Everything that `tips` lead to. Raises `GitError`."""
        arguments = ("log", "-z", "--topo-order", "--no-show-signature", "--format=%H%x00%P%x00%s")
        words = iter(_shown(run(project, *arguments, *tips, "--")).split("\0")[:-1])
        graph = cls({}, {})
        for oid, parents, subject in zip(words, words, words, strict=True):
            graph.parents[oid] = tuple(parents.split())
            if len(graph.parents[oid]) > 1:
                graph.subjects[oid] = subject
        return graph

    def reach(self, start: str) -> set[str]:
        """Every commit that `start` leads to."""
        found, todo = set[str](), [start]
        while todo:
            oid = todo.pop()
            if oid in self.parents and oid not in found:
                found.add(oid)
                todo += self.parents[oid]
        return found


@dataclass(frozen=True)
class _Line:
    """What a branch pointed to, from `tip` backwards."""

    graph: _Graph
    tip: str
    names: tuple[str, ...]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Each commit with the one that the branch was before (empty: none), the newest first."""
        found = []
        current = self.tip
        while current in self.graph.parents:
            before = self.before(current)
            found.append((current, before))
            current = before
        return found

    def before(self, oid: str) -> str:
        """The parent that was on the branch."""
        parents = self.graph.parents[oid]
        if oid not in self.graph.subjects:
            return parents[0] if parents else ""
        return parents[_published(self.graph.subjects[oid], len(parents), self.names)[0]]

    def is_certain(self, oid: str) -> bool:
        """Whether a commit's subject says which of its parents was on the branch, or it needs not be said."""
        subject = self.graph.subjects.get(oid)
        return subject is None or _published(subject, len(self.graph.parents[oid]), self.names)[1]

    @cached_property
    def sides(self) -> dict[str, list[str]]:
        """What each merge on the line brought in, the newest first."""
        order = {oid: position for position, oid in enumerate(self.graph.parents)}
        seen: set[str] = set()
        found: dict[str, list[str]] = {}
        for oid, _ in reversed(self.pairs):
            brought: set[str] = set()
            # The line was walked to its end, so what is before a merge on it was seen; git has no cycles.
            todo = [parent for parent in self.graph.parents[oid] if parent not in seen]
            while todo:
                other = todo.pop()
                if other in self.graph.parents and other not in seen:
                    seen.add(other)
                    brought.add(other)
                    todo += self.graph.parents[other]
            seen.add(oid)
            if brought:
                found[oid] = sorted(brought, key=order.__getitem__)
        return found


def _published(subject: str, parents: int, names: tuple[str, ...]) -> tuple[int, bool]:
    """Which parent of a merge was the branch, and whether its subject tells."""
    match = _MERGED_BRANCHES.match(subject)
    if match is None:
        return 0, bool(_MERGED_OTHERS.match(subject))
    # `'main' of <url> into feature`: after `into` is the branch it went into, in quotes when GitLab made it.
    merged = _NAME.findall(match["names"].partition(" into ")[0])
    if match["remote"]:
        merged = [name.partition("/")[2] for name in merged]
    if len(merged) == parents - 1:
        for index, name in enumerate(merged, 1):
            if name in names:
                return index, True
    return 0, True


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what commits changed of some paths."""

    project: Path
    paths: Sequence[str]
    line: _Line

    def changes(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Commit]:
        """Those of the pairs that changed anything, in their order."""
        changed = {oid: found[0] for oid, found in self.differing(pairs).items()}
        brought = {oid: self.line.sides[oid] for oid in changed if oid in self.line.sides}
        inside = self.brought(other for others in brought.values() for other in others)
        described = self.described([*changed, *inside])
        for oid, before in pairs:
            if oid in changed:
                merged = (described[other] for other in brought.get(oid, ()) if other in inside)
                yield replace(
                    described[oid],
                    parent=before,
                    paths=changed[oid],
                    merged=tuple(replace(item, paths=inside[item.id]) for item in merged),
                    is_certain=self.line.is_certain(oid),
                )

    def brought(self, oids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The commits that differ from each of their parents, and where: a merge that takes one side's files whole
        changes nothing.
        """
        graph = self.line.graph.parents
        pairs = [(oid, parent) for oid in oids for parent in (graph[oid] or ("",))]
        found = {}
        for oid, differing in self.differing(pairs).items():
            paths = set(differing[0]).intersection(*differing[1:])
            if paths and len(differing) == max(len(graph[oid]), 1):
                found[oid] = tuple(sorted(paths))
        return found

    def differing(self, pairs: Sequence[tuple[str, str]]) -> dict[str, list[tuple[str, ...]]]:
        """For each commit that differs from the one paired with it: the paths, once a pair."""
        if not pairs:
            return {}
        asked = "".join(f"{oid} {before}".rstrip() + "\n" for oid, before in pairs).encode()
        arguments = ("diff-tree", "--stdin", "--root", "-r", "-z", "--no-renames", "--relative", "--", *self.paths)
        words = iter(run(self.project, *arguments, stdin=asked).split("\0")[:-1])
        found: dict[str, list[tuple[str, ...]]] = {}
        oid = ""
        for word in words:
            if word.startswith(":"):
                found[oid][-1] += (next(words),)
            else:
                oid = word
                found.setdefault(oid, []).append(())
        return found

    def described(self, oids: Sequence[str]) -> dict[str, Commit]:
        """Who made the commits, when and what for."""
        if not oids:
            return {}
        arguments = ("log", "--no-walk=unsorted", "--stdin", "-z", "--no-show-signature", f"--format={_FORMAT}")
        words = _shown(run(self.project, *arguments, stdin="".join(f"{oid}\n" for oid in oids).encode())).split("\0")
        rows = (words[start : start + _COLUMNS] for start in range(0, len(words) - 1, _COLUMNS))
        return {row[0]: _commit(*row) for row in rows}


def _commit(  # noqa: PLR0913, PLR0917 - the columns of `_FORMAT`
    oid: str, author: str, date: str, subject: str, change: str, environments: str, source: str
) -> Commit:
    return Commit(
        id=oid,
        parent="",
        author=author,
        date=date,
        subject=subject,
        change=change.strip(),
        environments=tuple(name.strip() for name in environments.split(",") if name.strip()),
        source=source.strip(),
        paths=(),
    )


def _shown(text: str) -> str:
    """What people wrote may be in any encoding; it is printed and goes into subjects."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _growing(pairs: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    """Parts of the line, the first ones small: the last change is often all that is asked for."""
    start, size = 0, _FIRST_LOOK
    while start < len(pairs):
        yield pairs[start : start + size]
        start, size = start + size, size * 4

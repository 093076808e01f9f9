"""Where the text of a file comes from: the commits that have it, and what git's own merge makes of two of them."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.git.checkout import operation
from gitops_gen.git.lock import state_folder
from gitops_gen.git.objects import ENVIRONMENT, contents_of
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import ask
from gitops_gen.runtime.scratch import scratch

_PICKED = {"cherry-pick": "CHERRY_PICK_HEAD", "rebase": "REBASE_HEAD"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """A commit's parents, and the paths (from the project) in which it differs from all of its parents."""

    parents: tuple[str, ...]
    paths: frozenset[str]


def contents_at(project: Path, commit: str, paths: Collection[str]) -> dict[str, str]:
    """The texts that a commit has of these paths (from the project), as far as it has them; empty: the index."""
    inside = prefix(project)
    found = contents_of(project, [f"{commit}:{inside}{path}" for path in paths])
    return {path: _text(content) for path, content in zip(paths, found, strict=True) if content is not None}


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape").replace("\r\n", "\n")


def touches(project: Path, paths: Collection[str]) -> Iterator[Touch]:
    """The commits of HEAD's history that touch any of `paths`, the newest first."""
    form = ("--format=%x1e%P%x1f", "-z", "--name-only", "--no-renames", "--relative", "--diff-merges=combined")
    answer = ask(project, "log", *form, "--no-show-signature", "HEAD", "--", *paths, env=ENVIRONMENT)
    for record in answer.text.split("\x1e")[1:]:
        parents, names = record.split("\x1f", 1)
        listed = frozenset(name.strip("\n") for name in names.split("\0") if name.strip("\n"))
        yield Touch(parents=tuple(parents.split()), paths=listed)


def committed(project: Path, texts: Mapping[str, str]) -> set[str]:
    """Those paths whose text some commit has at that path: of any branch, or one that HEAD was at."""
    form = ("--format=", "-z", "--raw", "--no-abbrev", "--no-renames", "--relative", "-m")
    answer = ask(project, "log", "--all", "--reflog", *form, "--no-show-signature", "--", *texts, env=ENVIRONMENT)
    fields = answer.text.split("\0")
    held = {(path, header.split(" ")[3]) for header, path in zip(fields[::2], fields[1::2], strict=False)}
    return {path for path, text in texts.items() if not held.isdisjoint((path, name) for name in _names(text))}


def _names(text: str) -> Iterator[str]:
    """The names that git may give to a text: by SHA-1 or SHA-256, with its line ends or those of a Windows checkout."""
    for content in (text.encode(), text.replace("\n", "\r\n").encode()):
        for algorithm in ("sha1", "sha256"):
            yield hashlib.new(algorithm, b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


def merged_by_git(project: Path, paths: Collection[str]) -> dict[str, str]:
    """What git itself made of these paths in the merge, rebase, cherry-pick or revert that is in progress; of those
    that it merged without a conflict. Nothing when none is in progress.
    """
    sides = _sides(project)
    if sides is None:
        return {}
    base, ours, theirs = (contents_at(project, commit, paths) for commit in sides)
    merged = {path: merge_texts(base.get(path, ""), ours.get(path, ""), theirs.get(path, "")) for path in paths}
    return {path: text for path, text in merged.items() if text is not None}


def _sides(project: Path) -> tuple[str, str, str] | None:
    """Base, ours and theirs of the operation in progress."""
    name = operation(state_folder(project).parent)
    if name == "merge":
        base = ask(project, "merge-base", "HEAD", "MERGE_HEAD").text.split()
        return (base[0], "HEAD", "MERGE_HEAD") if base else None
    if name == "revert":
        return "REVERT_HEAD", "HEAD", "REVERT_HEAD^"
    return (f"{_PICKED[name]}^", "HEAD", _PICKED[name]) if name in _PICKED else None


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Git's line merge of two texts; None when they conflict (https://git-scm.com/docs/git-merge-file)."""
    if base in (ours, theirs):
        return theirs if base == ours else ours
    with scratch() as folder:
        places = [folder / side for side in ("ours", "base", "theirs")]
        for place, text in zip(places, (ours, base, theirs), strict=True):
            place.write_bytes(text.encode(errors="surrogateescape"))
        answer = ask(folder, "merge-file", "-p", *map(os.fspath, places))
    return None if answer.code else _text(answer.out)

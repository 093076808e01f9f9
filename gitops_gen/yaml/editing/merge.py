"""A three-way merge of YAML key by key, without the conflicts of git's merge line by line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.yaml.editing.data import same
from gitops_gen.yaml.editing.difference import KeyDifference, apply, differences
from gitops_gen.yaml.key_paths import KeyPath
from gitops_gen.yaml.reader import load


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """The merged text, and the key paths that both sides changed, each in its own way (there, ours stays)."""

    text: str
    conflicts: tuple[KeyPath, ...]


def merged(base: str, ours: str, theirs: str, file: str) -> Merge:
    """`ours` with what changed from `base` to `theirs`. Raises `ProblemsError` or `EditError`."""
    start, mine = load(base, file) or {}, load(ours, file) or {}
    wanted: list[KeyDifference] = []
    conflicts: list[KeyPath] = []
    for change in _finely(differences(start, load(theirs, file) or {}), mine):
        was, now = _at(start, change.path), _at(mine, change.path)
        new = (change.now, change.new)
        if _agree(now, was):
            wanted.append(change)
        elif not _agree(now, new):
            conflicts.append(change.path)
    return Merge(text=apply(ours, wanted, file), conflicts=tuple(conflicts))


def _finely(changes: Iterable[KeyDifference], mine: Any) -> Iterator[KeyDifference]:
    """A map that both sides added is compared key by key."""
    for change in changes:
        if (
            not change.was
            and isinstance(change.new, dict)
            and change.new
            and isinstance(_at(mine, change.path)[1], dict)
        ):
            yield from _finely(differences({}, change.new, change.path), mine)
        else:
            yield change


def _agree(left: tuple[bool, Any], right: tuple[bool, Any]) -> bool:
    return left[0] == right[0] and same(left[1], right[1])


def _at(data: Any, path: KeyPath) -> tuple[bool, Any]:
    for step in path:
        inside = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(inside, dict) or step not in inside:
            return False, None
        data = inside[step]
    return True, data

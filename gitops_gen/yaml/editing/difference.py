"""From one value to another by as few edits of the text as it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.yaml.editing.data import same
from gitops_gen.yaml.editing.document import delete, set_value
from gitops_gen.yaml.key_paths import KeyPath
from gitops_gen.yaml.reader import load


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyDifference:
    """One place where two values differ; `was` and `now` distinguish what is set (a null) from what is absent."""

    path: KeyPath
    old: Any
    new: Any
    was: bool = True
    now: bool = True


def differences(old: Any, new: Any, path: KeyPath = ()) -> Iterator[KeyDifference]:
    """Where two values differ: map by map, and item by item in lists of one length; keys that go come last."""
    if isinstance(old, dict) and isinstance(new, dict) and new:
        yield from _map_differences(old, new, path)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from differences(left, right, (*path, index))
    elif not same(old, new):
        yield KeyDifference(path=path, old=old, new=new)


def _map_differences(old: dict[str, Any], new: dict[str, Any], path: KeyPath) -> Iterator[KeyDifference]:
    for key, value in new.items():
        if key in old:
            yield from differences(old[key], value, (*path, key))
        else:
            yield KeyDifference(path=(*path, key), old=None, new=value, was=False)
    for key in old.keys() - new.keys():
        yield KeyDifference(path=(*path, key), old=old[key], new=None, now=False)


def apply(text: str, changes: list[KeyDifference], file: str, prefix: KeyPath = ()) -> str:
    """`text` with every difference's new value at its path below `prefix`. Raises as `set_value` does."""
    for change in changes:
        path = (*prefix, *change.path)
        text = set_value(text, path, change.new, file) if change.now else delete(text, path, file)
    return text


def rewritten(text: str, new: Any, file: str) -> str:
    """`text` edited until it reads as `new`. Raises as `set_value` does."""
    return apply(text, list(differences(load(text, file), new)), file)

"""Changed keys: the values before and after."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NotRequired, TypedDict

from gitops_gen.yaml.editing.difference import KeyDifference
from gitops_gen.yaml.key_paths import KeyPath, leaves, typed_key, value_at


class KeyChange(TypedDict):
    """One key with another value."""

    key: str
    r"""Path of the key, such as `app.hosts[0].name`; a dot in a name is written `\.`."""
    old: NotRequired[Any]
    """The value before; missing if the key was not set. `null` is a value."""
    new: NotRequired[Any]
    """The value after; missing if the key is not set any longer."""


class ReleaseChange(KeyChange):
    """One key of a release with another value."""

    section: Literal["values", "chart"]
    """`values`: `key` is a chart value. `chart`: `key` is a field of the chart pin, such as `version`."""


def key_changes(differences: Iterable[KeyDifference]) -> list[KeyChange]:
    """One entry for each changed key; a map that was added or removed as a whole has one for each key in it."""
    return [_change(item) for difference in differences for item in _parts(difference)]


def release_changes(differences: Iterable[KeyDifference]) -> list[ReleaseChange]:
    """The same for differences between release files, whose paths begin with `values` or `chart`."""
    parts = [item for difference in differences for item in _parts(difference)]
    return [
        ReleaseChange(section="chart" if item.path[0] == "chart" else "values", **_change(item, item.path[1:]))
        for item in parts
    ]


def _parts(item: KeyDifference) -> Iterator[KeyDifference]:
    old, new = (_leaves(value, there) for value, there in ((item.old, item.was), (item.new, item.now)))
    if old is None or new is None or not (old or new):
        yield item
        return
    for path, value in old.items():
        yield KeyDifference(path=(*item.path, *path), old=value, new=None, now=False)
    for path, value in new.items():
        yield KeyDifference(path=(*item.path, *path), old=None, new=value, was=False)


def _leaves(value: Any, there: bool) -> dict[KeyPath, Any] | None:  # noqa: FBT001 - a value and whether it is set
    """The keys in a map, none for what is not set; None for a value that is not a map."""
    if not there:
        return {}
    if not isinstance(value, dict):
        return None
    return {path: value_at(value, path)[1] for path in leaves(value)}


def _change(item: KeyDifference, path: KeyPath | None = None) -> KeyChange:
    change = KeyChange(key=typed_key(item.path if path is None else path))
    if item.was:
        change["old"] = item.old
    if item.now:
        change["new"] = item.new
    return change

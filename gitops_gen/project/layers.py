"""Value layers: the places that set chart values, how they merge, and which of them set a given key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_gen.errors import Problem
from gitops_gen.yaml.key_paths import KeyPath, dotted, value_at

Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueLayer:
    """One place that sets chart values: what users call it, the file, where in the file, and the values.

    An exclusive layer (release, inject) shares no key with any other. `text` is that of a file which is no input.
    """

    name: str
    file: str
    prefix: KeyPath
    values: Values
    exclusive: bool = False
    text: str | None = None


def merge(base: Values, over: Values) -> Values:
    """`over` on top of `base` as Helm merges several `-f` files: maps merge, lists and scalars replace, null is kept.

    Neither argument changes. https://helm.sh/docs/helm/helm_template/ (`--values`); null is kept because only the
    chart's own values may be deleted by it, and they are not pulled yet.
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def merge_layers(layers: Sequence[ValueLayer]) -> Values:
    """All layers' values, the weakest first."""
    merged: Values = {}
    for layer in layers:
        merged = merge(merged, layer.values)
    return merged


def setter(layers: Sequence[ValueLayer], path: KeyPath) -> tuple[ValueLayer, KeyPath] | None:
    """The layer that decides `path`, with the longest part of the path that it sets; None when no layer sets any of
    it.
    """
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if value_at(layer.values, path[:length])[0]:
                return layer, path[:length]
    return None


def conflicts(layers: Sequence[ValueLayer]) -> Iterator[tuple[KeyPath, ValueLayer, ValueLayer]]:
    """Each key that an exclusive layer and another layer both set."""
    exclusive = [layer for layer in layers if layer.exclusive]
    for index, owner in enumerate(exclusive):
        for other in [*(layer for layer in layers if not layer.exclusive), *exclusive[index + 1 :]]:
            for path in overlap(owner.values, other.values):
                yield path, owner, other


def overlap(left: Values, right: Values, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The keys that both maps set: two maps at one key overlap only where their own keys do."""
    for key in left.keys() & right.keys():
        if isinstance(left[key], dict) and isinstance(right[key], dict):
            yield from overlap(left[key], right[key], (*path, key))
        else:
            yield (*path, key)


def conflict_problem(
    path: KeyPath, owner: ValueLayer, other: ValueLayer, lines: tuple[int | None, int | None]
) -> Problem:
    """The problem of a key that two layers set."""
    place = f"{owner.file}:{lines[0]}" if lines[0] else owner.file
    return Problem(
        file=other.file,
        line=lines[1],
        key=dotted((*other.prefix, *path)),
        message=f"is also set by {owner.name} ({place})",
        hint=f"remove one of the two: no other layer can set a key that {owner.name} sets",
    )

"""Key paths in plain data: what an edit should make of a document's value, held against what it makes of its text."""

from typing import Any

from gitops_gen.yaml.key_paths import KeyPath


def assigned(data: Any, path: KeyPath, value: Any) -> Any:
    """`data` with `value` at `path`; nothing on the way (or a null) becomes a map. Raises `TypeError`, `IndexError`."""
    if not path:
        return value
    step, *rest = path
    if isinstance(data, list):
        index = _index(step, len(data) + 1)
        inner = data[index] if index < len(data) else None
        return [*data[:index], assigned(inner, tuple(rest), value), *data[index + 1 :]]
    if data is None and step == 0:
        return [assigned(None, tuple(rest), value)]
    if data is not None and not isinstance(data, dict):
        raise TypeError
    data = data or {}
    return {**data, str(step): assigned(data.get(str(step)), tuple(rest), value)}


def removed(data: Any, path: KeyPath) -> Any:
    """`data` without what is at `path`. Raises `KeyError`, `TypeError` or `IndexError` when nothing is there."""
    step, *rest = path
    if isinstance(data, list):
        index = _index(step, len(data))
        return [*data[:index], *([removed(data[index], tuple(rest))] if rest else []), *data[index + 1 :]]
    if not isinstance(data, dict):
        raise TypeError
    inner = data[str(step)]
    return {**data, str(step): removed(inner, tuple(rest))} if rest else _without(data, str(step))


def _without(data: dict[str, Any], step: str) -> dict[str, Any]:
    return {key: item for key, item in data.items() if key != step}


def _index(step: str | int, length: int) -> int:
    if not isinstance(step, int):
        raise TypeError
    if not 0 <= step < length:
        raise IndexError
    return step


def same(left: Any, right: Any) -> bool:
    """Equality that tells `1` from `true` and `"1"`; the order of keys means nothing."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)

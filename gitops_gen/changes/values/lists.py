"""One item of a list. Helm replaces lists as a whole, so a file that is to change an item of a weaker layer's list gets
a copy of all of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gitops_gen.errors import UsageError
from gitops_gen.helm.key_types import type_name
from gitops_gen.yaml.editing.data import assigned, same
from gitops_gen.yaml.key_paths import KeyPath, typed_key


def list_path(path: KeyPath) -> KeyPath:
    """The key of the first list on a path; the whole path when there is none."""
    index = next((at for at, step in enumerate(path) if isinstance(step, int)), len(path))
    return path[:index]


def require_way(values: Any, path: KeyPath, *, removing: bool = False) -> None:
    """Hold a path to the values that it leads through: an item or the place behind the last in a list, a key in a map.

    Raises `UsageError` naming what there is, and what to type.
    """
    current = values
    for at, step in enumerate(path):
        here = path[:at]
        if isinstance(step, int):
            current = _item(current, step, here, path, removing=removing)
        elif isinstance(current, list):
            example = typed_key((*here, 0, *path[at:]))
            raise UsageError(f"`{typed_key(here)}` is a list", f"name the item: `{example}`")
        elif current is None or isinstance(current, dict):
            current = (current or {}).get(step)
        else:
            kind = described(type_name(current))
            hint = f"to make a map of it: `--json '{typed_key(here)}={{\"{step}\": …}}'`"
            raise UsageError(f"`{typed_key(here)}` is {kind} and has no key `{step}`", hint)


def _item(current: Any, index: int, here: KeyPath, path: KeyPath, *, removing: bool) -> Any:
    if current is not None and not isinstance(current, list):
        hint = f"name the key: `{typed_key(here)}.KEY`" if isinstance(current, dict) else "set it as a whole"
        raise UsageError(f"`{typed_key(here)}` is not a list", hint)
    items = current or []
    limit = len(items) if removing else len(items) + 1
    if index < limit:
        return items[index] if index < len(items) else None
    count = f"{len(items)} item{'s' * (len(items) != 1)}"
    nearest = typed_key((*here, limit - 1, *path[len(here) + 1 :])) if limit else ""
    what = "the last" if removing else "the next"
    hint = f"{what} one is `{nearest}`" if nearest else "there is nothing to remove"
    raise UsageError(f"`{typed_key((*here, index))}`: the list has {count}", hint)


def described(kind: str) -> str:
    """A type with its article."""
    return f"an {kind}" if kind == "integer" else f"a {kind}"


def with_item(items: Any, inner: KeyPath, value: Any) -> Any:
    """A copy of a list with `value` at the path `inner` in it."""
    return assigned(items or None, inner, value)


def agreed(lists: Iterable[tuple[str, Any]], path: KeyPath) -> Any:
    """The list that all environments have. Raises `UsageError` when they differ: there is no one copy for them."""
    (first, items), *others = lists
    for other, its in others:
        if not same(items, its):
            raise UsageError(
                f"`{typed_key(path)}` differs between {first} and {other}",
                "write the whole list, or use --environment to change the list of each environment",
            )
    return items


def copy_note(items: Sequence[Any], path: KeyPath, file: str) -> str:
    """What a person should know about a copied list."""
    count = f"{len(items)} item{'s' * (len(items) != 1)}"
    return f"Helm replaces lists as a whole: {file} now holds a copy of `{typed_key(path)}` ({count}) with this change"

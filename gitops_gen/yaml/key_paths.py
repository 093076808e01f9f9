"""Key paths: the position of a value in a tree of maps and lists, such as `app.hosts[0].name`."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from gitops_gen.errors import UsageError

KeyPath: TypeAlias = tuple[str | int, ...]


def dotted(path: KeyPath) -> str:
    """`("app", "hosts", 0)` → `app.hosts[0]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def value_at(values: dict[str, Any], path: KeyPath) -> tuple[bool, Any]:
    """Whether a value is set at `path`, and the value."""
    current: Any = values
    for step in path:
        if isinstance(current, list):
            current = dict(enumerate(current))
        if not isinstance(current, dict) or step not in current:
            return False, None
        current = current[step]
    return True, current


def leaves(values: dict[str, Any], path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of every value that is not a non-empty map."""
    for key in sorted(values):
        value = values[key]
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def tree_nodes(data: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value in a tree of maps and lists with its path: the tree itself, and each map or list before what is in
    it.
    """
    todo = [(path, data)]
    while todo:
        place, node = todo.pop()
        yield place, node
        if isinstance(node, dict):
            todo += [((*place, key), item) for key, item in reversed(node.items())]
        elif isinstance(node, list):
            todo += [((*place, index), node[index]) for index in reversed(range(len(node)))]


def tree_with(data: Any, change: Callable[[KeyPath, Any], Any], path: KeyPath = ()) -> Any:
    """The tree with each value that is neither a map nor a list as `change` makes it."""
    if isinstance(data, dict):
        return {key: tree_with(item, change, (*path, key)) for key, item in data.items()}
    if isinstance(data, list):
        return [tree_with(item, change, (*path, index)) for index, item in enumerate(data)]
    return change(path, data)


_STEP = re.compile(r"([^\[\]]+)((?:\[[0-9]{1,9}\])*)")


_INDEX = re.compile(r"[0-9]+")


def parse_key(key: str) -> KeyPath:
    r"""`app.hosts[0].name` → `("app", "hosts", 0, "name")`; `\.` is a dot inside a key, as in `helm --set`.

    Raises `UsageError` for an empty step or an index that is not a number.
    """
    steps: list[str | int] = []
    for part in key.replace("\\.", "\0").split("."):
        found = _STEP.fullmatch(part.replace("\0", "."))
        if found is None:
            raise UsageError(f"`{key}` is not a valid key", "write it as `app.image.tag` or `ingress.hosts[0].host`")
        steps += [found[1], *(int(index) for index in _INDEX.findall(found[2]))]
    return tuple(steps)


def plain_steps(text: str) -> tuple[str, ...]:
    """`app.image.tag` → `("app", "image", "tag")`: keys as templates and Chart.yaml's conditions write them, without
    lists and escapes.
    """
    return tuple(text.split("."))


def typed_key(path: KeyPath) -> str:
    r"""A path as the user types it: `parse_key` returns the same path.

    >>> typed_key(("hosts", 0, "a.b"))
    'hosts[0].a\\.b'
    """
    return dotted(tuple(step.replace(".", "\\.") if isinstance(step, str) else step for step in path))

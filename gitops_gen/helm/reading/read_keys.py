"""The keys of a chart's values that its templates read, as a tree."""

from collections.abc import Iterator
from dataclasses import dataclass, field

ANY = "*"
"""As a step of a path: each key of a map and each item of a list."""

NAMED = "?"
"""As a step: one or more steps, each one of the names that templates take out of texts such as `primary.resources`."""

Keys = tuple[str, ...]
DEPTH = 14
"""Longer paths come from templates that walk a tree of any depth; what they reach is read as a whole."""


@dataclass(slots=True)
class ReadKey:
    """A key that is read; `whole` with all that may be below it, `asked` when its type is asked for."""

    whole: bool = False
    asked: bool = False
    children: dict[str, "ReadKey"] = field(default_factory=dict)


class ReadKeys:
    """What is read of a tree of values."""

    def __init__(self) -> None:
        self._top = ReadKey()
        #: what `NAMED` may be
        self.names: set[str] = set()

    def add(self, path: Keys) -> ReadKey:
        """Note that a key is read, and the keys on the way to it."""
        node = self._top
        for step in path:
            node = node.children.setdefault(step, ReadKey())
        return node

    def add_whole(self, path: Keys) -> None:
        """Note that a key is read with all that may be below it."""
        self.add(path).whole = True

    def add_named(self, path: Keys) -> None:
        """Note that names are read at a path one below the other, however deep; it ends with `NAMED`."""
        node = self.add(path)
        node.children[NAMED] = node

    def at(self, path: Keys) -> list[ReadKey]:
        """What is read at a path: more than one entry where a key is read by its name and in a loop as well."""
        nodes = [self._top]
        for step in path:
            nodes = [child for node in nodes for child in self._children(node, step)]
        return nodes

    def reads(self, path: Keys) -> bool:
        """Whether a key is read, or may be."""
        return bool(self.at(path))

    def is_whole(self, path: Keys) -> bool:
        """Whether all that is below a key is read."""
        return any(node.whole for node in self.at(path))

    def names_below(self, path: Keys) -> set[str]:
        """The keys of a map that are read by their names."""
        return {name for node in self.at(path) for name in node.children if name not in (ANY, NAMED)}

    def _children(self, node: ReadKey, step: str) -> Iterator[ReadKey]:
        if node.whole:
            yield node
            return
        for name in {step, ANY} | ({NAMED} if step in self.names else set()):
            if child := node.children.get(name):
                yield child

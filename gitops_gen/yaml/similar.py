"""Reads a document by its difference from one that was read before: the manifests of two environments have most lines
in common, and to parse them was a third of the time of `plan`.

Two texts are similar when they are equal except for values that are alone behind a key, on one line, plain or quoted
without an escape. What the earlier one has at other places, such as in a block of text, must be equal. The value of the
later one shares every map and list of the earlier one in which nothing differs.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import yaml

from gitops_gen.yaml.key_paths import KeyPath
from gitops_gen.yaml.reader import MERGE_KEY, nodes
from gitops_gen.yaml.scalars import scalar

KEPT = 1024
"""Documents that later ones are compared with."""

LONGEST = 20_000
"""Characters of a document that is kept: longer ones, such as CRDs, would be most of the memory and are few."""

_VALUE = re.compile(
    r"""^([ ]*(?:-[ ])*[^\s#:]+:[ ])("[ !\x23-\x5b\x5d-\x7e]*"|'[ -&(-~]*'|[A-Za-z0-9_](?:[\w./:@-]*[\w./@-])?)$""",
    re.MULTILINE | re.ASCII,
)
"""A key and its value: what begins, goes on and ends like this is one scalar for every reader of YAML."""


@dataclass
class _Earlier:
    """A document that was read."""

    value: Any
    #: its text; every third one, from the third piece on, is a value that may differ
    pieces: Sequence[str]

    @cached_property
    def places(self) -> dict[int, KeyPath]:
        """Which of its values are scalars of the tree, by their index in `pieces`, and where."""
        starts = [0, *accumulate(map(len, self.pieces))]
        spans = {(starts[index], starts[index + 1]): index for index in range(2, len(self.pieces), 3)}
        try:
            found = list(_scalars(next(nodes("".join(self.pieces)), None), (), set()))
        except _UnusualError:
            return {}
        return {spans[span]: path for span, path in found if span in spans}


class _UnusualError(Exception):
    """A part of the document may be in two places of its value."""


def _scalars(node: Any, path: KeyPath, seen: set[int]) -> Iterator[tuple[tuple[int, int], KeyPath]]:
    """The place in the text and in the value of every scalar except keys."""
    if id(node) in seen:
        raise _UnusualError
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not _is_name(key):
                raise _UnusualError
            yield from _scalars(value, (*path, key.value), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*path, index), seen)
    elif node is not None and not node.tag:
        yield (node.start_mark.index, node.end_mark.index), path


def _is_name(key: Any) -> bool:
    """Whether a key of a map is the text that is written, and not `<<`."""
    is_plain = isinstance(key, yaml.ScalarNode) and not key.style
    return isinstance(key, yaml.ScalarNode) and not (
        is_plain and (key.value == MERGE_KEY or scalar(key.value) != key.value)
    )


class SimilarReader:
    """Reads documents with `read`, which returns a value and what is special about it; with that, it is not shared."""

    def __init__(self, read: Callable[[str], tuple[Any, tuple[Any, ...]]]) -> None:
        self._read = read
        self._earlier: OrderedDict[tuple[str, ...], _Earlier] = OrderedDict()

    def read(self, text: str) -> tuple[Any, tuple[Any, ...]]:
        """What `read` returns for the text. Raises what it raises."""
        pieces = _VALUE.split(text)
        shape = (*pieces[::3], *pieces[1::3])
        if (earlier := self._earlier.get(shape)) and (found := _changed(earlier, pieces)):
            self._earlier.move_to_end(shape)
            return found[0], ()
        value, special = self._read(text)
        if not special and len(text) <= LONGEST:
            self._keep(shape, _Earlier(value, pieces))
        return value, special

    def _keep(self, shape: tuple[str, ...], document: _Earlier) -> None:
        self._earlier[shape] = document
        if len(self._earlier) > KEPT:
            self._earlier.popitem(last=False)


def _changed(earlier: _Earlier, pieces: Sequence[str]) -> tuple[Any] | None:
    """The earlier value with the later one's scalars; None where one of them is not at a known place."""
    value = earlier.value
    for index in range(2, len(pieces), 3):
        if pieces[index] != earlier.pieces[index]:
            if not (path := earlier.places.get(index)):
                return None
            value = _with(value, path, _scalar(pieces[index]))
    return (value,)


def _scalar(piece: str) -> Any:
    return piece[1:-1] if piece[0] in "\"'" else scalar(piece)


def _with(value: Any, path: KeyPath, new: Any) -> Any:
    """A copy that shares all but what is on the way to `path`."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy

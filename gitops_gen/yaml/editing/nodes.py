"""YAML text as nodes that know their place: what an edit needs besides the values.

The nodes are built from the parser's events, so that an alias keeps its own place (PyYAML's composer gives back the
anchored node), and a block map or list ends behind its last value instead of in front of the next token.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

import yaml

from gitops_gen.errors import GitopsError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:[ \t]+|(?=\s)))*")
_BLANKS_AND_COMMENTS = re.compile(r"(?:\s+|#[^\n]*)*")
_COLON = re.compile(r"\s*:")
_EXPLICIT_KEY = re.compile(r"\?\s")


class EditError(GitopsError):
    """The text cannot be edited in this place by itself."""


class Kind(Enum):
    """What a node is."""

    SCALAR = "a value"
    MAP = "a map"
    LIST = "a list"
    ALIAS = "an alias"


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value in the text, `text[start:end]`; `properties` is where its anchor or tag begins (else `start`).

    `flow` tells `{…}` and `[…]` from blocks; `style` is a scalar's quote or `|` or `>`; `entries` are a map's or
    list's.
    """

    kind: Kind
    properties: int
    start: int
    end: int
    flow: bool = False
    style: str = ""
    scalar: str = ""
    entries: "tuple[MapEntry, ...]" = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written there at all."""
        return self.kind is Kind.SCALAR and self.start == self.end

    @property
    def is_block(self) -> bool:
        """Whether it is a map or list written over its own lines."""
        return self.kind in (Kind.MAP, Kind.LIST) and not self.flow

    def entry(self, step: str | int) -> "MapEntry | None":
        """The entry of a map's key or a list's index."""
        if self.kind is Kind.LIST:
            return self.entries[step] if isinstance(step, int) and 0 <= step < len(self.entries) else None
        return next((entry for entry in self.entries if entry.key == str(step)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class MapEntry:
    """A key with its value, or an item of a list: `start` is where the key (the dash; in flow the item) begins.

    `head` is where its value may begin: behind the colon or the dash.
    """

    key: str
    key_quote: str
    start: int
    head: int
    value: Node


def parse(text: str) -> Node | None:
    """The root of the first document; None when there is nothing in it. Raises `EditError`, `yaml.YAMLError`."""
    return _Parser(text).root()


def _at(mark: Any) -> int:
    """The place of a mark; the events of a text all have one."""
    position: int = mark.index
    return position


class _Parser:
    """Walks the events of one document."""

    def __init__(self, text: str) -> None:
        self.text = text
        parsed: Any = yaml.parse(text, Loader=_Loader)
        self.events = iter(parsed)

    def root(self) -> Node | None:
        next(self.events)
        if not isinstance(next(self.events), yaml.DocumentStartEvent):
            return None
        event = next(self.events)
        node = self.node(event, _at(event.start_mark))
        return None if node.is_empty else node

    def node(self, event: Any, head: int) -> Node:
        """The node that `event` opens; `head` is its place when nothing is written."""
        if isinstance(event, yaml.AliasEvent):
            start, end = _at(event.start_mark), _at(event.end_mark)
            return Node(kind=Kind.ALIAS, properties=start, start=start, end=end)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, head)
        properties = _at(event.start_mark)
        start = self.behind_properties(properties)
        return (
            self.map(event, properties, start)
            if isinstance(event, yaml.MappingStartEvent)
            else self.list(event, properties, start)
        )

    def behind_properties(self, start: int) -> int:
        match = _PROPERTIES.match(self.text, start)
        end = match.end() if match else start
        return end if end == start else self.skip(end)

    def skip(self, position: int) -> int:
        match = _BLANKS_AND_COMMENTS.match(self.text, position)
        return match.end() if match else position

    def scalar(self, event: Any, head: int) -> Node:
        start, end, style = _at(event.start_mark), _at(event.end_mark), event.style or ""
        if start == end:
            return Node(kind=Kind.SCALAR, properties=head, start=head, end=head)
        match = _PROPERTIES.match(self.text, start) if event.anchor or event.tag else None
        content = match.end() if match else start
        if style in ("|", ">"):
            end = self.block_end(content, end)
        return Node(
            kind=Kind.SCALAR, properties=start, start=min(content, end), end=end, style=style, scalar=event.value
        )

    def block_end(self, start: int, end: int) -> int:
        """Blank lines behind a `|` belong to it only when it says `+`."""
        header = self.text[start:].split("\n", 1)[0]
        kept = (
            self.text[start:end].removesuffix("\n").removesuffix("\r")
            if "+" in header
            else self.text[start:end].rstrip()
        )
        return start + len(kept)

    def map(self, event: Any, properties: int, start: int) -> Node:
        entries: list[MapEntry] = []
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            entries.append(self.map_entry(key))
        end = _at(key.end_mark) if event.flow_style else entries[-1].value.end
        return Node(
            kind=Kind.MAP, properties=properties, start=start, end=end, flow=event.flow_style, entries=tuple(entries)
        )

    def map_entry(self, event: Any) -> MapEntry:
        key = self.node(event, _at(event.start_mark))
        line = self.text.rfind("\n", 0, key.properties) + 1
        if key.kind is not Kind.SCALAR or _EXPLICIT_KEY.match(self.text[line : key.properties].lstrip(" -")):
            raise EditError("it contains a key that is not a plain word", "edit the file by hand")
        colon = _COLON.match(self.text, key.end)
        head = colon.end() if colon else key.end
        value = self.node(next(self.events), head)
        return MapEntry(key=key.scalar, key_quote=key.style, start=key.properties, head=head, value=value)

    def list(self, event: Any, properties: int, start: int) -> Node:
        entries: list[MapEntry] = []
        position = start
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            entries.append(self.item(item, position, flow=event.flow_style))
            position = self.skip(entries[-1].value.end)
        end = _at(item.end_mark) if event.flow_style else entries[-1].value.end
        return Node(
            kind=Kind.LIST, properties=properties, start=start, end=end, flow=event.flow_style, entries=tuple(entries)
        )

    def item(self, event: Any, position: int, *, flow: bool) -> MapEntry:
        """An item; in a block, `position` is its dash."""
        head = _at(event.start_mark) if flow else position + 1
        value = self.node(event, head)
        return MapEntry(key="", key_quote="", start=value.properties if flow else position, head=head, value=value)

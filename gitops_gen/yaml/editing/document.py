"""Setting and deleting one key path in YAML text. Every edit is proven: the new text must read as the old value with
just that change, else `EditError` is raised and the user has to edit by hand.
"""

from dataclasses import dataclass
from typing import Any

import yaml

from gitops_gen.errors import ProblemsError
from gitops_gen.yaml.editing.data import assigned, removed, same
from gitops_gen.yaml.editing.nodes import EditError, Kind, MapEntry, Node, parse
from gitops_gen.yaml.editing.style import Style, block, child_indent, column, entry, inline, scalar, style_of
from gitops_gen.yaml.key_paths import KeyPath, dotted
from gitops_gen.yaml.reader import load

BY_HAND = "edit the file by hand"


def set_value(text: str, path: KeyPath, value: Any, file: str) -> str:
    """`text` with `value` at `path`, all other bytes as they were; missing maps on the way are made.

    A string keeps its quotes. Raises `ProblemsError` when `text` is not YAML, and `EditError` when the
    path goes through a value that is not a map, or the place cannot be edited alone (an alias, say).
    """
    before = load(text, file)
    try:
        wanted = assigned(before, path, value)
    except (TypeError, IndexError):
        raise EditError(f"{file}: `{dotted(path)}` goes through a value that is not a map or a list") from None
    if value is not None and same(before, wanted):
        return text
    return _proven(text, lambda document: document.set(path, value), wanted, path, file)


def delete(text: str, path: KeyPath, file: str) -> str:
    """`text` without what is at `path`; a map that loses its last key becomes `{}`. Raises as `set_value` does."""
    before = load(text, file)
    try:
        wanted = removed(before, path)
    except (KeyError, TypeError, IndexError):
        raise EditError(f"{file}: nothing is set at `{dotted(path)}`") from None
    return _proven(text, lambda document: document.delete(path), wanted, path, file)


def _proven(text: str, edit: Any, wanted: Any, path: KeyPath, file: str) -> str:
    failure = EditError(f"{file}: `{dotted(path)}` cannot be changed without changing something else", BY_HAND)
    mark = text[:1] if text[:1] == "\ufeff" else ""
    try:
        edited: str = edit(Document.of(text.removeprefix(mark)))
        if same(load(edited, file), wanted):
            return mark + edited
    except EditError as error:
        raise EditError(f"{file}: `{dotted(path)}`: {error}", error.hint or BY_HAND) from error
    except (ProblemsError, yaml.YAMLError) as error:
        raise failure from error
    raise failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """Where a value is: its entry (None for the root), and whether that is inside `{…}` or `[…]`."""

    node: Node
    entry: MapEntry | None
    parent: Node | None
    flow: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A text with its nodes: each method gives back a new text."""

    text: str
    root: Node | None
    style: Style

    @classmethod
    def of(cls, text: str) -> "Document":
        """The parsed text."""
        root = parse(text)
        return cls(text=text, root=root, style=style_of(text, root))

    def set(self, path: KeyPath, value: Any) -> str:
        """The text with `value` at `path`."""
        if self.root is None:
            return self.insert_lines(len(self.text), block(assigned(None, path, value), self.style, 0))
        slot = Slot(node=self.root, entry=None, parent=None, flow=False)
        for depth, step in enumerate(path):
            found = self.step(slot, step)
            if found is None:
                return self.grow(slot, step, assigned(None, path[depth + 1 :], value))
            slot = found
        return self.replace(slot, value)

    def delete(self, path: KeyPath) -> str:
        """The text without what is at `path`."""
        slot = Slot(node=self._root(), entry=None, parent=None, flow=False)
        for step in path[:-1]:
            slot = self._there(slot, step)
        found = self._there(slot, path[-1])
        if len(slot.node.entries) == 1:
            return self.replace(slot, {} if slot.node.kind is Kind.MAP else [])
        index = slot.node.entries.index(found.entry) if found.entry else 0
        return self._cut_flow(slot.node, index) if slot.node.flow else self._cut_block(slot.node, index)

    def _root(self) -> Node:
        if self.root is None:
            raise EditError("the file is empty")
        return self.root

    def _there(self, slot: Slot, step: str | int) -> Slot:
        found = self.step(slot, step)
        if found is None:
            raise EditError("is not written there (it comes from an alias)")
        return found

    def step(self, slot: Slot, step: str | int) -> Slot | None:
        """The slot one step deeper, None when it is not written."""
        if slot.node.kind is Kind.ALIAS:
            raise EditError("is behind an alias")
        found = slot.node.entry(step)
        if found is None:
            return None
        return Slot(node=found.value, entry=found, parent=slot.node, flow=slot.flow or slot.node.flow)

    def grow(self, slot: Slot, step: str | int, value: Any) -> str:
        """The text with one more key or item in the slot's map or list."""
        node = slot.node
        if node.kind is Kind.SCALAR or not node.entries:
            data = [value] if node.kind is Kind.LIST or (node.kind is Kind.SCALAR and step == 0) else {str(step): value}
            return self.replace(slot, data)
        if node.flow:
            return self._grow_flow(node, step, value)
        indent = self._entry_column(node, len(node.entries) - 1)
        if node.kind is Kind.LIST:
            lines = block([value], self.style, indent)
        else:
            lines = entry(str(step), value, self.style, indent)
        return self.insert_lines(self.after(node.end), lines)

    def _grow_flow(self, node: Node, step: str | int, value: Any) -> str:
        last = node.entries[-1]
        quote = '"' if last.key_quote == '"' else ""
        written = inline(value, self.style, flow=True, quote=quote)
        if node.kind is Kind.MAP:
            written = f"{inline(str(step), self.style, flow=True, quote=quote)}: {written}"
        end = last.value.end
        if not self._starts_line(last.start):
            return f"{self.text[:end]}, {written}{self.text[end:]}"
        comma = self.text[end:].lstrip(" \t")[:1] == ","
        line = self._line_end(end)
        blanks = " " * column(self.text, last.start)
        added = f"{self.style.newline}{blanks}{written}{',' if comma else ''}"
        closing = node.end - 1
        if line >= closing:
            return f"{self.text[:end]},{added}{self.text[end:]}"
        return f"{self.text[:end]}{'' if comma else ','}{self.text[end:line]}{added}{self.text[line:]}"

    def replace(self, slot: Slot, value: Any) -> str:
        """The text with `value` where the slot's value stood."""
        node = slot.node
        in_line = slot.flow or (node.flow and bool(node.entries)) or not (isinstance(value, dict | list) and value)
        if not in_line:
            return self._replace_with_block(slot, value)
        if node.is_block and slot.entry is not None:
            return self._fold(slot, slot.entry, value)
        body: list[str] = []
        if slot.flow or node.flow:
            json = slot.entry is not None and slot.entry.key_quote == '"'
            quote = '"' if json else self._quote(node)
            header = inline(value, self.style, flow=True, quote=quote)
        else:
            header, body = scalar(value, self.style, self._slot_column(slot), self._quote(node))
        start = self._kept(node)
        if start == slot_head(slot):
            header = f" {header}"
        if not body:
            return self.text[:start] + header + self.text[node.end :]
        line = self._line_end(node.end)
        rest = self.text[node.end : line] if node.style not in ("|", ">") else ""
        text = self.text[:start] + header + rest + self.text[line:]
        return replace_document(self, text).insert_lines(self._after_in(text, start + len(header)), body)

    def _quote(self, node: Node) -> str:
        return node.style if node.style in ("'", '"') else ""

    def _kept(self, node: Node) -> int:
        """Where the replacement begins: an anchor stays (others may refer to it), a tag goes with its value."""
        return node.properties if "!" in self.text[node.properties : node.start] else node.start

    def _fold(self, slot: Slot, holder: MapEntry, value: Any) -> str:
        """The block below a key replaced by something on the line of the key."""
        header, body = scalar(value, self.style, self._slot_column(slot))
        first = slot.node.entries[0].start
        if not self._starts_line(first):
            return self.text[:first] + header + self.text[slot.node.end :]
        below, begin = self.after(holder.head), self._line_start(first)
        lines = "".join(line + self.style.newline for line in body)
        kept = self.text[below:begin] + self.text[self.after(slot.node.end) :]
        return f"{self.text[: holder.head]} {header}{self.text[holder.head : below]}{lines}{kept}"

    def _replace_with_block(self, slot: Slot, value: Any) -> str:
        node = slot.node
        if slot.entry is None:
            return self.text[: node.start] + self._joined(block(value, self.style, 0)) + self.text[node.end :]
        if slot.parent is not None and slot.parent.kind is Kind.LIST:
            indent = column(self.text, slot.entry.start) + 2
            joined = self._joined(block(value, self.style, indent)).lstrip(" ")
            gap = " " if node.start == slot.entry.head else ""
            return self.text[: node.start] + gap + joined + self.text[node.end :]
        indent = column(self.text, slot.entry.start) + child_indent(value, self.style)
        lines = block(value, self.style, indent)
        if node.is_block:
            begin, after = self._line_start(node.entries[0].start), self.after(node.end)
            return replace_document(self, self.text[:begin] + self.text[after:]).insert_lines(begin, lines)
        head = node.start if "&" in self.text[node.properties : node.start] else slot.entry.head
        text = self.text[:head].rstrip(" ") + self.text[node.end :]
        return replace_document(self, text).insert_lines(self._after_in(text, min(head, len(text))), lines)

    def _cut_block(self, node: Node, index: int) -> str:
        found = node.entries[index]
        if not self._starts_line(found.start):
            return self.text[: found.start] + self.text[node.entries[index + 1].start :]
        begin, after = self._line_start(found.start), self.after(found.value.end)
        text = self.text[:begin] + self.text[after:]
        return text.removesuffix("\n").removesuffix("\r") if after == len(self.text) != self._ends(after) else text

    def _ends(self, after: int) -> int:
        """`after` when the text before it ends its line, else -1."""
        return after if self.text[:after].endswith("\n") else -1

    def _cut_flow(self, node: Node, index: int) -> str:
        found = node.entries[index]
        if index:
            begin, after = node.entries[index - 1].value.end, found.value.end
        else:
            begin, after = found.start, node.entries[1].start
        return self.text[:begin] + self.text[after:]

    def insert_lines(self, position: int, lines: list[str]) -> str:
        """The text with whole lines put in at the start of a line (or at the end of the text)."""
        newline = self.style.newline
        before, behind = self.text[:position], self.text[position:]
        if before and not before.endswith("\n"):
            before += newline
        return before + "".join(line + newline for line in lines) + behind

    def _joined(self, lines: list[str]) -> str:
        return self.style.newline.join(lines)

    def _entry_column(self, node: Node, index: int) -> int:
        """The column of an entry: of the first one that begins its line, since all share it."""
        return column(self.text, node.entries[index].start)

    def _slot_column(self, slot: Slot) -> int:
        return column(self.text, slot.entry.start) if slot.entry else 0

    def _starts_line(self, position: int) -> bool:
        return not self.text[self._line_start(position) : position].strip(" ")

    def _line_start(self, position: int) -> int:
        return self.text.rfind("\n", 0, position) + 1

    def _line_end(self, position: int) -> int:
        """Where the line of `position` ends, in front of its line break."""
        end = self.text.find("\n", position)
        if end < 0:
            return len(self.text)
        return end - 1 if self.text[end - 1 : end] == "\r" and end > position else end

    def after(self, end: int) -> int:
        """The start of the line behind what ends at `end`."""
        return self._after_in(self.text, end)

    def _after_in(self, text: str, end: int) -> int:
        found = text.find("\n", end)
        return len(text) if found < 0 else found + 1


def slot_head(slot: Slot) -> int:
    """Where the slot's value would begin if nothing stood there; -1 for the root and in flow lists."""
    return slot.entry.head if slot.entry and not (slot.flow and not slot.entry.key) else -1


def replace_document(document: Document, text: str) -> Document:
    """The same style over another text (its nodes are gone)."""
    return Document(text=text, root=None, style=document.style)

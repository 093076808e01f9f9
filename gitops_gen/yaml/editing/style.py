"""Values as text in the style of the file they go into: quotes, indentation, flow or block."""

import json
import re
from dataclasses import dataclass
from typing import Any

from gitops_gen.yaml.editing.nodes import Kind, Node
from gitops_gen.yaml.writer import dump

_LAST_OF_FOUR_DIGITS = 0xFFFF
_FLOW_INDICATORS = re.compile(r"[,\[\]{}]|^[?:-]|:$|: | #|:[,\[\]{}]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How a file is written: its line ends, the step of its indentation, whether lists are indented, its quotes."""

    newline: str = "\n"
    step: int = 2
    indented_lists: bool = True
    quote: str = ""


def style_of(text: str, root: Node | None) -> Style:
    """The style that the text shows; the usual one where it shows none."""
    steps: list[int] = []
    lists: list[bool] = []
    quotes: list[str] = []
    if root is not None:
        _look(text, root, steps, lists, quotes)
    double, single = quotes.count('"'), quotes.count("'")
    return Style(
        newline="\r\n" if "\r\n" in text else "\n",
        step=steps[0] if steps else 2,
        indented_lists=lists[0] if lists else True,
        quote='"' if double > single else "'" if single > double else "",
    )


def column(text: str, position: int) -> int:
    """How far `position` is from the start of its line."""
    return position - (text.rfind("\n", 0, position) + 1)


def _look(text: str, node: Node, steps: list[int], lists: list[bool], quotes: list[str]) -> None:
    quotes += [node.style] if node.style in ("'", '"') else []
    for holder in node.entries:
        child = holder.value
        quotes += [holder.key_quote] if holder.key_quote else []
        if node.kind is Kind.MAP and node.is_block and child.is_block:
            inner = column(text, child.entries[0].start) - column(text, holder.start)
            if child.kind is Kind.LIST:
                lists.append(inner > 0)
            elif inner > 0:
                steps.append(inner)
        _look(text, child, steps, lists, quotes)


def inline(value: Any, style: Style, *, flow: bool, quote: str = "") -> str:
    """`value` on one line; `quote` is what a string has to be put in (empty: only when it must)."""
    if isinstance(value, dict):
        pairs = (
            f"{_string(key, style, flow=True, quote=quote)}: {inline(item, style, flow=True, quote=quote)}"
            for key, item in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item, style, flow=True, quote=quote) for item in value) + "]"
    return _string(value, style, flow=flow, quote=quote) if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    return dump({"k": value})[3:-1]


def _string(value: str, style: Style, *, flow: bool, quote: str) -> str:
    if "\n" in value or not value.isprintable():
        return _double(value)
    if quote == '"':
        return _double(value)
    if quote == "'":
        return _single(value)
    plain = _plain(value)
    if plain[:1] in ('"', "'") or (flow and _FLOW_INDICATORS.search(plain)):
        return _double(value) if style.quote == '"' or plain[:1] == '"' else _single(value)
    return plain


def _single(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _double(value: str) -> str:
    """In double quotes. What does not print is escaped as YAML has it: JSON's pairs of surrogates are no characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _LAST_OF_FOUR_DIGITS else f"\\U{code:08x}"


def block(value: Any, style: Style, indent: int) -> list[str]:
    """The lines of a map or list that is not empty, each indented by `indent`."""
    blanks = " " * indent
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in entry(str(key), item, style, indent)]
    lines: list[str] = []
    for item in value:
        if isinstance(item, dict | list) and item:
            inner = block(item, style, indent + 2)
            lines += [f"{blanks}- {inner[0].lstrip(' ')}", *inner[1:]]
        else:
            header, body = scalar(item, style, indent)
            lines += [f"{blanks}- {header}", *body]
    return lines


def entry(key: str, value: Any, style: Style, indent: int) -> list[str]:
    """The lines of one key in a block."""
    name = " " * indent + _string(key, style, flow=False, quote="")
    if isinstance(value, dict | list) and value:
        return [f"{name}:", *block(value, style, indent + child_indent(value, style))]
    header, body = scalar(value, style, indent)
    return [f"{name}: {header}", *body]


def child_indent(value: Any, style: Style) -> int:
    """How much deeper than its key a value's lines begin."""
    return 0 if isinstance(value, list) and not style.indented_lists else style.step


def scalar(value: Any, style: Style, indent: int, quote: str = "") -> tuple[str, list[str]]:
    """A scalar (or an empty map or list) in a block: what follows the key, and the lines below of a long text."""
    if isinstance(value, str) and "\n" in value and not quote:
        header, *body = dump({"k": value})[3:].split("\n")[:-1]
        if header in ("|", "|-", "|+"):
            return header, [" " * (indent + style.step) + line[2:] if line.strip() else "" for line in body]
    return inline(value, style, flow=False, quote=quote), []

"""Moving one key from a text to another, with the comments that belong to it: those above it and on the same line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from gitops_gen.errors import ProblemsError
from gitops_gen.yaml.editing.data import assigned, same
from gitops_gen.yaml.editing.document import Document, delete, set_value
from gitops_gen.yaml.editing.nodes import EditError, Kind, MapEntry, Node, parse
from gitops_gen.yaml.editing.style import Style, column, style_of
from gitops_gen.yaml.key_paths import KeyPath, dotted
from gitops_gen.yaml.reader import load

_INDENT = re.compile(r" *")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cutting:
    """A key taken out of a text: its value, and its lines without their margin, comments among them.

    `lines` is empty where the key has no separate lines (in `{…}`); `above` are comments of the maps around it that
    went with it.
    """

    value: Any
    lines: tuple[str, ...]
    above: tuple[str, ...] = ()


def copied(text: str, path: KeyPath, file: str) -> Cutting:
    """What is at `path`, as it can be put elsewhere. Raises `EditError` when nothing does."""
    there, value = _deepest(load(text, file), path)
    if there != path:
        raise EditError(f"{file}: nothing is set at `{dotted(path)}`")
    found = _holder(text, path)
    lines = tuple(_lines(text, found)) if found else ()
    alone = _reads_as(_joined(lines), {path[-1]: value}, file)
    return Cutting(value=value, lines=lines if alone else ())


def cut(text: str, path: KeyPath, file: str, keep: int = 1) -> tuple[str, Cutting]:
    """`text` without the key at `path`, its comments, and the maps around it that would be empty then (the first
    `keep` steps stay); and what was cut. Raises as `copied` does.
    """
    cutting = copied(text, path, file)
    above: list[str] = []
    for length in range(len(path), keep, -1):
        part = path[:length]
        alone = length > keep + 1 and len(_data_at(load(text, file), part[:-1])) == 1
        if not alone:
            return _without(text, part, file), replace(cutting, above=tuple(above))
        above = [*_comments_of(text, part[:-1]), *above]
    raise EditError(f"{file}: `{dotted(path)}` cannot be moved")


def pasted(text: str, path: KeyPath, cutting: Cutting, file: str) -> str:
    """`text` with the cutting at `path`, comments and all where the place has separate lines; a map is put together
    with the one that is there. Raises `ProblemsError` and `EditError` as `set_value` does.
    """
    before = load(text, file)
    there, parent = _deepest(before, path)
    if len(there) == len(path) and isinstance(cutting.value, dict) and isinstance(parent, dict) and parent:
        return _merged(text, path, cutting, file)
    plain = set_value(text, path, cutting.value, file)
    if not cutting.lines:
        return plain
    wanted = assigned(before, path, cutting.value)
    return next((new for new in _commented(plain, path, cutting) if _reads_as(new, wanted, file)), plain)


def _merged(text: str, path: KeyPath, cutting: Cutting, file: str) -> str:
    text = _with_comments(text, path, cutting, file)
    for key, value in cutting.value.items():
        inner = copied(_joined(cutting.lines), (path[-1], key), file) if cutting.lines else None
        text = pasted(text, (*path, key), inner or Cutting(value=value, lines=()), file)
    return text


def _with_comments(text: str, path: KeyPath, cutting: Cutting, file: str) -> str:
    """The comments above a map that was cut, put above the one that is there, unless that has its own."""
    found = _holder(text, path)
    comments = [*cutting.above, *takewhile(lambda line: line.startswith("#"), cutting.lines)]
    if found is None or not comments or _comments_of(text, path):
        return text
    begin, margin = text.rfind("\n", 0, found.start) + 1, " " * column(text, found.start)
    style = style_of(text, parse(text))
    new = text[:begin] + "".join(_margined(line, margin, style) for line in comments) + text[begin:]
    return new if _reads_as(new, load(text, file), file) else text


def _joined(lines: tuple[str, ...]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _commented(plain: str, path: KeyPath, cutting: Cutting) -> Iterator[str]:
    """The text that has the key already, with the cutting's own lines in the place of its lines."""
    found = _holder(plain, path)
    if found is None:
        return
    style = style_of(plain, parse(plain))
    begin, end = _span(plain, found)
    margin = " " * column(plain, found.start)
    for above in ([*cutting.above], []):
        body = "".join(_margined(line, margin, style) for line in (*above, *cutting.lines))
        rest = plain[end:]
        yield plain[:begin] + (body if rest or plain.endswith("\n") else body.removesuffix(style.newline)) + rest


def _margined(line: str, margin: str, style: Style) -> str:
    return f"{margin}{line}{style.newline}" if line.strip() else style.newline


def _reads_as(text: str, wanted: Any, file: str) -> bool:
    try:
        return same(load(text, file), wanted)
    except ProblemsError:
        return False


def _without(text: str, path: KeyPath, file: str) -> str:
    """`text` without the key and the comments above it; without these where that would say something else."""
    found = _holder(text, path)
    if found is not None:
        line = text.rfind("\n", 0, found.start) + 1
        bare = text[: _above(text, line)] + text[line:]
        text = bare if _reads_as(bare, load(text, file), file) else text
    return delete(text, path, file)


def _comments_of(text: str, path: KeyPath) -> list[str]:
    """The comment lines right above a key, without their margin."""
    found = _holder(text, path)
    if found is None:
        return []
    line = text.rfind("\n", 0, found.start) + 1
    return [comment.strip() for comment in text[_above(text, line) : line].splitlines()]


def _holder(text: str, path: KeyPath) -> MapEntry | None:
    """The entry of a key that has separate lines, None in `{…}` and behind an alias."""
    root = parse(text.removeprefix("\ufeff"))
    node: Node | None = root
    entry: MapEntry | None = None
    for step in path:
        if node is None or node.kind not in (Kind.MAP, Kind.LIST) or node.flow:
            return None
        entry = node.entry(step)
        node = entry.value if entry else None
    if entry is None or text.startswith("\ufeff"):
        return None
    return entry if not text[text.rfind("\n", 0, entry.start) + 1 : entry.start].strip(" ") else None


def _lines(text: str, found: MapEntry) -> Iterator[str]:
    """The lines of an entry without its margin, the comments above it first."""
    line = text.rfind("\n", 0, found.start) + 1
    _, end = _span(text, found)
    margin = column(text, found.start)
    yield from (comment.strip() for comment in text[_above(text, line) : line].splitlines())
    for own in text[line:end].splitlines():
        indent = _INDENT.match(own)
        yield own[min(margin, indent.end() if indent else 0) :]


def _span(text: str, found: MapEntry) -> tuple[int, int]:
    """The lines of an entry, from the start of the first to the start of the line behind the last."""
    return text.rfind("\n", 0, found.start) + 1, Document.of(text).after(found.value.end)


def _above(text: str, line: int) -> int:
    """Where the comment lines begin that are right above the line at `line`, no deeper or less deep than it."""
    margin = _INDENT.match(text, line)
    indent = margin.group() if margin else ""
    begin = line
    while begin:
        previous = text.rfind("\n", 0, begin - 1) + 1
        if not text[previous:begin].startswith(f"{indent}#"):
            break
        begin = previous
    return begin


def _deepest(data: Any, path: KeyPath) -> tuple[KeyPath, Any]:
    """The longest part of a path that exists, and its value."""
    done: KeyPath = ()
    for step in path:
        inside = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(inside, dict) or step not in inside:
            break
        done, data = (*done, step), inside[step]
    return done, data


def _data_at(data: Any, path: KeyPath) -> Any:
    for step in path:
        data = data[step]
    return data

"""From values to YAML text that Kubernetes reads back with the same types."""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from io import StringIO
from typing import Any

import yaml

from gitops_gen.yaml.scalars import TAG, TAGS, WHOLE_FLOAT_LIMIT, real, scalar

_QUOTED_FOR_OTHERS = re.compile(r"\d{4}-\d\d?-\d\d?([Tt ].*)?|[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?|=|<<")
"""Strings to this reader, something else to others (dates, base 60): written with quotes."""

_PLAIN = re.compile(r"[A-Za-z/.][A-Za-z0-9/._;,=$ -]*[A-Za-z0-9]")
"""Most strings: nothing in them needs quotes unless the whole reads as something else."""

_RARE_BREAK = re.compile("[\r\x85\u2028\u2029]")
_KEEPS = re.compile(r"[|>]\d?\+$")
"""The first line of a block whose empty lines at the end count."""

_LINE_START = re.compile(r"(?<=\n)(?!\n|$)")
SIMPLE_KEY_LENGTH = 1000
"""From 1024 on, a key needs a `?`: https://yaml.org/spec/1.2.2/#example-implicit-block-mapping-entries"""

_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_SafeDumper):  # type: ignore[misc]  # chosen at run time
    """PyYAML's emitter, asked for quotes exactly where `scalar` (or a common other reader) would see something else
    than a string.
    """

    def resolve(self, kind: type, value: str, implicit: tuple[bool, bool]) -> Any:
        if kind is not yaml.ScalarNode:
            return super().resolve(kind, value, implicit)
        if not implicit[0]:
            return TAGS[str]
        return "" if _QUOTED_FOR_OTHERS.fullmatch(value) else TAGS[type(scalar(value))]


def dump(data: Any, *, sort_keys: bool = False, spaced: bool = False) -> str:
    """YAML text of `data` that Kubernetes' reader gives back with the same types: no aliases, no folding, `|` for
    several lines.

    Block style is put together here; PyYAML, which takes ten times as long, is asked for what needs quotes or lines.
    `spaced` puts an empty line between the entries of each map: git merges changes that have a line between them.
    """
    if not _is_block(data):
        return f"{_flat(data)}\n"
    lines = _lines(data, "", sort_keys=sort_keys)
    return "".join(f"{line}\n" for line in (_spaced(lines) if spaced else lines))


def _spaced(lines: Iterator[str]) -> Iterator[str]:
    """The lines with an empty one before each that starts a map's further entry."""
    previous, depth = "", -1
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        is_item = line.startswith("- ", indent)
        if indent <= depth and not is_item and not _KEEPS.search(previous):
            yield ""
        yield line
        previous, depth = line.partition("\n")[0], indent + 2 * is_item


def _is_block(data: Any) -> bool:
    return isinstance(data, dict | list | tuple) and bool(data)


def _lines(data: Any, margin: str, *, sort_keys: bool) -> Iterator[str]:
    """A map's or a list's entries, each with the margin that it needs."""
    if not isinstance(data, dict):
        yield from _items(data, margin, sort_keys=sort_keys)
        return
    for key, item in sorted(data.items()) if sort_keys else data.items():
        head = _head(key, margin)
        if _is_block(item):
            yield head
            yield from _lines(item, f"{margin}  " if isinstance(item, dict) else margin, sort_keys=sort_keys)
        else:
            yield f"{head} {_indented(_flat(item), margin)}"


def _items(data: Any, margin: str, *, sort_keys: bool) -> Iterator[str]:
    for item in data:
        if _is_block(item):
            first, *others = _lines(item, f"{margin}  ", sort_keys=sort_keys)
            yield f"{margin}- {first[len(margin) + 2 :]}"
            yield from others
        else:
            yield f"{margin}- {_indented(_flat(item), margin)}"


def _head(key: Any, margin: str) -> str:
    text = _flat(key)
    if "\n" in text:
        text = _emitted(key, '"')
    return f"{margin}{text}:" if len(text) < SIMPLE_KEY_LENGTH else f"{margin}? {text}\n{margin}:"


def _indented(text: str, margin: str) -> str:
    return _LINE_START.sub(margin, text) if "\n" in text else text


def _flat(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return "{}" if isinstance(value, dict) else "[]"
    return inline(value)


@lru_cache(maxsize=4096, typed=True)
def inline(value: str | float | bool | None) -> str:  # noqa: FBT001
    """A scalar as it is written after a key; text of several lines as a block without a margin."""
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and scalar(value) == value:
            return value
        return _emitted(value, '"' if _RARE_BREAK.search(value) else "|" if "\n" in value else None)
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    return _number_text(value)


def _number_text(value: float) -> str:
    if isinstance(value, int) and abs(value) < WHOLE_FLOAT_LIMIT:
        return str(value)
    plain = real(repr(float(value))) if math.isfinite(value) else value
    return (
        str(plain) if isinstance(plain, int) else str(yaml.representer.SafeRepresenter().represent_float(plain).value)
    )


def _emitted(value: str, style: str | None) -> str:
    """A string as PyYAML writes it behind a key."""
    key, text = yaml.ScalarNode(TAGS[str], "k"), yaml.ScalarNode(TAGS[str], value, style=style)
    stream = StringIO()
    dumper = _Dumper(stream, allow_unicode=True, width=2**31 - 1)
    try:
        dumper.open()
        dumper.serialize(yaml.MappingNode(TAG + "map", [(key, text)], flow_style=False))
        dumper.close()
    finally:
        dumper.dispose()
    return stream.getvalue().removeprefix("k: ").removesuffix("...\n").removesuffix("\n")

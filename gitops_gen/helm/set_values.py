r"""`--set` and `--set-string` of Helm: one assignment, written into values.

A key has dots between its steps and indexes in brackets; `\` before a character takes it as it is. A value is true,
false, null, a whole number without a leading zero, a list `{a,b}`, or a string:
https://github.com/helm/helm/blob/v4.2.3/pkg/strvals/parser.go
"""

import re
from copy import deepcopy
from typing import Any

from gitops_gen.helm.engine import Values
from gitops_gen.yaml.key_paths import KeyPath

INDEX_LIMIT = 65536
"""`MaxIndex` of Helm's parser."""

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_STEP = re.compile(r"((?:\\.|[^\\.\[=,])+)((?:\[[0-9]+\])*)")


def key_of(name: str) -> KeyPath | None:
    r"""The steps of a key, `a.b\.c[0]` → `("a", "b.c", 0)`; None for what Helm refuses."""
    steps: list[str | int] = []
    place = 0
    while found := _STEP.match(name, place):
        indexes = [int(index) for index in re.findall(r"\[([0-9]+)\]", found[2])]
        if any(index > INDEX_LIMIT for index in indexes):
            return None
        steps += [_unescaped(found[1]), *indexes]
        place = found.end() + 1
        if found.end() == len(name):
            return tuple(steps)
        if name[found.end()] != ".":
            return None
    return None


_LIST = re.compile(r"\{((?:\\.|[^\\}])*)\}", re.DOTALL)
_ITEM = re.compile(r"(?:\\.|[^\\,])*", re.DOTALL)


def typed(text: str, *, as_string: bool = False) -> Any:
    """The value that Helm makes of a text behind `=`, of which no comma ends it (Argo CD escapes them).

    Raises `ValueError` for a list that has no end, or text behind it.
    """
    if not text.startswith("{"):
        return _scalar(_unescaped(text), as_string=as_string)
    found = _LIST.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return [_scalar(_unescaped(part), as_string=as_string) for part in _items(found[1])]


def _items(text: str) -> list[str]:
    items, place = [], 0
    while found := _ITEM.match(text, place):
        items.append(found[0])
        place = found.end() + 1
        if found.end() == len(text):
            break
    return items


def assigned(values: Values, path: KeyPath, value: Any) -> Values:
    """A copy of `values` with `value` at `path`; what is missing on the way is made, and a list is filled with nulls.

    Raises `ValueError` where a step leads into a value that is neither a map nor a list.
    """
    copy = deepcopy(values)
    _put(copy, path, value)
    return copy


def _put(container: Any, path: KeyPath, value: Any) -> None:
    step: Any = path[0]
    rest = path[1:]
    if isinstance(container, list) and isinstance(step, int):
        container += [None] * (step + 1 - len(container))
    elif not isinstance(container, dict) or isinstance(step, int):
        raise ValueError(step)  # noqa: TRY004 - of the values, not of an argument
    if not rest:
        container[step] = value
        return
    in_a_list = isinstance(container, list)
    is_there = in_a_list or step in container
    inner = container[step] if is_there else None
    if _is_absent(inner, rest[0], in_a_list=in_a_list, is_there=is_there):
        inner = container[step] = [] if isinstance(rest[0], int) else {}
    _put(inner, rest, value)


def _is_absent(inner: Any, step: str | int, *, in_a_list: bool, is_there: bool) -> bool:
    """An item of a list that is no map gives way to one; a null in a map does not."""
    if in_a_list:
        return inner is None or (isinstance(step, str) and not isinstance(inner, dict))
    return not is_there


def _scalar(text: str, *, as_string: bool) -> Any:
    if as_string:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    is_integer = _INTEGER.fullmatch(text) and (text == "0" or text[0] != "0")
    return int(text) if is_integer and -(2**63) <= int(text) < 2**63 else text


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.?)", r"\1", text, flags=re.DOTALL)

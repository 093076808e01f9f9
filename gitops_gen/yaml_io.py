"""YAML as Kubernetes reads it: the one place that knows how text becomes values and values become text.

kubectl, Helm and Argo CD share a reader (sigs.k8s.io/yaml over go-yaml v2) that follows neither YAML 1.1 nor 1.2: `y`
and `on` are booleans, `0400` and `0o400` are 256, `1e3` is 1000, `1_000` is 1000, dates stay strings. No Python
library agrees with it, so `scalar` resolves plain scalars for reading and writing alike:
https://github.com/yaml/go-yaml/blob/v2/resolve.go
"""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from io import StringIO
from itertools import islice
from typing import Any, TypeAlias

import yaml

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.yaml_faults import TooDeepError, depth_problem, syntax_problem

KeyPath: TypeAlias = tuple[str | int, ...]

MERGE_KEY = "<<"
EXPANSION_LIMIT = 100_000
"""More values than this out of aliases is an attack or an accident (go-yaml has a limit for the same reason)."""

DEPTH_LIMIT = 200
"""Deeper nesting than any manifest's."""

EMPTY_HINT = "remove the key, write `{}`, or write `null` if it shall delete what the chart has there"

WHOLE_FLOAT_LIMIT = 1e21
"""From here on Go writes floats with an exponent, and they stay floats."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NUMERIC_START = frozenset("0123456789+-.")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_QUOTED_FOR_OTHERS = re.compile(r"\d{4}-\d\d?-\d\d?([Tt ].*)?|[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?|=|<<")
"""Strings to this reader, something else to others (dates, base 60): written with quotes."""

_TAG = "tag:yaml.org,2002:"
_COLLECTION_TAGS = {"!", _TAG + "map", _TAG + "seq"}
_TAGS = {str: _TAG + "str", bool: _TAG + "bool", int: _TAG + "int", float: _TAG + "float", type(None): _TAG + "null"}


@lru_cache(maxsize=16384)
def scalar(text: str) -> str | int | float | bool | None:
    """What a plain (unquoted) scalar is to Kubernetes' reader; whole floats are integers, as they are in JSON.

    >>> scalar("0400"), scalar("1e3"), scalar("y"), scalar("12:30")
    (256, 1000, True, '12:30')
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC_START else text


def _number(text: str) -> str | int | float:
    if _NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".", "", 1))
    digits = text if text[0] == "." else text.replace("_", "")
    if (match := _INTEGER.fullmatch(digits)) and text[0] != ".":
        number = _integer(match[2])
        if number < 2**63 or (number < 2**64 and match[1] != "-") or (number == 2**63 and match[1] == "-"):
            return -number if match[1] == "-" else number
    return _real(digits) if _FLOAT.fullmatch(digits) and not _overflows(digits) else text


def _integer(digits: str) -> int:
    if digits[:1] == "0" and digits[1:].isdigit():
        return int(digits, 8)
    return int(digits, 0)


def _real(digits: str) -> int | float:
    value = float(digits)
    return int(value) if value.is_integer() and abs(value) < WHOLE_FLOAT_LIMIT else value


def _overflows(digits: str) -> bool:
    return math.isinf(float(digits))


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Composer(_Loader):  # type: ignore[misc]
    """PyYAML's parser without its idea of types: only tags that are written out reach the nodes."""

    def resolve(self, _kind: type, _value: str | None, _implicit: object) -> str:
        return ""


class _Builder:
    """Turns composed nodes into values and collects what is wrong with them."""

    def __init__(self, file: str, *, strict: bool, empty_values: bool, limit: int) -> None:
        self.file, self.strict, self.empty_values, self.left = file, strict, empty_values, limit
        self.problems: list[tuple[Any, Problem]] = []
        self.innermost: Any = None

    def build(self, node: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ProblemsError([self.problem(node, "its aliases expand to too many values", "write the values out")])
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        self.innermost = node
        if node.tag and node.tag not in _COLLECTION_TAGS:
            self.unsupported(node)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node)
        return [self.build(item) for item in node.value]

    def scalar(self, node: Any) -> Any:
        if not node.tag:
            value = node.value if node.style else scalar(node.value)
            if value.__class__ is float and not math.isfinite(value):
                self.add(node, f"`{node.value}` cannot be written as JSON, which Kubernetes needs")
            return value
        return self.tagged(node)

    def tagged(self, node: Any) -> Any:
        if node.tag in {"!", _TAGS[str]}:
            return node.value
        value = scalar(node.value)
        if _TAGS.get(type(value)) != node.tag:
            self.unsupported(node)
        return value

    def unsupported(self, node: Any) -> None:
        tag = node.tag.replace(_TAG, "!!", 1)
        self.add(node, f"the tag `{tag}` is not supported", "write the value without a tag")

    def mapping(self, node: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        for key_node, value_node in node.value:
            if key_node.value == MERGE_KEY and not key_node.style and not key_node.tag:
                merged += self.merge_sources(value_node)
                continue
            key = self.key(key_node)
            if key in result:
                self.add(key_node, f"the key `{key}` stands twice in one map", "remove one of them")
            result[key] = self.build(value_node)
            if not self.empty_values and result[key] is None and _is_empty(value_node):
                self.add(key_node, "nothing stands under it", EMPTY_HINT)
        for source in merged:
            result = {**source, **result}
        return result

    def merge_sources(self, node: Any) -> list[dict[str, Any]]:
        value = self.build(node)
        sources = value if isinstance(value, list) else [value]
        if all(isinstance(source, dict) for source in sources):
            return sources
        self.add(node, "`<<` merges maps only", "put an alias of a map behind it")
        return []

    def key(self, node: Any) -> str:
        value = self.build(node)
        if value.__class__ is str:
            return str(value)
        if not self.strict or (isinstance(value, int) and not isinstance(value, bool)):
            return (
                {True: "true", False: "false", None: "null"}.get(value, str(value))
                if not isinstance(value, dict | list)
                else str(value)
            )
        shown = getattr(node, "value", "") if isinstance(node, yaml.ScalarNode) else "a map or list"
        self.add(node, f"the key `{shown}` is not a string to Kubernetes", f'quote it: "{shown}"')
        return str(shown)

    def add(self, node: Any, message: str, hint: str = "") -> None:
        self.problems.append((node, self.problem(node, message, hint)))

    def located(self, root: Any) -> Iterator[Problem]:
        """The problems with the keys of the places where they were met. Found afterwards: most files have none."""
        keys = dict(_keys(root, "", set())) if self.problems else {}
        return (problem.keyed(keys.get(id(node), "")) for node, problem in self.problems)

    def problem(self, node: Any, message: str, hint: str = "") -> Problem:
        return Problem(file=self.file, line=node.start_mark.line + 1, message=message, hint=hint)


def _keys(node: Any, key: str, seen: set[int]) -> Iterator[tuple[int, str]]:
    """The identity of each node (of a map's keys as well) and its dotted key."""
    if id(node) in seen:
        return
    seen.add(id(node))
    yield id(node), key
    if isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            below = f"{key}.{key_node.value}".removeprefix(".")
            yield id(key_node), below
            yield from _keys(value, below, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _keys(item, f"{key}[{index}]", seen)


def _is_empty(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and not node.style and not node.tag


def load(text: str, file: str, *, empty_values: bool = True) -> Any:
    """The value of one YAML document, typed as Kubernetes' reader types it; None for an empty one.

    `file` names the text in problems; `empty_values=False` refuses `key:` with nothing behind it, which Helm takes
    for a null that deletes the chart's whole `key`. Raises `ProblemsError` for bad syntax, duplicate keys, keys that
    are no strings, more than one document and unsupported tags.
    """
    documents = list(_documents(text, file, strict=True, empty_values=empty_values))
    if len(documents) > 1:
        line = next(islice(_nodes(text), 1, None)).start_mark.line + 1
        raise ProblemsError(
            [Problem(file=file, line=line, message="holds more than one YAML document", hint="keep one a file")]
        )
    return documents[0] if documents else None


def load_all(text: str, file: str) -> list[Any]:
    """Every document of a rendered stream, empty ones left out; keys become strings as they do in Kubernetes."""
    return [value for value in _documents(text, file, strict=False, empty_values=True) if value is not None]


def _documents(text: str, file: str, *, strict: bool, empty_values: bool) -> Iterator[Any]:
    problems: list[Problem] = []
    builder = _Builder(file, strict=strict, empty_values=empty_values, limit=EXPANSION_LIMIT + len(text))
    try:
        for node in _nodes(text):
            yield builder.build(node)
            problems += builder.located(node)
            builder.problems.clear()
    except yaml.YAMLError as error:
        raise ProblemsError([syntax_problem(error, file, text)]) from error
    except TooDeepError as error:
        raise ProblemsError([depth_problem(file, error.line)]) from error
    except RecursionError as error:
        line = builder.innermost.start_mark.line + 1 if builder.innermost else None
        raise ProblemsError([depth_problem(file, line)]) from error
    fail_if_any(problems)


def _nodes(text: str) -> Iterator[Any]:
    _check_depth(text)
    composer = _Composer(text)
    try:
        while composer.check_node():
            yield composer.get_node()
    finally:
        composer.dispose()


def _check_depth(text: str) -> None:
    """Refuse what is nested too deeply before it is composed: libyaml's composer recurses in C and takes the process
    with it.
    """
    brackets = text.count("[") + text.count("{") + text.count("- ") + text.count("? ")
    if brackets < DEPTH_LIMIT and " " * (DEPTH_LIMIT - 1) not in text:
        return
    depth = 0
    events = _Composer(text)
    while (event := events.get_event()) is not None:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_LIMIT:
            raise TooDeepError(event.start_mark.line + 1)


def locate(text: str, path: KeyPath) -> int | None:
    """The line (from 1) on which the value at `path` is set; of its nearest parent when it is not there itself."""
    root = _root(text)
    if root is None:
        return None
    line: int = root.start_mark.line + 1
    node = root
    for step in path:
        found = _child(node, step)
        if found is None:
            return line
        line, node = found
    return line


def written(text: str, path: KeyPath) -> str:
    """The scalar at `path` as it is written, `1.30` or `123e5`; empty when there is no plain scalar."""
    node = _root(text)
    for step in path:
        found = _child(node, step)
        if found is None:
            return ""
        node = found[1]
    return str(node.value) if isinstance(node, yaml.ScalarNode) and not node.style else ""


@lru_cache(maxsize=64)
def _root(text: str) -> Any:
    try:
        return next(_nodes(text), None)
    except (yaml.YAMLError, RecursionError):
        return None


def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """PyYAML's emitter, asked for quotes exactly where `scalar` (or a common other reader) would see something else
    than a string.
    """

    def resolve(self, kind: type, value: str, implicit: tuple[bool, bool]) -> Any:
        if kind is not yaml.ScalarNode:
            return super().resolve(kind, value, implicit)
        if not implicit[0]:
            return _TAGS[str]
        return "" if _QUOTED_FOR_OTHERS.fullmatch(value) else _TAGS[type(scalar(value))]


_floats = yaml.representer.SafeRepresenter()


def _node(value: Any, *, sort_keys: bool) -> Any:
    """What the emitter writes: built here, because PyYAML's own way there takes twice as long."""
    if isinstance(value, str):
        return yaml.ScalarNode(_TAGS[str], value, style="|" if "\n" in value else None)
    if isinstance(value, dict):
        items = sorted(value.items()) if sort_keys else value.items()
        pairs = [(_node(key, sort_keys=sort_keys), _node(item, sort_keys=sort_keys)) for key, item in items]
        return yaml.MappingNode(_TAG + "map", pairs, flow_style=False)
    if isinstance(value, list | tuple):
        return yaml.SequenceNode(_TAG + "seq", [_node(item, sort_keys=sort_keys) for item in value], flow_style=False)
    return _number_node(value) if value.__class__ in (int, float) else _word_node(value)


def _word_node(value: bool | None) -> Any:  # noqa: FBT001
    return yaml.ScalarNode(_TAGS[type(value)], {True: "true", False: "false", None: "null"}[value])


def _number_node(value: float) -> Any:
    if isinstance(value, int) and abs(value) < WHOLE_FLOAT_LIMIT:
        return yaml.ScalarNode(_TAGS[int], str(value))
    plain = _real(repr(float(value))) if math.isfinite(value) else value
    return _floats.represent_float(plain) if isinstance(plain, float) else yaml.ScalarNode(_TAGS[int], str(plain))


def dump(data: Any, *, sort_keys: bool = False) -> str:
    """YAML text of `data` that Kubernetes' reader gives back with the same types: no aliases, no folding, `|` for
    several lines.
    """
    text = StringIO()
    dumper = _Dumper(text, allow_unicode=True, width=2**31 - 1)
    try:
        dumper.open()
        dumper.serialize(_node(data, sort_keys=sort_keys))
        dumper.close()
    finally:
        dumper.dispose()
    return text.getvalue()

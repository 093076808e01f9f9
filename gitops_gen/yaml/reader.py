"""Reads YAML text as Kubernetes does, into values and their line numbers."""

import base64
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import yaml

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.yaml.faults import TooDeepError, depth_problem, syntax_problem
from gitops_gen.yaml.key_paths import KeyPath
from gitops_gen.yaml.scalars import TAG, TAGS, scalar

MERGE_KEY = "<<"
EXPANSION_LIMIT = 100_000
"""The limit of values after expanding aliases, against "billion laughs" input; go-yaml has one for the same reason."""

SIZE_LIMIT = 5 * 2**20
"""Characters of a file that people write; Helm has the same limit for each file of a chart
(https://github.com/helm/helm/blob/main/pkg/chart/loader/archive/archive.go, MaxDecompressedFileSize).
"""

VALUES_LIMIT = 100_000
"""Values in a file that people write: reading more than that takes seconds."""

DEPTH_LIMIT = 200
"""Deeper nesting than any manifest's."""

EMPTY_HINT = "remove the key, write `{}`, or write `null` to delete the chart's value"

_BEFORE_A_VALUE = ("\n", ",", ":", "- ", "[", "{", "?")
"""Each value of a text is behind one of these, but the first."""

_COLLECTION_TAGS = {"!", TAG + "map", TAG + "seq"}
_MERGE_TAGS = {"", TAG + "merge"}
_BINARY_TAG = TAG + "binary"
_CHECKED_TAGS = set(TAGS.values()) - {TAGS[str]}
"""Tags that go-yaml refuses on a scalar of another type."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Composer(_Loader):  # type: ignore[misc]  # chosen at run time
    """PyYAML's parser without implicit types: nodes only have explicit tags."""

    def resolve(self, _kind: type, _value: str | None, _implicit: object) -> str:
        return ""


class _Builder:
    """Turns composed nodes into values and collects what is wrong with them."""

    def __init__(self, file: str, *, empty_values: bool, limit: int) -> None:
        self.file, self.empty_values, self.left = file, empty_values, limit
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
        if node.tag in {"!", TAGS[str]}:
            return node.value
        value = scalar(node.value)
        if TAGS.get(type(value)) != node.tag:
            self.unsupported(node)
        return value

    def unsupported(self, node: Any) -> None:
        tag = node.tag.replace(TAG, "!!", 1)
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
                self.add(key_node, f"the key `{key}` is duplicated in this map", "remove one of the two")
            result[key] = self.build(value_node)
            if not self.empty_values and result[key] is None and _is_empty(value_node):
                self.add(key_node, "has no value", EMPTY_HINT)
        for source in merged:
            result = {**source, **result}
        return result

    def merge_sources(self, node: Any) -> list[dict[str, Any]]:
        value = self.build(node)
        sources = value if isinstance(value, list) else [value]
        if all(isinstance(source, dict) for source in sources):
            return sources
        self.add(node, "`<<` merges maps only", "use an alias of a map as its value")
        return []

    def key(self, node: Any) -> str:
        value = self.build(node)
        if value.__class__ is str:
            return str(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        shown = getattr(node, "value", "") if isinstance(node, yaml.ScalarNode) else "a map or list"
        self.add(node, f"the key `{shown}` is not a string in Kubernetes", f'quote it: "{shown}"')
        return str(shown)

    def add(self, node: Any, message: str, hint: str = "") -> None:
        self.problems.append((node, self.problem(node, message, hint)))

    def located(self, root: Any) -> Iterator[Problem]:
        """The problems with their key paths, which are only computed when there is a problem."""
        keys = dict(_keys(root, "", set())) if self.problems else {}
        return (problem.keyed(keys.get(id(node), "")) for node, problem in self.problems)

    def problem(self, node: Any, message: str, hint: str = "") -> Problem:
        return Problem(file=self.file, line=node.start_mark.line + 1, message=message, hint=hint)


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatedKey:
    """A key that a map has more than once; `line` is that of the last one, which counts."""

    key: str
    line: int


class _RenderedBuilder(_Builder):
    """Builds what the reader of Helm and Argo CD makes of a rendered document, which is less strict.

    Of a key that is written twice the last one counts. `<<` sets its keys where it is, over those above it. Unknown
    tags are ignored. Both programs read with sigs.k8s.io/yaml and its copy of go-yaml v2:
    https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/goyaml.v2/decode.go (`mapping`, `merge`, `scalar`).
    """

    def __init__(self, file: str, *, limit: int) -> None:
        super().__init__(file, empty_values=True, limit=limit)
        self.repeated: list[RepeatedKey] = []
        self._repeated: list[Any] = []

    def mapping(self, node: Any) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.value == MERGE_KEY and not key_node.style and key_node.tag in _MERGE_TAGS:
                for source in reversed(self.merge_sources(value_node)):
                    merged |= source.keys() - result.keys()
                    result.update(source)
                continue
            key = self.key(key_node)
            if key in result and key not in merged:
                self._repeated.append(key_node)
            result[key] = self.build(value_node)
        return result

    def key(self, node: Any) -> str:
        value = self.build(node)
        if value is None or isinstance(value, bool):
            return {True: "true", False: "false", None: "null"}[value]
        return str(value)

    def tagged(self, node: Any) -> Any:
        if node.tag == _BINARY_TAG:
            return self.decoded(node)
        if node.tag not in _CHECKED_TAGS:
            return node.value
        value = scalar(node.value)
        is_whole_float = node.tag == TAGS[float] and value.__class__ is int
        return value if is_whole_float else super().tagged(node)

    def decoded(self, node: Any) -> str:
        try:
            return base64.b64decode("".join(node.value.split()), validate=True).decode()
        except ValueError:
            self.add(node, "the tag `!!binary` needs text in base64", "write the value without a tag")
            return ""

    def unsupported(self, node: Any) -> None:
        if node.tag in _CHECKED_TAGS:
            super().unsupported(node)

    def located(self, root: Any) -> Iterator[Problem]:
        if self._repeated:
            keys = dict(_keys(root, "", set()))
            self.repeated += [
                RepeatedKey(key=keys.get(id(node), ""), line=node.start_mark.line + 1) for node in self._repeated
            ]
            self._repeated.clear()
        return super().located(root)


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
    """The value of one YAML document, with the types that Kubernetes reads; None for an empty one.

    `file` names the text in problems; `empty_values=False` refuses `key:` without a value, which Helm reads
    as a null that deletes the chart's whole `key`. Raises `ProblemsError` for bad syntax, duplicate keys, keys that
    are not strings, more than one document, unsupported tags and a text that is too large.
    """
    _check_size(text, file)
    builder = _Builder(file, empty_values=empty_values, limit=EXPANSION_LIMIT + len(text))
    documents = list(islice(_built(builder, text), 2))
    if len(documents) > 1:
        line = next(islice(nodes(text), 1, None)).start_mark.line + 1
        raise ProblemsError(
            [
                Problem(
                    file=file,
                    line=line,
                    message="contains more than one YAML document",
                    hint="use one document per file",
                )
            ]
        )
    return documents[0] if documents else None


def too_large(file: str) -> Problem:
    """The problem of a file that is not read because of its size."""
    return Problem(
        file=file, message=f"is larger than {SIZE_LIMIT // 2**20} MB", hint="split it, or remove what is not needed"
    )


def _check_size(text: str, file: str) -> None:
    """Refuse a text that would take seconds or hundreds of megabytes to read, without reading it whole."""
    if len(text) > SIZE_LIMIT:
        raise ProblemsError([too_large(file)])
    if sum(map(text.count, _BEFORE_A_VALUE)) < VALUES_LIMIT:
        return
    lines = (line for event, line in _events(text) if isinstance(event, yaml.NodeEvent))
    if line := next(islice(lines, VALUES_LIMIT, None), None):
        message = f"contains more than {VALUES_LIMIT:,} keys and values"
        raise ProblemsError([Problem(file=file, line=line, message=message, hint="remove what is not needed")])


def _events(text: str) -> Iterator[tuple[Any, int]]:
    """What the parser reads, with its line, up to a syntax error, which is reported where the text is read."""
    parser = _Composer(text)
    with suppress(yaml.YAMLError):
        while (event := parser.get_event()) is not None:
            yield event, event.start_mark.line + 1


def load_all(text: str, file: str) -> list[Any]:
    """Every document of a text without empty ones, as Helm and Argo CD read them. Raises `ProblemsError`."""
    builder = _RenderedBuilder(file, limit=EXPANSION_LIMIT + len(text))
    return [value for value in _built(builder, text) if value is not None]


def load_rendered(text: str, file: str) -> tuple[Any, tuple[RepeatedKey, ...]]:
    """One document as Helm and Argo CD read it, and the keys that one of its maps has more than once.

    What follows an end mark `...` is not read. Raises `ProblemsError` for what that reader refuses.
    """
    builder = _RenderedBuilder(file, limit=EXPANSION_LIMIT + len(text))
    values = list(_built(builder, text, most=1))
    return (values[0] if values else None), tuple(builder.repeated)


def _built(builder: _Builder, text: str, most: int | None = None) -> Iterator[Any]:
    problems: list[Problem] = []
    file = builder.file
    try:
        for node in islice(nodes(text), most):
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


def nodes(text: str) -> Iterator[Any]:
    """PyYAML's nodes of each document of a text. Raises `yaml.YAMLError`, `TooDeepError` and `RecursionError`."""
    _check_depth(text)
    composer = _Composer(text)
    try:
        while composer.check_node():
            yield composer.get_node()
    finally:
        composer.dispose()


def _check_depth(text: str) -> None:
    """Refuse deep nesting before composing: libyaml's composer recurses in C, and a stack overflow ends the process."""
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
    """The line (from 1) on which the value at `path` is set; of its nearest parent when the path does not exist."""
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
        return next(nodes(text), None)
    except (yaml.YAMLError, RecursionError):
        return None


def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return _children(node).get(str(step))
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _children(node: Any) -> dict[str, tuple[int, Any]]:
    """Line and value of each key of a map; kept with the node, because a file can have many problems in one map."""
    if not hasattr(node, "children"):
        pairs = ((key, value) for key, value in reversed(node.value) if isinstance(key, yaml.ScalarNode))
        node.children = {key.value: (key.start_mark.line + 1, value) for key, value in pairs}
    found: dict[str, tuple[int, Any]] = node.children
    return found

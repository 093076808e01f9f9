"""`KEY=VALUE` as typed on a command line: the value gets the type that the chart wants there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.chart.engine import Values
from gitops_gen.commands.explain import parse_key
from gitops_gen.errors import ProblemsError, UsageError
from gitops_gen.resolve.layers import value_at
from gitops_gen.yaml_io import KeyPath, load
from gitops_gen.yaml_scalars import scalar

_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
    dict: "object",
    list: "array",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """A key path and the text that was given for it; `text` is None to remove what a file sets there."""

    path: KeyPath
    text: str | None

    @property
    def key(self) -> str:
        """The key as it is typed."""
        return ".".join(str(step) for step in self.path)


def parse_assignment(argument: str) -> Assignment:
    """`app.image.tag=1.2.3`. Raises `UsageError`."""
    key, equals, text = argument.partition("=")
    path = parse_key(key)
    if not equals or not path or not isinstance(path[0], str):
        raise UsageError(f"`{argument}` is not KEY=VALUE", "write it as `app.image.tag=1.4.2`")
    return Assignment(path=path, text=text)


def typed(assignment: Assignment, schema: Values | None, current: Values) -> Any:
    """The value: of a type that the schema allows, else of the type that is there now, else as YAML reads it.

    `null` is always null. Raises `UsageError` for text that is no YAML where a map or list is wanted.
    """
    text = assignment.text or ""
    if text == "null":
        return None
    allowed = set(types_at(schema, assignment.path)) if schema else set()
    if not allowed - {"null"}:
        there, value = value_at(current, assignment.path)
        allowed = {_TYPES[type(value)]} if there and value is not None else set()
    plain = scalar(text)
    is_text = "string" in allowed and _TYPES[type(plain)] not in allowed - {"string"}
    is_tree = bool({"object", "array"} & allowed) and text[:1] in ("{", "[")
    if is_text and not is_tree:
        return text
    return _loaded(assignment, text)


def _loaded(assignment: Assignment, text: str) -> Any:
    try:
        return load(text, assignment.key) if text.strip() else text
    except ProblemsError as error:
        raise UsageError(f"{assignment.key}: {error.problems[0].message}", "quote the value for the shell") from error


def types_at(schema: Values, path: KeyPath) -> Iterator[str]:
    """The JSON types that a schema allows at a path; nothing when it does not say."""
    nodes = [schema]
    for step in path:
        nodes = [child for node in nodes for part in _parts(schema, node) for child in _children(part, step)]
    for node in nodes:
        for part in _parts(schema, node):
            kinds = part.get("type", [])
            yield from [kinds] if isinstance(kinds, str) else kinds
            yield from (_TYPES[type(value)] for value in part.get("enum", ()))


def _parts(root: Values, node: Any, depth: int = 0) -> Iterator[Values]:
    """A schema with what it refers to and what it is put together from."""
    if not isinstance(node, dict) or depth > 20:  # noqa: PLR2004 - schemas may refer to themselves
        return
    yield node
    reference = str(node.get("$ref", ""))
    if reference.startswith("#/"):
        target: Any = root
        for step in reference[2:].split("/"):
            target = target.get(step, {}) if isinstance(target, dict) else {}
        yield from _parts(root, target, depth + 1)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in node.get(word, ()):
            yield from _parts(root, part, depth + 1)


def _children(node: Values, step: str | int) -> Iterator[Any]:
    if isinstance(step, int):
        yield node.get("items")
        return
    properties = node.get("properties", {})
    if step in properties:
        yield properties[step]
    else:
        yield node.get("additionalProperties")

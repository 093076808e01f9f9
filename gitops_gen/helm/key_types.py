"""The type that a chart expects at a key: what its schema says there, and what its default is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.helm.engine import Values
from gitops_gen.yaml.key_paths import KeyPath

_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
    dict: "object",
    list: "array",
}


def type_name(value: Any) -> str:
    """The JSON type of a value; `integer` for a whole number."""
    return _TYPES[type(value)]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyType:
    """What a chart says about a key: the types that its schema allows (none when it does not say), and its default."""

    allowed: frozenset[str]
    default: Any

    def allows(self, value: Any) -> bool:
        """Whether the schema allows the type of a value."""
        name = type_name(value)
        return name in self.allowed or (name == "integer" and "number" in self.allowed)


def key_type(schema: Values | None, defaults: Values, path: KeyPath) -> KeyType:
    """What a chart with this schema and these default values says about the key at `path`."""
    allowed = frozenset(types_at(schema, path)) if schema else frozenset()
    only_null = not allowed - {"null"}
    return KeyType(allowed=frozenset() if only_null else allowed, default=default_at(defaults, path))


def default_at(defaults: Any, path: KeyPath) -> Any:
    """The default at a path, None when there is none; an item that a list does not have is like its last one."""
    current = defaults
    for step in path:
        if isinstance(current, list) and isinstance(step, int) and current:
            current = current[min(step, len(current) - 1)]
        elif isinstance(current, dict):
            current = current.get(step)
        else:
            return None
    return current


def types_at(schema: Values, path: KeyPath) -> Iterator[str]:
    """The JSON types that a schema allows at a path; nothing when it does not say."""
    for part in parts_at(schema, path):
        kinds = part.get("type", [])
        yield from [kinds] if isinstance(kinds, str) else kinds
        yield from (type_name(value) for value in part.get("enum", ()))
        if "const" in part:
            yield type_name(part["const"])


def parts_at(schema: Values, path: KeyPath) -> Iterator[Values]:
    """The subschemas that a schema has for a path."""
    nodes: list[Any] = [schema]
    for step in path:
        nodes = [child for node in nodes for part in _parts(schema, node) for child in _children(part, step)]
    for node in nodes:
        yield from _parts(schema, node)


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

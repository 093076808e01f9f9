"""What a values.schema.json refers to outside of itself: Helm fetches it at each render, and here nothing does.

https://helm.sh/docs/topics/charts/#schema-files
"""

from collections.abc import Iterator
from typing import Any

from gitops_gen.yaml.key_paths import tree_nodes

_OUTSIDE = ("http://", "https://", "file:")


def outside(schema: Any) -> Iterator[str]:
    """The references of a schema that lead out of it."""
    return (value for path, value in tree_nodes(schema) if path and _is_outside(path[-1], value))


def without_outside(schema: Any) -> Any:
    """The schema without these references: what they are for is not checked."""
    if isinstance(schema, dict):
        return {key: without_outside(item) for key, item in schema.items() if not _is_outside(key, item)}
    return [without_outside(item) for item in schema] if isinstance(schema, list) else schema


def _is_outside(key: str | int, value: Any) -> bool:
    return key == "$ref" and isinstance(value, str) and value.startswith(_OUTSIDE)

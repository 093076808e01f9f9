"""Results as data: dataclasses to plain values, and those to JSON or YAML."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from gitops_gen.yaml.writer import dump


def plain(value: Any) -> Any:
    """Dataclasses as maps (keys in camelCase), enums as their values, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(field.name): plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else value


def formatted(value: Any, output: str) -> str:
    """`value` as `json` or `yaml` text, ending in a newline."""
    data = plain(value)
    return dump(data) if output == "yaml" else json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)

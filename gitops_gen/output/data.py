"""Results as data: dataclasses to plain values, and those to JSON or YAML."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from gitops_gen.names import printable
from gitops_gen.yaml.writer import dump

_ACTING = re.compile(r"#(?=#)|\x7f|[^\x00-\x7f]")


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
    return dump(_encodable(data)) if output == "yaml" else _json(data) + "\n"


def _encodable(value: Any) -> Any:
    """Bytes of a file name that are not UTF-8 are shown as escapes: YAML has no other way to hold them."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list) else value


def _json(data: Any) -> str:
    """JSON whose characters act on no terminal and no log of a CI service: these are written as JSON's own escapes."""
    return _ACTING.sub(_escaped, json.dumps(data, indent=2, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    if letter == "#":
        return "\\u0023"
    return letter if printable(letter) == letter else json.dumps(letter)[1:-1]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)

"""What a change of values comes to: for each environment a key's value before and after, with the types."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.helm.credential_keys import credentials
from gitops_gen.helm.key_types import type_name
from gitops_gen.yaml.editing.data import same

_SPOKEN = {"array": "list", "object": "map"}
SHOWN_LENGTH = 100
NAMED = 5
"""Environments that are named before the others are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueChange:
    """One key of one environment: its value before and after, the type of each (empty: not set), the file edited."""

    environment: str
    key: str
    old: Any
    old_type: str
    new: Any
    new_type: str
    file: str
    moved_from: str = ""

    @property
    def is_change(self) -> bool:
        """Whether the environment gets another value."""
        return self.old_type != self.new_type or not same(self.old, self.new)


def spoken_type(found: tuple[bool, Any]) -> str:
    """The type of a value that is there, as people say it; empty for one that is not."""
    name = type_name(found[1]) if found[0] else ""
    return _SPOKEN.get(name, name)


def value_lines(changes: Iterable[ValueChange]) -> Iterator[str]:
    """A line for each change, once for all environments that it is the same for:
    `dev: image.tag "1.0" (string) → "1.10" (string)`.
    """
    groups: dict[str, dict[str, None]] = {}
    for item in changes:
        groups.setdefault(_what(item), {})[item.environment] = None
    for what, group in groups.items():
        names = list(group)
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"{', '.join(names[:NAMED])}{more}: {what}"


def _what(item: ValueChange) -> str:
    new = _shown(item, item.new, item.new_type)
    if item.moved_from:
        return f"{item.key} {new} moves from {item.moved_from.split('/')[-1]} to {item.file.split('/')[-1]}"
    if not item.is_change:
        return f"{item.key} stays {new}"
    return f"{item.key} {_shown(item, item.old, item.old_type)} → {new}"


def _shown(item: ValueChange, value: Any, kind: str) -> str:
    if not kind or kind == "null":
        return kind or "not set"
    if any(credentials(value, (item.key.rpartition(".")[2],))):
        return f"(hidden) ({kind})"
    text = json.dumps(value, ensure_ascii=False)
    return f"{text if len(text) <= SHOWN_LENGTH else f'{text[:SHOWN_LENGTH]} …'} ({kind})"

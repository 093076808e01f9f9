"""Values that a chart does not read, or cannot use as they are: what no schema says, found in the chart's templates.

A finding has a rule, and may be set aside in gitops.yaml by the rule and the key.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from gitops_gen.helm.key_types import type_name
from gitops_gen.helm.reading.unknown_keys import KnownKeys, OtherType, UnknownKey
from gitops_gen.models.models import IgnoredFinding
from gitops_gen.names import nearest
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.yaml.key_paths import KeyPath, typed_key

UNKNOWN = "unknown-value"
OTHER_TYPE = "value-of-another-type"
_SPOKEN = {"object": "a map", "array": "a list", "integer": "a number", "number": "a number"}
_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueFault:
    """A value that the chart does not read or cannot use: the rule, the key in the chart's values, what is wrong."""

    rule: str
    path: KeyPath
    message: str
    hint: str

    def is_ignored(self, entries: tuple[IgnoredFinding, ...]) -> bool:
        """Whether gitops.yaml sets it aside."""
        key = typed_key(self.path)
        return any(entry.rule == self.rule and fnmatchcase(key, entry.object) for entry in entries)


def value_faults(keys: KnownKeys, environment: ResolvedEnvironment) -> Iterator[ValueFault]:
    """What is wrong with the values of an environment, those faults among them that gitops.yaml sets aside."""
    for unknown in keys.unknown(environment.helm.release.values):
        yield ValueFault(rule=UNKNOWN, path=unknown.path, message=_UNKNOWN, hint=_hint(unknown))
    for other in keys.other_types(environment.helm.release.values):
        hint = f"write {_kind(other.default)}; {_aside(OTHER_TYPE)}"
        yield ValueFault(rule=OTHER_TYPE, path=other.path, message=_other_type(other), hint=hint)


_UNKNOWN = "unknown value: the chart's values.yaml has no such key, and no template reads it"


def _hint(unknown: UnknownKey) -> str:
    if unknown.aliases:
        keys = " or ".join(f"`{typed_key((*unknown.path[:-1], alias))}`" for alias in unknown.aliases)
        return f"the values of this subchart belong under its alias: {keys}"
    if near := nearest(str(unknown.path[-1]), unknown.known):
        return f"did you mean `{typed_key((*unknown.path[:-1], near))}`?"
    return f"remove it, or {_aside(UNKNOWN)}"


def _aside(rule: str) -> str:
    return f"to keep it, set it aside in gitops.yaml under `rules.ignore`: rule {rule}, and the key as object"


def _other_type(other: OtherType) -> str:
    return f"is {_shown(other.value)}, but the chart's default is {_shown(other.default)}"


def _kind(value: Any) -> str:
    name = type_name(value)
    return _SPOKEN.get(name, f"a {name}")


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return _kind(value)
    text = json.dumps(value, ensure_ascii=False)
    return f"{_kind(value)} ({text if len(text) <= _SHOWN else f'{text[:_SHOWN]} …'})"

"""Keys of an environment's values that a chart neither declares nor reads, and values of another type than the chart
can use.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gitops_gen.errors import ProblemsError
from gitops_gen.helm.engine import Values
from gitops_gen.helm.key_types import parts_at
from gitops_gen.helm.reading.chart_files import ChartFiles
from gitops_gen.helm.reading.chart_reading import ChartReading
from gitops_gen.helm.reading.read_keys import ANY, Keys, ReadKey, ReadKeys
from gitops_gen.yaml.key_paths import KeyPath, value_at

_OWN = ("_", "x-", ".")
"""A key that begins so is one for YAML anchors, not one of the chart."""

_DIGIT = re.compile(r"[0-9]")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownKey:
    """A key that nothing reads, and the keys that are known next to it; for the name of a subchart, its aliases."""

    path: KeyPath
    known: frozenset[str]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherType:
    """A value that has another type than the chart's default, and that default."""

    path: KeyPath
    value: Any
    default: Any


class KnownKeys:
    """The keys that a chart has: those of its values.yaml, of its schema, and those that its templates read."""

    def __init__(self, defaults: Values, schema: Values | None, files: Callable[[], ChartFiles]) -> None:
        """`files` reads the chart's files; it is asked for when the defaults and the schema do not know a key."""
        self._defaults, self._schema, self._files = defaults, schema, files

    @cached_property
    def _chart(self) -> ChartFiles | None:
        """The chart's files; None when they are not valid YAML, so that any key may be read."""
        try:
            return self._files()
        except ProblemsError:
            return None

    @cached_property
    def _reading(self) -> ChartReading | None:
        return ChartReading(self._chart) if self._chart else None

    @cached_property
    def _declared(self) -> list[tuple[KeyPath, Values]]:
        return list(self._chart.declared()) if self._chart else []

    def unknown(self, values: Values) -> Iterator[UnknownKey]:
        """The keys of values that are unknown; of a map that is unknown, only its own key."""
        return self._below((), values, values)

    def _below(self, path: KeyPath, value: Any, values: Values) -> Iterator[UnknownKey]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._below((*path, index), item, values)
        if not isinstance(value, dict):
            return
        for key, item in value.items():
            here = (*path, key)
            if self._is_known(here, values):
                yield from self._below(here, item, values)
            elif known := self._known_below(path, values):
                yield UnknownKey(path=here, known=frozenset(known), aliases=tuple(self._aliases(here)))

    def _is_known(self, path: KeyPath, values: Values) -> bool:
        if _is_own(path) or value_at(self._defaults, path)[0] or self._in_schema(path):
            return True
        if self._chart is None or any(value_at(own, rest)[0] for own, rest in self._places(path)):
            return True
        return any(keys.reads(_read_path(path)) for keys in self._read(values))

    def _in_schema(self, path: KeyPath) -> bool:
        return bool(self._schema) and any(True for _ in parts_at(self._schema or {}, path))

    def _places(self, path: KeyPath) -> Iterator[tuple[Values, KeyPath]]:
        """The values.yaml of each chart that a path leads into, with the rest of the path."""
        for place, values in self._declared:
            if path[: len(place)] == place:
                yield values, path[len(place) :]

    def _aliases(self, path: KeyPath) -> Iterator[str]:
        """The keys under which Helm takes the values of the subchart with this name."""
        for chart in self._chart.all() if self._chart else ():
            if chart.path == path[:-1]:
                named = [item for item in chart.dependencies if item.get("name") == path[-1]]
                yield from (str(item["alias"]) for item in named if item.get("alias"))

    def _read(self, values: Values) -> Iterator[ReadKeys]:
        if self._reading:
            yield self._reading.keys
            yield self._reading.keys_in(values)

    def _known_below(self, path: KeyPath, values: Values) -> set[str]:
        """The names of a map's keys; none where any key may be, as in a map of labels."""
        names = {name for keys in self._read(values) for name in keys.names_below(_read_path(path))}
        for declared in (value_at(own, rest)[1] for own, rest in ((self._defaults, path), *self._places(path))):
            names |= set(declared) if isinstance(declared, dict) else set()
        return names

    def other_types(self, values: Values) -> Iterator[OtherType]:
        """The values with a type that the chart surely cannot use, where its schema does not say one.

        A chart that asks for a value's type can use several, and one that prints a map or list as a whole any.
        """
        for path, value, default in _type_changes((), values, self._defaults):
            if self._chart is None or self._in_schema(path):
                continue
            read = [key for keys in self._read(values) for key in keys.at(_read_path(path))]
            if not _can_use(read, default):
                yield OtherType(path=path, value=value, default=default)


def _can_use(read: list[ReadKey], default: Any) -> bool:
    return any(key.asked or (key.whole and isinstance(default, dict | list)) for key in read)


def _type_changes(path: KeyPath, value: Any, default: Any) -> Iterator[tuple[KeyPath, Any, Any]]:
    if isinstance(value, dict) and isinstance(default, dict):
        for key in value.keys() & default.keys():
            yield from _type_changes((*path, key), value[key], default[key])
    elif not _is_empty(value) and not _is_empty(default) and _differ(path, value, default):
        yield path, value, default


def _is_empty(value: Any) -> bool:
    """Nothing is switched off with, or left open: its type says nothing."""
    return value is None or (isinstance(value, str | dict | list) and not value)


def _differ(path: KeyPath, value: Any, default: Any) -> bool:
    if isinstance(default, dict | list) or isinstance(value, dict | list):
        return type(value) is not type(default)
    if isinstance(default, bool):
        return not isinstance(value, bool)
    return isinstance(default, int | float) and (isinstance(value, bool) or _is_no_number(path, value))


def _is_no_number(path: KeyPath, value: Any) -> bool:
    """A text such as `25%` or `30s` may do for a number, and a name for a port."""
    return isinstance(value, str) and not _DIGIT.search(value) and "port" not in str(path[-1]).lower()


def _read_path(path: KeyPath) -> Keys:
    return tuple(ANY if isinstance(step, int) else str(step) for step in path)


def _is_own(path: KeyPath) -> bool:
    return path == ("global",) or (len(path) == 1 and str(path[0]).startswith(_OWN))

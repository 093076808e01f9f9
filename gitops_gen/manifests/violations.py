"""One kind's schema, and the places where an object is not as it says."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gitops_gen.manifests.formats import DESCRIBED, FORMATS
from gitops_gen.manifests.structural import JsonSchema
from gitops_gen.names import nearest
from gitops_gen.yaml.key_paths import KeyPath, dotted

if TYPE_CHECKING:
    import jsonschema_rs

_SHOWN = 60
_DEFAULTS = {"protocol": "TCP"}
"""What a key of a list counts as where it is not set."""


class Fault(Enum):
    """What is wrong at a place."""

    UNKNOWN = "unknown field"
    MISSING = "missing field"
    TYPE = "type"
    VALUE = "value"
    REPEATED = "repeated entry"


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One place where an object is not as its schema says."""

    fault: Fault
    path: KeyPath
    message: str
    #: what to write instead, where it is known
    hint: str = ""


class KindSchema:
    """The schema of one kind in one API version; compiled when it is first used."""

    def __init__(self, schema: JsonSchema) -> None:
        self._schema = schema

    @cached_property
    def _validator(self) -> "jsonschema_rs.Validator":
        import jsonschema_rs

        options: dict[str, Any] = {"validate_formats": True, "formats": dict(FORMATS), "keywords": _KEYWORDS}
        try:
            return jsonschema_rs.Draft202012Validator(self._schema, offline=True, **options)
        except (jsonschema_rs.ValidationError, ValueError):
            # What is wrong with a CRD is found where it is rendered; its objects are taken as they are.
            return jsonschema_rs.Draft202012Validator({})

    def violations(self, data: Mapping[str, Any]) -> list[Violation]:
        """Every place, in the order of the paths."""
        found = [item for error in self._validator.iter_errors(data) for item in self._of(error)]
        return sorted(found, key=lambda item: [str(step) for step in item.path])

    def _of(self, error: "jsonschema_rs.ValidationError") -> Iterator[Violation]:
        path, kind = tuple(error.instance_path), error.kind.name
        facts = error.kind.as_dict()
        if kind == "additionalProperties":
            yield from (self._unknown(path, name, error) for name in facts["unexpected"])
        elif kind == "required":
            where = (*path, facts["property"])
            yield Violation(fault=Fault.MISSING, path=path, message=f"{dotted(where)} is missing")
        elif kind == "not" and error.instance is None:
            yield Violation(fault=Fault.MISSING, path=path, message=f"{dotted(path)} is null")
        elif kind == "type":
            yield Violation(fault=Fault.TYPE, path=path, message=_type_text(path, error.instance, facts["types"]))
        elif kind == "x-only-with":
            field, _, text = facts["message"].partition("|")
            yield Violation(fault=Fault.VALUE, path=(*path, field), message=f"{dotted(path)} {text}")
        elif kind == "x-kubernetes-list-map-keys":
            index, _, text = facts["message"].partition("|")
            yield Violation(fault=Fault.REPEATED, path=(*path, int(index)), message=f"{dotted(path)} has {text}")
        else:
            yield Violation(fault=Fault.VALUE, path=path, message=_value_text(path, kind, facts, error))

    def _unknown(self, path: KeyPath, name: str, error: "jsonschema_rs.ValidationError") -> Violation:
        known: Any = self._schema
        for step in error.schema_path[:-1]:
            known = known[step]
        near = nearest(name, known.get("properties", {}))
        where = (*path, name)
        hint = f"did you mean `{near}`?" if near else ""
        return Violation(fault=Fault.UNKNOWN, path=where, message=f"{dotted(where)} is not a field", hint=hint)


def _type_text(path: KeyPath, value: Any, types: list[str]) -> str:
    wanted = [name for name in types if name != "null"]
    return f"{_place(path, value)}, and {' or '.join(map(_article, wanted))} is needed"


def _article(name: str) -> str:
    return {"object": "a map", "array": "a list", "integer": "an integer"}.get(name, f"a {name}")


def _value_text(path: KeyPath, kind: str, facts: dict[str, Any], error: "jsonschema_rs.ValidationError") -> str:
    match kind:
        case "minLength" | "minItems":
            return f"{dotted(path)} must not be empty"
        case "x-one-of" | "x-at-most-one":
            return f"{dotted(path)} {facts['message']}"
        case "propertyNames":
            key = _shortened(json.dumps(facts["error"].instance))
            return f"{dotted(path)} has the key {key}; {_demand('format', facts['error'].kind.as_dict())}"
        case "enum" if facts["options"] == [None]:
            return f"{dotted(path)} must not be set here"
    demand = _demand(kind, facts) or _shortened(error.message)
    return f"{_place(path, error.instance)}; {demand}"


def _demand(kind: str, facts: dict[str, Any]) -> str:
    match kind:
        case "enum":
            return f"allowed: {', '.join(str(option) for option in facts['options'] if option not in ('', None))}"
        case "format":
            return f"it must be {DESCRIBED.get(facts['format'], facts['format'])}"
        case "maxItems":
            return f"at most {facts['limit']} are allowed"
        case "minimum" | "maximum":
            return f"it must be at {'least' if kind == 'minimum' else 'most'} {facts['limit']}"
    return ""


def _place(path: KeyPath, value: Any) -> str:
    # What a Secret holds is never shown.
    is_shown = not isinstance(value, dict | list) and path[:1] not in (("data",), ("stringData",))
    return f"{dotted(path)} is {_shortened(json.dumps(value, ensure_ascii=False))}" if is_shown else dotted(path)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class _MapKeys:
    """`x-kubernetes-list-map-keys`: no two entries of the list have the same values of these fields."""

    def __init__(self, _parent: Any, keys: list[str], _path: Any) -> None:
        self._keys = keys

    def validate(self, entries: Any) -> None:
        seen: set[str] = set()
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, dict):
                continue
            values = {key: entry.get(key, _DEFAULTS.get(key)) for key in self._keys}
            text = ", ".join(f"{key} {value}" for key, value in values.items() if value is not None)
            if text and text in seen:
                raise ValueError(f"{index}|two entries with {text}")
            seen.add(text)


class _OneOf:
    """`x-one-of`: exactly one of these fields is set."""

    def __init__(self, _parent: Any, fields: list[str], _path: Any) -> None:
        self._fields = fields

    def validate(self, value: Any) -> None:
        if (found := _set_fields(value, self._fields)) is not None and len(found) != 1:
            listed = " and ".join(found) if found else "none"
            raise ValueError(f"needs one of {', '.join(self._fields)}, and has {listed}")


class _AtMostOne:
    """`x-at-most-one`: of each list of fields, no two are set."""

    def __init__(self, _parent: Any, lists: list[list[str]], _path: Any) -> None:
        self._lists = lists

    def validate(self, value: Any) -> None:
        for fields in self._lists:
            if (found := _set_fields(value, fields)) and len(found) > 1:
                raise ValueError(f"has {' and '.join(found)}, of which only one is allowed")


class _OnlyWith:
    """`x-only-with`: what a map needs, and what only it allows, when a field is set, or has one of the values.

    `{field: type, values: [Localhost], needs: [localhostProfile], allows: [localhostProfile]}`: a map of that type has
    the other field, and one of another type does not. A field that is not set has the value "".
    """

    def __init__(self, _parent: Any, conditions: list[dict[str, Any]], _path: Any) -> None:
        self._conditions = conditions

    def validate(self, value: Any) -> None:
        for condition in self._conditions if isinstance(value, dict) else ():
            field, values = condition["field"], condition.get("values", ())
            found = value.get(field)
            shown = "" if not values else f" {json.dumps(found)}"
            is_met = ("" if found is None else found) in values if values else _is_set(value, field)
            surplus = [name for name in condition.get("allows", ()) if _is_set(value, name)]
            if is_met and (absent := [name for name in condition.get("needs", ()) if not _is_set(value, name)]):
                raise ValueError(f"{field}|has {field}{shown}, and lacks {' and '.join(absent)}".replace('"', ""))
            if not is_met and surplus:
                allowing = " or ".join(json.dumps(item) for item in values if item != "")
                needed = f"{field} {allowing}".strip().replace('"', "")
                raise ValueError(f"{surplus[0]}|has {' and '.join(surplus)}, which only one with {needed} may have")


def _is_set(value: dict[str, Any], field: str) -> bool:
    return value.get(field) not in (None, "", 0, [], {})


def _set_fields(value: Any, fields: list[str]) -> list[str] | None:
    if not isinstance(value, dict):
        return None
    return [field for field in fields if value.get(field) not in (None, "", 0)]


_KEYWORDS = {
    "x-kubernetes-list-map-keys": _MapKeys,
    "x-one-of": _OneOf,
    "x-at-most-one": _AtMostOne,
    "x-only-with": _OnlyWith,
}

"""The chart's values schema: final values checked against it, each finding reported at the layer, file and line
that set the value.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.errors import Problem
from gitops_gen.helm.engine import ChartError, Values
from gitops_gen.helm.schema_references import outside, without_outside
from gitops_gen.models.validation import type_hint
from gitops_gen.names import did_you_mean
from gitops_gen.project.layers import ValueLayer, setter
from gitops_gen.project.unquoted import misread
from gitops_gen.yaml.key_paths import KeyPath, dotted
from gitops_gen.yaml.reader import locate, written

MESSAGE_LENGTH = 300
_SPOKEN = {"string": "a string", "boolean": "a boolean", "integer": "a number", "number": "a number"}


class ValuesSchema:
    """A compiled values.schema.json; nothing is fetched for it. What it refers to outside of itself is not checked."""

    def __init__(
        self,
        schema: Values,
        unknown: str = "unknown value: the chart has no such key",
        missing: str = "the chart needs it",
    ) -> None:
        """`unknown` and `missing` say what is wrong with a key that is not allowed or missing."""
        import jsonschema_rs

        self._unknown, self._missing = unknown, missing
        self.outside = tuple(dict.fromkeys(outside(schema)))
        if self.outside:
            schema = without_outside(schema)
        try:
            self._validator = jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            reason = getattr(error, "message", error)
            raise ChartError(f"values.schema.json is not a valid JSON schema: {reason}") from error
        self._schema = schema

    def fits(self, final: Values) -> bool:
        """Whether nothing is wrong with final values."""
        return bool(self._validator.is_valid(final))

    def problems(self, final: Values, origins: "Origins") -> Iterator[Problem]:
        """What is wrong with an environment's final values, at the places that `origins` finds."""
        if self.fits(final):
            return
        for error in self._validator.iter_errors(final):
            for path, message, hint in self._explain(error, origins):
                yield origins.problem(path, message, hint)

    def _explain(self, error: Any, origins: "Origins") -> Iterator[tuple[KeyPath, str, str]]:
        path = tuple(error.instance_path)
        match error.kind.name:
            case "additionalProperties" | "unevaluatedProperties":
                known = self._known_keys(tuple(error.schema_path)[:-1])
                for key in error.kind.unexpected:
                    yield (*path, key), self._unknown, did_you_mean(key, known)
            case "required":
                yield (*path, error.kind.property), self._missing, ""
            case "const" if self._node(tuple(error.schema_path)[:-1]).get("deprecated"):
                yield path, f"is {error.kind.expected_value}", ""
            case "type" if len(error.kind.types) == 1:
                yield path, *_wrong_type(error, origins.written(path))
            case _:
                yield path, _message(error), ""

    def _known_keys(self, schema_path: KeyPath) -> list[str]:
        return list(self._node(schema_path).get("properties", {}))

    def _node(self, schema_path: KeyPath) -> dict[str, Any]:
        """The part of the schema that an error names; empty where it is no map."""
        current: Any = self._schema
        for step in schema_path:
            current = self._followed(current)
            current = current.get(step, {}) if isinstance(current, dict) else {}
        current = self._followed(current)
        return current if isinstance(current, dict) else {}

    def _followed(self, schema: Any) -> Any:
        while isinstance(schema, dict) and str(schema.get("$ref", "")).startswith("#/"):
            target: Any = self._schema
            for step in schema["$ref"][2:].split("/"):
                target = target.get(step, {})
            schema = target
        return schema


def _wrong_type(error: Any, source: str) -> tuple[str, str]:
    """What is wrong with a value's type, and what to type; `source` is the value as it is written, where it is."""
    wanted = _SPOKEN.get(error.kind.types[0], "")
    unquoted = wanted == "a string" and source and isinstance(error.instance, bool | int | float)
    message = misread(source, error.instance) if unquoted else _message(error)
    return message, type_hint(wanted, error.instance, source)


def _message(error: Any) -> str:
    text = str(error.message)
    return text if len(text) <= MESSAGE_LENGTH else text[:MESSAGE_LENGTH] + " …"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origins:
    """Finds where a value was set: its layers, and the text of a file.

    What no layer set (the chart's own default, a missing key) is reported at the file `fallback`.
    """

    layers: tuple[ValueLayer, ...]
    text_of: Callable[[str], str]
    fallback: str

    def problem(self, path: KeyPath, message: str, hint: str) -> Problem:
        """The problem with the final value at `path`, at the layer that decided it."""
        found = setter(self.layers, path)
        if found is None:
            line = locate(self.text_of(self.fallback), ("values", *path))
            hint = hint or "no layer sets it; set it in this file"
            return Problem(file=self.fallback, line=line, key=dotted(("values", *path)), message=message, hint=hint)
        layer, set_path = found
        full = (*layer.prefix, *set_path)
        message = message if set_path == path else f"{message} (at `{dotted(path)}`)"
        line = locate(self._text(layer), full)
        return Problem(file=layer.file, line=line, key=dotted(full), message=message, hint=hint)

    def written(self, path: KeyPath) -> str:
        """The value at `path` as the layer that decides it has it in its file; empty when none has."""
        found = setter(self.layers, path)
        if found is None or found[1] != path:
            return ""
        return written(self._text(found[0]), (*found[0].prefix, *path))

    def _text(self, layer: ValueLayer) -> str:
        return self.text_of(layer.file) if layer.text is None else layer.text

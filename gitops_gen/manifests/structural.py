"""The structural schema of a CustomResourceDefinition as a JSON Schema that takes no unknown fields.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from collections.abc import Mapping
from typing import Any

from gitops_gen.manifests.objects import mapping, mappings, sequence

JsonSchema = dict[str, Any]

_KEPT = (
    *("enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    "x-kubernetes-list-map-keys",
)
_FORMATS = frozenset({"date-time", "byte", "email", "ipv4", "ipv6", "uri", "uuid"})
"""What both the API server and a JSON Schema know."""

_COMBINING = ("anyOf", "oneOf", "allOf")
_METADATA = {"type": "object"}


def structural(schema: Mapping[str, Any]) -> JsonSchema:
    """The JSON Schema of an object: `apiVersion`, `kind` and `metadata` are allowed, and `status` holds anything."""
    found = closed(schema)
    found["properties"] = {
        **found.get("properties", {}),
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": _METADATA,
        "status": {},
    }
    return found


def closed(schema: Mapping[str, Any]) -> JsonSchema:
    """One node with everything below it. The API server drops fields that are not described, or refuses them when asked
    for strict validation, as Argo CD does.
    """
    found: JsonSchema = {key: schema[key] for key in _KEPT if key in schema}
    if schema.get("format") in _FORMATS:
        found["format"] = schema["format"]
    if schema.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string", "null"]
    elif "type" in schema:
        found["type"] = [schema["type"], "null"]
    if "enum" in found:
        found["enum"] = [*sequence(found["enum"]), None]
    if isinstance(schema.get("items"), dict):
        found["items"] = closed(schema["items"])
    return {**found, **_fields(schema), **_combined(schema)}


def _fields(schema: Mapping[str, Any]) -> JsonSchema:
    """The fields of an object, those that every embedded one has included, or those of a map. A field with a default
    is never missing.
    """
    found: JsonSchema = {}
    properties = {name: closed(mapping(part)) for name, part in mapping(schema.get("properties")).items()}
    if schema.get("x-kubernetes-embedded-resource"):
        properties |= {"apiVersion": {}, "kind": {}, "metadata": _METADATA}
    if properties:
        found["properties"] = properties
    if required := [str(name) for name in sequence(schema.get("required"))]:
        found["required"] = [name for name in required if "default" not in _field(schema, name)]
    if isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = closed(schema["additionalProperties"])
    elif properties and not _is_open(schema):
        found["additionalProperties"] = False
    return found


def _field(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return mapping(mapping(schema.get("properties")).get(name))


def _is_open(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties"))


def _combined(schema: Mapping[str, Any]) -> JsonSchema:
    """The parts under anyOf, oneOf, allOf and not: they only narrow what is next to them."""
    lists = {key: [_narrowing(part) for part in mappings(schema.get(key))] for key in _COMBINING if schema.get(key)}
    if schema.get("x-kubernetes-int-or-string"):
        lists.pop("anyOf", None)
    return {**lists, **({"not": _narrowing(mapping(schema["not"]))} if schema.get("not") else {})}


def _narrowing(schema: Mapping[str, Any]) -> JsonSchema:
    found: JsonSchema = {key: schema[key] for key in (*_KEPT, "required", "type") if key in schema}
    if mapping(schema.get("properties")):
        found["properties"] = {name: _narrowing(mapping(part)) for name, part in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        found["items"] = _narrowing(schema["items"])
    return {**found, **_combined(schema)}

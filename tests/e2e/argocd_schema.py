"""Write `gitops_gen/argocd/schema.json`: what Argo CD's definitions say of the `spec` of Application and AppProject.

usage: python -m tests.e2e.argocd_schema [CRDS]

CRDS is the folder with application-crd.yaml and appproject-crd.yaml; without it, where `tests/e2e/build.sh` puts those
of the pinned Argo CD.

A definition lets unknown fields through and the API server drops them; here a field that is not described is refused.
Descriptions are left out, and what occurs several times is written once, under `$defs`.
"""

import collections
import json
import pathlib
import sys
from typing import Any

import yaml

from .programs import pinned, shared

TARGET = pathlib.Path(__file__).parents[2] / "gitops_gen" / "argocd" / "schema.json"
KINDS = {"Application": "application-crd.yaml", "AppProject": "appproject-crd.yaml"}
KEPT = ("enum", "format", "items", "maxLength", "maximum", "minLength", "minimum", "pattern", "required", "type")
WITHOUT_MEANING = ("int32", "int64")
"""Formats that JSON Schema does not know."""
SHORTEST = 120
"""Characters from which on a part that occurs twice is worth a name."""

Schema = dict[str, Any]


def strict(schema: Schema) -> Schema:
    """A structural schema of Kubernetes as JSON Schema that takes no other fields
    (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
    """
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    found = {key: schema[key] for key in KEPT if key in schema}
    if found.get("format") in WITHOUT_MEANING:
        del found["format"]
    if "items" in schema:
        found["items"] = strict(schema["items"])
    if "properties" in schema:
        found["properties"] = {name: strict(part) for name, part in sorted(schema["properties"].items())}
        found["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    elif isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = strict(schema["additionalProperties"])
    return found


def named(schemas: Schema) -> Schema:
    """The same schemas with their repeated parts under `$defs`."""
    counts: collections.Counter[str] = collections.Counter()
    _count(schemas, counts)
    names = {text: f"part{number}" for number, text in enumerate(sorted(text for text in counts if counts[text] > 1))}
    parts = {name: _shortened(json.loads(text), names, inside=text) for text, name in names.items()}
    return {"$defs": parts, **_shortened(schemas, names)}


def _count(schema: Any, counts: collections.Counter[str]) -> None:
    for part in _parts(schema):
        text = json.dumps(part, sort_keys=True)
        if len(text) >= SHORTEST:
            counts[text] += 1
        if counts[text] <= 1:  # what is inside of a part that has a name need not be counted again
            _count(part, counts)


def _parts(schema: Any) -> list[Any]:
    places = [schema.get("items"), schema.get("additionalProperties"), *schema.get("properties", {}).values()]
    return [part for part in places if isinstance(part, dict)]


def _shortened(schema: Any, names: dict[str, str], inside: str = "") -> Any:
    text = json.dumps(schema, sort_keys=True)
    if text in names and text != inside:
        return {"$ref": f"#/$defs/{names[text]}"}
    found = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _shortened(found[key], names)
    if "properties" in found:
        found["properties"] = {name: _shortened(part, names) for name, part in found["properties"].items()}
    return found


def generated(folder: pathlib.Path) -> str:
    """The file as the definitions in `folder` make it."""
    specs = {}
    for kind, file in KINDS.items():
        (version,) = yaml.safe_load((folder / file).read_text())["spec"]["versions"]
        specs[kind] = strict(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
    schema = named({"properties": specs})
    source = f"https://github.com/argoproj/argo-cd/tree/{pinned('argocd')}/manifests/crds"
    comment = f"Made by tests/e2e/argocd_schema.py from {source} (Apache License 2.0); see NOTICE. Not to be edited."
    return json.dumps({"$comment": comment, **schema}, separators=(",", ":")).replace('"part', '\n"part') + "\n"


def main() -> None:
    """Write the file."""
    folder = pathlib.Path(sys.argv[1]) if sys.argv[1:] else shared("argocd") / "crds"
    if not folder.is_dir():
        sys.exit(f"{folder} is missing: tests/e2e/build.sh brings it")
    TARGET.write_text(generated(folder))


if __name__ == "__main__":
    main()

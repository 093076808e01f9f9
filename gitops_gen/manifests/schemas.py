"""Objects against the schemas of their kinds: those of a version of Kubernetes, of widely used operators, and of CRDs.

The folder `published` has the schemas; tests/kubernetes_schemas.py makes it.
"""

import json
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.scopes import BUILT_IN
from gitops_gen.manifests.structural import JsonSchema, structural
from gitops_gen.manifests.violations import KindSchema, Violation

_FOLDER = Path(__file__).parent / "published"
_REFERENCE = "#/$defs/"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiLife:
    """When an API version of a kind goes."""

    #: versions of Kubernetes; empty where none is announced
    deprecated: str = ""
    removed: str = ""
    #: what to write instead
    use: str = ""


class Schemas:
    """What one cluster serves."""

    def __init__(self, version: str = "", definitions: Iterable[Manifest] = ()) -> None:
        """`version` is that of Kubernetes, such as `1.36`; the newest known one is used for an unknown one.

        `definitions` are the CRDs that are rendered or given.
        """
        self._index = _index_of(version)
        self._definitions = {
            (str(item.spec.get("group")), str(mapping(item.spec.get("names")).get("kind"))): item
            for item in definitions
        }
        self._defined: dict[tuple[str, str], KindSchema | None] = {}

    @cached_property
    def version(self) -> str:
        """The version of Kubernetes whose schemas are used."""
        return str(_kubernetes()["versions"][self._index])

    def violations(self, manifest: Manifest) -> list[Violation]:
        """Where the object is not as its schema says; nothing where no schema is known."""
        schema = self._schema(manifest)
        return schema.violations(manifest.data) if schema else []

    def kinds(self) -> list[str]:
        """The kinds of Kubernetes that are served."""
        return [
            key.rpartition("/")[2] for key, (_, indexes) in _kubernetes()["kinds"].items() if self._index in indexes
        ]

    def is_known(self, manifest: Manifest) -> bool:
        """Whether the cluster serves the object's API version and kind, as far as is known."""
        return self._schema(manifest) is not None

    def is_defined(self, manifest: Manifest) -> bool:
        """Whether the CRD of the object's kind is rendered or given."""
        return (manifest.id.group, manifest.kind) in self._definitions

    def served(self, manifest: Manifest) -> list[str]:
        """The API versions of the object's kind that are served, such as `apps/v1`; none for an unknown kind."""
        group, kind = manifest.id.group, manifest.kind
        if definition := self._definitions.get((group, kind)):
            versions = [str(item.get("name")) for item in _versions(definition) if item.get("served")]
        elif group in BUILT_IN:
            keys = (key for key, (_, indexes) in _kubernetes()["kinds"].items() if self._index in indexes)
            return [api for api, _, name in (key.rpartition("/") for key in keys) if _is(api, name, group, kind)]
        else:
            versions = [
                version for version, _, name in (key.partition("/") for key in _operator(group)) if name == kind
            ]
        return [f"{group}/{version}" for version in versions]

    def _schema(self, manifest: Manifest) -> KindSchema | None:
        version = str(manifest.data["apiVersion"]).rpartition("/")[2]
        if definition := self._definitions.get((manifest.id.group, manifest.kind)):
            return self._from_definition(definition, version)
        if manifest.id.group in BUILT_IN:
            return _built_in(f"{manifest.data['apiVersion']}/{manifest.kind}", self._index)
        return _published(manifest.id.group, f"{version}/{manifest.kind}")

    def _from_definition(self, definition: Manifest, version: str) -> KindSchema | None:
        key = definition.name, version
        if key not in self._defined:
            served = (item for item in _versions(definition) if item.get("name") == version and item.get("served"))
            schema = (mapping(mapping(item.get("schema")).get("openAPIV3Schema")) for item in served)
            self._defined[key] = next((KindSchema(structural(item)) for item in schema), None)
        return self._defined[key]


def life(manifest: Manifest) -> ApiLife:
    """When the object's API version goes, from https://github.com/kubernetes/api."""
    return ApiLife(**_kubernetes()["lives"].get(f"{manifest.data['apiVersion']}/{manifest.kind}", {}))


def newest() -> str:
    """The newest version of Kubernetes whose schemas are there."""
    return str(_kubernetes()["versions"][-1])


def minor(version: str) -> tuple[int, ...]:
    """`1.36` for comparing; `v1.36.2` is the same."""
    return tuple(int(part) for part in version.removeprefix("v").split(".")[:2] if part.isdecimal())


def _index_of(version: str) -> int:
    """The place of the version, or of the one nearest to it."""
    known = [minor(item) for item in _kubernetes()["versions"]]
    wanted = minor(version) or known[-1]
    return max((index for index, item in enumerate(known) if item <= wanted), default=0)


def _is(api: str, name: str, group: str, kind: str) -> bool:
    return name == kind and api.rpartition("/")[0] == group


def _versions(definition: Manifest) -> list[Any]:
    return list(mappings(definition.spec.get("versions")))


@cache
def _document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lzma.decompress((_FOLDER / f"{name}.json.xz").read_bytes()))
    return found


def _kubernetes() -> dict[str, Any]:
    return _document("kubernetes")


def _operator(group: str) -> dict[str, Any]:
    return _document(group) if group in _groups() else {}


@cache
def _groups() -> frozenset[str]:
    return frozenset(path.name.removesuffix(".json.xz") for path in _FOLDER.iterdir())


@cache
def _published(group: str, key: str) -> KindSchema | None:
    schema = _operator(group).get(key)
    return KindSchema(schema) if schema else None


@cache
def _built_in(key: str, index: int) -> KindSchema | None:
    name, indexes = _kubernetes()["kinds"].get(key, ("", ()))
    if index not in indexes:
        return None
    # Only what the kind needs: the time to compile grows with all that is there.
    needed: dict[str, JsonSchema] = {}
    waiting = [str(name)]
    while waiting:
        if (definition := waiting.pop()) not in needed:
            needed[definition] = _definition(definition, index)
            waiting.extend(_references(needed[definition]))
    return KindSchema({"$ref": _REFERENCE + name, "$defs": needed})


def _definition(name: str, index: int) -> JsonSchema:
    variants = _kubernetes()["definitions"][name]
    return next(schema for indexes, schema in variants if index in indexes)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(_REFERENCE)
        for part in node.values():
            yield from _references(part)

"""The places that say something about one environment, the weakest first: the project, its defaults, the cluster's, the
stage's, and the environment's own file.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_gen.models.models import Layer
from gitops_gen.project.layers import ValueLayer, merge
from gitops_gen.project.reading import InputDocument, ProjectFile
from gitops_gen.yaml.key_paths import KeyPath

_NO_FIELDS = ("values", "apiVersion", "kind", "stage")
"""`values` merge on their own, and `stage` is decided before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One place, as it is written: what users call it, the file, where in the file, its data."""

    name: str
    file: str
    prefix: KeyPath
    data: dict[str, Any]


class Sources:
    """All places of one environment."""

    def __init__(self, project: ProjectFile, stage: str, cluster: str, own: Sequence[InputDocument]) -> None:
        """`own` are the files of what stays with the environment."""
        files = (Source(name="environment", file=item.file, prefix=(), data=item.data) for item in own)
        self._own = own[-1].file if own else ""
        self._places = (*_shared(project, stage, cluster), *files)

    def settings(self) -> Layer:
        """All fields but `values`, merged."""
        merged: dict[str, Any] = {}
        for source in self._places:
            merged = merge(merged, {key: value for key, value in source.data.items() if key not in _NO_FIELDS})
        return _layer(json.dumps(merged))

    def value(self, field: str) -> Any:
        """What the strongest place says of a field that is no map; None when none does."""
        return next((item.data[field] for item in reversed(self._places) if item.data.get(field) is not None), None)

    def place(self, field: KeyPath) -> tuple[str, KeyPath]:
        """The file, and the path in it, of the strongest place that sets a field; the environment's file when none
        does.
        """
        for source in reversed(self._places):
            current: Any = source.data
            for step in field:
                current = current.get(step) if isinstance(current, dict) else None
            if current is not None:
                return source.file, (*source.prefix, *field)
        return self._own or self._places[-1].file, ()

    def values(self) -> Iterator[ValueLayer]:
        """The layers of chart values in these places."""
        for source in self._places:
            values = source.data.get("values", {})
            yield ValueLayer(name=source.name, file=source.file, prefix=(*source.prefix, "values"), values=values)

    def overrides(self, manifest: str) -> tuple[ValueLayer, ...]:
        """What these places merge over a manifest (`application` or `project`)."""
        return tuple(
            ValueLayer(name=source.file, file=source.file, prefix=(*source.prefix, "argocd", manifest), values=over)
            for source in self._places
            if (over := (source.data.get("argocd") or {}).get(manifest))
        )


@lru_cache(maxsize=64)
def _layer(fields: str) -> Layer:
    """A typed layer from its fields as JSON; most environments of a stage have the same."""
    return Layer.model_validate(json.loads(fields))


def stage_index(data: dict[str, Any], name: str) -> int | None:
    """Where a file of a project has a stage."""
    return next((index for index, stage in enumerate(data.get("stages", ())) if stage["name"] == name), None)


@lru_cache(maxsize=256)
def _shared(project: ProjectFile, stage: str, cluster: str) -> tuple[Source, ...]:
    """What a project, and before it its workspace, says of all environments; what is narrower wins over both."""
    return tuple(_shared_by(project.documents, stage, cluster))


def _shared_by(documents: Sequence[InputDocument], stage: str, cluster: str) -> Iterator[Source]:
    for item in documents:
        argocd = {key: value for key, value in item.data.get("argocd", {}).items() if key in ("application", "project")}
        yield Source(name="argocd", file=item.file, prefix=(), data={"argocd": argocd})
    for item in documents:
        yield _defaults("defaults", item.file, (), item.data)
    for item in documents:
        if found := item.data.get("clusters", {}).get(cluster):
            yield _defaults(f"cluster {cluster}", item.file, ("clusters", cluster), found)
    for item in documents:
        if (index := stage_index(item.data, stage)) is not None:
            yield _defaults(f"stage {stage}", item.file, ("stages", index), item.data["stages"][index])


def _defaults(name: str, file: str, at: KeyPath, data: dict[str, Any]) -> Source:
    return Source(name=name, file=file, prefix=(*at, "defaults"), data=data.get("defaults", {}))

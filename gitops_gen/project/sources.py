"""The places that say something about one environment, the weakest first: the project, its defaults, the cluster's, the
stage's, and the environment's own file.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_gen.models.layout import PROJECT_FILE
from gitops_gen.models.models import Layer
from gitops_gen.project.layers import ValueLayer, merge
from gitops_gen.project.reading import ProjectFile
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

    def __init__(self, project: ProjectFile, stage: int | None, cluster: str, own: Source) -> None:
        """`stage` is an index in the project's `stages`, `own` the environment's file."""
        self._places = [*_shared(project, stage, cluster), own]

    def settings(self) -> Layer:
        """All fields but `values`, merged."""
        merged: dict[str, Any] = {}
        for source in self._places:
            merged = merge(merged, {key: value for key, value in source.data.items() if key not in _NO_FIELDS})
        return _layer(json.dumps(merged))

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
        return self._places[-1].file, ()

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


def _shared(project: ProjectFile, stage: int | None, cluster: str) -> Iterator[Source]:
    data = project.data
    argocd = {key: value for key, value in data.get("argocd", {}).items() if key in ("application", "project")}
    yield Source(name="argocd", file=PROJECT_FILE, prefix=(), data={"argocd": argocd})
    yield _defaults("defaults", (), data)
    yield _defaults(f"cluster {cluster}", ("clusters", cluster), data["clusters"][cluster])
    if stage is not None:
        yield _defaults(f"stage {project.spec.stages[stage].name}", ("stages", stage), data["stages"][stage])


def _defaults(name: str, at: Sequence[str | int], data: dict[str, Any]) -> Source:
    return Source(name=name, file=PROJECT_FILE, prefix=(*at, "defaults"), data=data.get("defaults", {}))

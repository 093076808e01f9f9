"""Fields that differ between two renders of the same inputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_gen.manifests.objects import Manifest
from gitops_gen.yaml.key_paths import KeyPath, dotted


@dataclass(frozen=True, kw_only=True, slots=True)
class VaryingObject:
    """An object that two renders have otherwise: the paths that differ; none for one that the second has not."""

    manifest: Manifest
    paths: tuple[KeyPath, ...]

    @property
    def words(self) -> str:
        """The fields that differ, as a person reads them."""
        return ", ".join(dotted(path) for path in self.paths) or "its name"


def varying_objects(manifests: Sequence[Manifest], again: Sequence[Manifest]) -> Iterator[VaryingObject]:
    """What of a render the second one, of the same inputs, has otherwise."""
    if [item.kind for item in manifests] == [item.kind for item in again]:
        pairs: list[tuple[Manifest, Manifest | None]] = list(zip(manifests, again, strict=True))
    else:
        others = {item.id: item for item in again}
        pairs = [(item, others.get(item.id)) for item in manifests]
    for one, other in pairs:
        paths = tuple(_differing(one.data, other.data)) if other else ()
        if paths or other is None:
            yield VaryingObject(manifest=one, paths=paths)


def _differing(one: Any, other: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _differing(one.get(key), other.get(key), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (item, partner) in enumerate(zip(one, other, strict=True)):
            yield from _differing(item, partner, (*path, index))
    elif one != other:
        yield path

"""Fields that differ between two renders of the same inputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_gen.manifests.objects import Manifest
from gitops_gen.yaml.editing.difference import differences
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
        paths = tuple(item.path for item in differences(one.data, other.data)) if other else ()
        if paths or other is None:
            yield VaryingObject(manifest=one, paths=paths)

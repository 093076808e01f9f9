"""Manifests that restore the original's objects: without the fields that the API server and controllers set."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping
from gitops_gen.migration.live import LAST_APPLIED, Live
from gitops_gen.migration.model import ObjectOutcome, PlannedObject

_METADATA = ("name", "namespace", "labels", "annotations")
_OF_CONTROLLERS = (LAST_APPLIED, "deployment.kubernetes.io/revision")
_ASSIGNED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")
_STAY = ("PersistentVolumeClaim", "Secret", "Job")
"""Never changed by the migration, or (Jobs) already complete."""


def restorable(live: Live, objects: tuple[PlannedObject, ...]) -> Iterator[Mapping[str, Any]]:
    """The objects that the migration changes or deletes."""
    for item in objects:
        if (
            item.outcome in (ObjectOutcome.ADOPTED, ObjectOutcome.RECREATED, ObjectOutcome.DELETED)
            and item.id.kind not in _STAY
        ):
            yield _cleaned(live.objects[item.id])


def _cleaned(item: Manifest) -> Mapping[str, Any]:
    metadata: dict[str, Any] = {key: item.metadata[key] for key in _METADATA if key in item.metadata}
    annotations = mapping(metadata.pop("annotations", None))
    if kept := {key: value for key, value in annotations.items() if key not in _OF_CONTROLLERS}:
        metadata["annotations"] = kept
    result = {**item.data, "metadata": metadata}
    result.pop("status", None)
    if item.kind == "Service":
        result["spec"] = {key: value for key, value in item.spec.items() if key not in _ASSIGNED}
    return result

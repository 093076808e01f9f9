"""The original's objects as they can be applied again: without what the API server and its controllers wrote."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping
from gitops_gen.migration.live import LAST_APPLIED, Live
from gitops_gen.migration.model import Fate, ObjectFate

_METADATA = ("name", "namespace", "labels", "annotations")
_OF_CONTROLLERS = (LAST_APPLIED, "deployment.kubernetes.io/revision")
_ASSIGNED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")
_STAY = ("PersistentVolumeClaim", "Secret", "Job")
"""Never touched, or (Jobs) done already."""


def restorable(live: Live, objects: tuple[ObjectFate, ...]) -> Iterator[Mapping[str, Any]]:
    """The objects that the migration changes or deletes."""
    for fate in objects:
        if fate.fate in (Fate.ADOPTED, Fate.RECREATED, Fate.DELETED) and fate.id.kind not in _STAY:
            yield _cleaned(live.objects[fate.id])


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

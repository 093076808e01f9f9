"""Takes the values out of Secrets before anything is compared, shown or kept: that one differs is all that is left."""

from collections.abc import Mapping
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping

HIDDEN = "(hidden)"
CHANGED = "(hidden, another value)"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_FIELDS = ("data", "stringData")


def redacted(old: Manifest | None, new: Manifest | None) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The data of an object before and after; of a Secret without its values."""
    if not any(side is not None and _is_secret(side) for side in (old, new)):
        return old.data if old else None, new.data if new else None
    return (_without(old.data, None) if old else None), (_without(new.data, old.data if old else None) if new else None)


def _is_secret(manifest: Manifest) -> bool:
    return manifest.kind == "Secret" and manifest.id.group == ""


def _without(data: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    result = dict(data)
    for field in _FIELDS:
        if field in data:
            old = mapping((before or {}).get(field))
            result[field] = _hidden(data[field], old)
    metadata = mapping(data.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    if LAST_APPLIED in annotations:
        result["metadata"] = {**metadata, "annotations": {**annotations, LAST_APPLIED: HIDDEN}}
    return result


def _hidden(values: Any, before: Mapping[str, Any]) -> Any:
    if not isinstance(values, dict):
        return HIDDEN
    return {key: CHANGED if key in before and before[key] != value else HIDDEN for key, value in values.items()}

"""Generated text that follows from other changes: it is counted and not shown. What it does (a changed checksum
restarts pods) is said all the same.
"""

import re
from typing import Any

from gitops_gen.compare.canonical import without_hashes
from gitops_gen.compare.structure import MISSING, Place

CHECKSUM = "checksum annotations"
NAME = "generated names"
VERSION = "version labels"
VALUES = "values inlined in the Application"

_CHECKSUM_KEY = re.compile(r"(^|[./_-])(checksum|hash|sha\d*)([./_-]|$)", re.IGNORECASE)
_VERSION_LABELS = frozenset({"helm.sh/chart", "app.kubernetes.io/version", "chart"})


def noise(place: Place, kind: str) -> str:
    """Why a difference is not worth showing; empty when it is."""
    if place.old is MISSING or place.new is MISSING:
        return ""
    parent, key = place.path[-2] if len(place.path) > 1 else "", place.path[-1] if place.path else ""
    if parent == "annotations" and _CHECKSUM_KEY.search(key):
        return CHECKSUM
    if parent == "labels" and key in _VERSION_LABELS:
        return VERSION
    if kind == "Application" and place.path[-2:] == ("helm", "values"):
        return VALUES
    return NAME if _differ_by_hash(place.old, place.new) else ""


def _differ_by_hash(old: Any, new: Any) -> bool:
    return isinstance(old, str) and isinstance(new, str) and without_hashes(old) == without_hashes(new)

"""Label selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors."""

from collections.abc import Mapping
from typing import Any

from gitops_gen.manifests.objects import mapping, mappings, sequence


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether a LabelSelector (`matchLabels`, `matchExpressions`) selects these labels; an empty one selects all."""
    wanted = mapping(selector.get("matchLabels"))
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(item, labels) for item in mappings(selector.get("matchExpressions"))
    )


def _holds(item: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(item.get("key")), sequence(item.get("values"))
    match item.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels

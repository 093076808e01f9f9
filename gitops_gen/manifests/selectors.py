"""Label selectors: which pods one selects (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/)."""

from collections.abc import Mapping
from typing import Any

from gitops_gen.manifests.objects import mapping, mappings, sequence


def selects(selector: Any, labels: Mapping[str, Any]) -> bool:
    """Whether a LabelSelector matches the labels; an empty one matches everything."""
    fits = all(labels.get(key) == value for key, value in mapping(mapping(selector).get("matchLabels")).items())
    return fits and all(_holds(item, labels) for item in mappings(mapping(selector).get("matchExpressions")))


def is_empty(selector: Any) -> bool:
    """Whether it names no label."""
    return not mapping(selector).get("matchLabels") and not mapping(selector).get("matchExpressions")


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), sequence(expression.get("values"))
    match expression.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return True

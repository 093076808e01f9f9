"""The original's objects as a cluster exports them: what an API server and its controllers add, added here."""

import copy
import json
from collections.abc import Callable
from typing import Any

from gitops_gen.yaml.reader import load_all
from gitops_gen.yaml.writer import dump
from tests.conftest import INPUTS

OBJECTS = INPUTS / "original" / "objects.yaml"
NAMESPACE = "api-forge-prod"
#: under Kustomize's default, which deploys everything to one namespace
Object = dict[str, Any]


def original() -> list[Object]:
    """The objects as they are applied."""
    items = copy.deepcopy(load_all(OBJECTS.read_text(), OBJECTS.name))
    for item in items:
        item["metadata"]["namespace"] = NAMESPACE
    return items


def exported(*edits: Callable[[dict[str, Object]], Any]) -> str:
    """`kubectl get … -o yaml` of the namespace. Each edit gets the objects by `Kind/name` and changes what is there."""
    items = {f"{item['kind']}/{item['metadata']['name']}": live(item) for item in original()}
    for edit in edits:
        edit(items)
    return dump(
        {"apiVersion": "v1", "items": list(items.values()), "kind": "List", "metadata": {"resourceVersion": ""}}
    )


def live(item: Object) -> Object:
    """An object with what the server adds, and what `kubectl apply` notes of what it was given."""
    name = f"{item['kind']}-{item['metadata']['name']}".lower()
    noted = json.dumps(item)
    item = copy.deepcopy(item)
    item["metadata"] |= {
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": noted},
        "uid": f"uid-of-{name}",
        "resourceVersion": "1",
        "creationTimestamp": "2025-11-27T00:00:00Z",
    }
    match item["kind"]:
        case "PersistentVolumeClaim":
            item["spec"] |= {"storageClassName": "standard", "volumeMode": "Filesystem", "volumeName": f"pv-{name}"}
            item["status"] = {"phase": "Bound"}
        case "Service":
            item["spec"] |= {"clusterIP": "10.0.0.10", "clusterIPs": ["10.0.0.10"], "sessionAffinity": "None"}
        case "Deployment":
            item["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
            item["status"] = {"replicas": 1}
    return item

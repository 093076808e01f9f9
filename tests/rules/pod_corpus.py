"""Pods, and which profiles of Pod Security refuse them: the unit test judges them, the end-to-end test asks the API
server, whose verdicts are in pod_verdicts.yaml.
"""

from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
HERE = Path(__file__).parent
PATCHES: dict[str, Object] = yaml.safe_load((HERE / "pods.yaml").read_text())
VERDICTS = HERE / "pod_verdicts.yaml"
_CONTEXT = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
_SPEC = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}


def pod_named(name: str) -> Object:
    """The pod of a case."""
    patch = PATCHES[name]
    container = {"name": "app", "image": "app:1", "securityContext": _CONTEXT}
    spec = _merged(_SPEC, patch.get("pod", {})) | {"containers": [_merged(container, patch.get("container", {}))]}
    metadata = {"name": name.replace("_", "-"), "annotations": patch.get("annotations", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _merged(base: Object, patch: Object) -> Object:
    """https://www.rfc-editor.org/rfc/rfc7386"""
    merged = dict(base)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key, {}), value) if isinstance(value, dict) else value
    return merged

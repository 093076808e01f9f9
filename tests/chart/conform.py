"""The schemas of Kubernetes as kubeconform reads them, from the package kubernetes-validate."""

import importlib.util
import json
from pathlib import Path
from typing import Any

#: The file of each kind, as kubeconform's template asks for it.
KINDS = {
    "configmap-v1", "service-v1", "serviceaccount-v1", "persistentvolumeclaim-v1", "deployment-apps-v1", "job-batch-v1",
    "cronjob-batch-v1",
    "networkpolicy-networking-v1", "ingress-networking-v1", "poddisruptionbudget-policy-v1",
    "horizontalpodautoscaler-autoscaling-v2",
}  # fmt: skip


def write_schemas(version: str, target: Path) -> Path:
    """The folder with a file for each kind. Raises `ModuleNotFoundError` where the package does not exist."""
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the schemas are in the package kubernetes-validate: pip install kubernetes-validate")
    source = next(Path(spec.origin).parent.glob(f"kubernetes-json-schema/v{version}.*-local-strict"))
    definitions = json.loads((source / "_definitions.json").read_text())
    definitions = definitions.get("definitions") or definitions["$defs"]
    target.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        schema = json.loads((source / f"{kind}.json").read_text())
        (target / f"{kind}.json").write_text(json.dumps(_inlined(schema, definitions)))
    return target


def _inlined(schema: Any, definitions: dict[str, Any], inside: tuple[str, ...] = ()) -> Any:
    """The schema without references, which kubeconform cannot follow here. A recursion is cut to anything."""
    if isinstance(schema, list):
        return [_inlined(item, definitions, inside) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return {} if name in inside else _inlined(definitions[name], definitions, (*inside, name))
    return {key: _inlined(value, definitions, inside) for key, value in schema.items()}

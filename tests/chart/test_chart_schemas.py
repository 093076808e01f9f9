"""Every rendered object against Kubernetes' own schemas, by kubeconform in strict mode, for each supported version."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.chart_render import SCENARIOS, Render, program, scenario

pytestmark = pytest.mark.slow

VERSIONS = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]
#: The file of each kind, as kubeconform's template asks for it.
KINDS = {
    "configmap-v1", "service-v1", "serviceaccount-v1", "persistentvolumeclaim-v1", "deployment-apps-v1", "job-batch-v1",
    "cronjob-batch-v1",
    "networkpolicy-networking-v1", "ingress-networking-v1", "poddisruptionbudget-policy-v1",
    "horizontalpodautoscaler-autoscaling-v2",
}  # fmt: skip


def package_schemas(version: str) -> Path:
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        pytest.skip("the schemas are in the package kubernetes-validate: pip install kubernetes-validate")
    return next(Path(spec.origin).parent.glob(f"kubernetes-json-schema/v{version}.*-local-strict"))


def inlined(schema: Any, definitions: dict[str, Any], inside: tuple[str, ...] = ()) -> Any:
    """The schema without references, which kubeconform cannot follow here. A recursion is cut to anything."""
    if isinstance(schema, list):
        return [inlined(item, definitions, inside) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return {} if name in inside else inlined(definitions[name], definitions, (*inside, name))
    return {key: inlined(value, definitions, inside) for key, value in schema.items()}


@pytest.fixture(scope="module", params=VERSIONS)
def schemas(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = package_schemas(request.param)
    definitions = json.loads((source / "_definitions.json").read_text())
    definitions = definitions.get("definitions") or definitions["$defs"]
    target = tmp_path_factory.mktemp(f"v{request.param}")
    for kind in KINDS:
        schema = json.loads((source / f"{kind}.json").read_text())
        (target / f"{kind}.json").write_text(json.dumps(inlined(schema, definitions)))
    return target


def conform(schemas: Path, text: str) -> subprocess.CompletedProcess[str]:
    location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    # The kinds of operators have separate schemas: tests/services/test_api_server.py.
    command = [
        program("kubeconform"),
        "-strict",
        "-summary",
        "-skip",
        "ExternalSecret,SecretStore,Certificate,HTTPRoute,ServiceMonitor,PrometheusRule",
        "-schema-location",
        location,
    ]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_objects_are_valid(schemas: Path, render: Render) -> None:
    objects = [item for name in SCENARIOS for item in render(scenario(name)).objects]
    done = conform(schemas, yaml.safe_dump_all(objects))
    assert done.returncode == 0, done.stdout


def test_an_unknown_field_is_found(schemas: Path, render: Render) -> None:
    deployment = render().one("Deployment", "app")
    deployment["spec"]["template"]["spec"]["tolerated"] = []
    done = conform(schemas, yaml.safe_dump(deployment))
    assert done.returncode == 1
    assert "tolerated" in done.stdout

"""A real API server takes every object of every scenario, with Pod Security `restricted` enforced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.built import CACHE
from tests.services.release import CHART, rendered

if TYPE_CHECKING:
    from tests.services.api_server import ApiServer

#: whose custom resources the scenarios use
OPERATORS = ("cert-manager", "external-secrets", "gateway-api", "prometheus-operator")
SCENARIOS = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))


@pytest.fixture(scope="session")
def strict(api_server: ApiServer) -> ApiServer:
    """With the definitions of the operators, and a namespace that enforces `restricted`."""
    for operator in OPERATORS:
        folders = sorted(CACHE.glob(f"share/{operator}-*/crds"))
        if not folders:
            pytest.skip(f"the definitions of {operator} are missing: `make e2e` brings them")
        done = api_server.kubectl("apply", "--server-side", "-f", str(folders[-1]))
        assert done.returncode == 0, done.stderr
    done = api_server.kubectl("wait", "--for=condition=Established", "--all", "crd", "--timeout=60s")
    assert done.returncode == 0, done.stderr
    api_server.namespace("restricted", enforce="restricted", warn="restricted")
    api_server.apply(
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000}
    )
    return api_server


def pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pod of each workload: admission judges pods, of workloads it only warns."""
    workloads = [item for item in objects if item["kind"] in ("Deployment", "Job")]
    return [
        {"apiVersion": "v1", "kind": "Pod", "spec": item["spec"]["template"]["spec"],
         "metadata": item["spec"]["template"]["metadata"] | {"name": item["metadata"]["name"]}}
        for item in workloads
    ]  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_object_and_pod_is_admitted(strict: ApiServer, name: str) -> None:
    values = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text()) or {}
    objects = rendered(values)
    everything = {"apiVersion": "v1", "kind": "List", "items": [*objects, *pods(objects)]}
    arguments = [
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "--namespace",
        "restricted",
        "-f",
        "-",
    ]
    done = strict.kubectl(*arguments, stdin=json.dumps(everything))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(everything["items"])


def test_the_namespace_does_refuse(strict: ApiServer) -> None:
    """A check of the check: what `restricted` forbids is not admitted there."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root"},
        "spec": {"containers": [{"name": "a", "image": "a"}]},
    }
    done = strict.kubectl("apply", "--dry-run=server", "-n", "restricted", "-f", "-", stdin=json.dumps(pod))
    assert done.returncode == 1
    assert 'violates PodSecurity "restricted' in done.stderr


@pytest.mark.parametrize("name", ["cert-manager", "external-secrets", "gateway", "monitoring"])
def test_an_operator_s_object_is_stored_as_it_is_rendered(strict: ApiServer, name: str) -> None:
    """A field that the API server adds would be a difference at each sync."""
    values = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text())
    own = [item for item in rendered(values) if "." in item["apiVersion"] and ".k8s.io" not in item["apiVersion"]]
    own += [item for item in rendered(values) if item["kind"] == "HTTPRoute"]
    assert own
    everything = {"apiVersion": "v1", "kind": "List", "items": own}
    arguments = ["apply", "--server-side", "--dry-run=server", "-n", "restricted", "--output", "json", "-f", "-"]
    done = strict.kubectl(*arguments, stdin=json.dumps(everything))
    assert done.returncode == 0, done.stderr
    stored = json.loads(done.stdout)
    for before, after in zip(own, stored.get("items", [stored]), strict=True):
        assert after["spec"] == before["spec"], f"{before['kind']} {before['metadata']['name']}"

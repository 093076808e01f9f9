"""The chart by plain Helm on the node: everything starts at once, and the gates have the order."""

import json
import os
import pathlib
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from tests.built import BIN
from tests.e2e.project import REFERENCE

from .conftest import VALUES, images_of
from .pods import Pods
from .real_node import RealNode

CHART = REFERENCE / "helm/api-forge"
NAMESPACE = "gates"
POSTGRES = ("postgres", "postgres", "database system is ready to accept connections")
REDIS = ("redis", "redis", "Ready to accept connections")
#: the line before the last: when the last is written, the gate may have seen it already
SCHEMA = ("temporal-schema-setup", "schema-setup", "schema visibility in database")
TEMPORAL = ("temporal", "temporal", "")
CLIENT = {"wait-for-postgres": POSTGRES, "wait-for-redis": REDIS, "wait-for-temporal": TEMPORAL}
#: component: its gates, and where each finds the sign that it may open: component, container, words
GATES = {
    "postgres-verifier": {"wait-for-postgres": POSTGRES},
    "temporal-schema-setup": {"wait-for-postgres": POSTGRES},
    "temporal": {"wait-for-schema": SCHEMA},
    "app": CLIENT,
    "worker": CLIENT,
}


@pytest.fixture(scope="module")
def installed(cluster: RealNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    """A release as the installation guide makes it: secrets by the script, then `helm install --wait`."""
    folder = tmp_path_factory.mktemp("helm")
    (folder / "values.yaml").write_text(json.dumps(VALUES))
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAMESPACE, "labels": labels}
    cluster.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    run(cluster, folder, CHART / "scripts/create-secrets.sh", "--from", folder / "nothing")
    release = ("api-forge", CHART, "--values", folder / "values.yaml")
    rendered = yaml.safe_load_all(run(cluster, folder, BIN / "helm", "template", *release))
    cluster.load_images(images_of([found for found in rendered if found]))
    run(cluster, folder, BIN / "helm", "install", *release, "--wait", "--wait-for-jobs", "--timeout", "8m")
    yield Pods(node=cluster, namespace=NAMESPACE)
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def run(cluster: RealNode, folder: pathlib.Path, program: pathlib.Path, *arguments: str | pathlib.Path) -> str:
    """What a program says whose kubeconfig is the cluster's; it succeeds."""
    home = {f"HELM_{kind}_HOME": str(folder) for kind in ("CACHE", "CONFIG", "DATA")}
    path = {"KUBECONFIG": str(cluster.kubeconfig), "PATH": f"{BIN}:{os.environ['PATH']}"}
    command = [program, *arguments, "--namespace", NAMESPACE]
    done = subprocess.run(command, env={**os.environ, **home, **path}, capture_output=True, text=True, check=False)
    pods = cluster.kubectl("get", "pods", "-n", NAMESPACE)
    assert done.returncode == 0, f"{program.name}: {done.stderr}\n{pods}"
    return done.stdout


@pytest.mark.scenario("helm: a pod that starts before what it needs waits for it, and goes on")
def test_each_gate_waited_and_let_through(installed: Pods) -> None:
    for component, gates in GATES.items():
        for gate in gates:
            said = installed.log(component, gate).splitlines()
            assert said[-1].endswith("ready"), f"{component}: {gate}: {said}"
    for component in ("app", "worker", "postgres-verifier", "temporal-schema-setup"):
        assert "waiting for PostgreSQL at postgres:5432" in installed.log(component, "wait-for-postgres")
    assert "waiting for the schema" in installed.log("temporal", "wait-for-schema")
    assert "waiting for namespace default" in installed.log("app", "wait-for-temporal")


@pytest.mark.scenario("helm: no gate opened before what it waits for was there")
def test_no_gate_opened_early(installed: Pods) -> None:
    for component, gates in GATES.items():
        for gate, (needed, container, sign) in gates.items():
            there = next(line for line in installed.log(needed, container, "--timestamps").splitlines() if sign in line)
            opened = installed.log(component, gate, "--timestamps").splitlines()[-1]
            assert there.split()[0] < opened.split()[0], f"{component}: {gate}: {opened}; {there}"


@pytest.mark.scenario("helm: every Job complete, none was tried twice")
def test_every_job_ran_once(installed: Pods) -> None:
    for component in ("postgres-verifier", "temporal-schema-setup", "temporal-namespace-init", "smoke-test"):
        job = installed.wait_job(component, "Complete")
        assert job["status"].get("failed", 0) == 0, component

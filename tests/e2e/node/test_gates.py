"""The chart by plain Helm on the node: everything starts at once, and the gates have the order. Then it is upgraded,
rolled back, uninstalled and installed again.
"""

import json
import os
import pathlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from tests.built import BIN
from tests.e2e.project import REFERENCE

from .client import Client, Load
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


@dataclass(frozen=True, kw_only=True)
class Release:
    """The release `api-forge` of this checkout's chart."""

    cluster: RealNode
    folder: pathlib.Path

    @property
    def arguments(self) -> tuple[str | pathlib.Path, ...]:
        """Its name, its chart and its values."""
        return ("api-forge", CHART, "--values", self.folder / "values.yaml")

    def helm(self, verb: str, *arguments: str | pathlib.Path) -> str:
        """What `helm` says, which waits for everything."""
        waiting = ("--wait",) if verb == "uninstall" else ("--wait", "--wait-for-jobs")
        return run(self.cluster, self.folder, BIN / "helm", verb, *arguments, *waiting, "--timeout", "8m")


@pytest.fixture(scope="module")
def release(cluster: RealNode, tmp_path_factory: pytest.TempPathFactory) -> Release:
    release = Release(cluster=cluster, folder=tmp_path_factory.mktemp("helm"))
    (release.folder / "values.yaml").write_text(json.dumps(VALUES))
    return release


@pytest.fixture(scope="module")
def installed(cluster: RealNode, release: Release) -> Iterator[Pods]:
    """A release as the installation guide makes it: secrets by the script, then `helm install --wait`."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAMESPACE, "labels": labels}
    cluster.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    folder = release.folder
    run(cluster, folder, CHART / "scripts/create-secrets.sh", "--from", folder / "nothing")
    rendered = yaml.safe_load_all(run(cluster, folder, BIN / "helm", "template", *release.arguments))
    cluster.load_images(images_of([found for found in rendered if found]))
    release.helm("install", *release.arguments)
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


@pytest.mark.scenario("helm: no request is lost in an upgrade and its rollback")
def test_no_request_is_lost_in_an_upgrade_and_its_rollback(installed: Pods, release: Release) -> None:
    first = installed.wait_ready("app")["metadata"]["uid"]
    with Load(client=Client.of(installed.node, NAMESPACE, "app"), path="/health") as load:
        release.helm("upgrade", *release.arguments, "--set-string", "app.env.ROLLED=yes")
        second = installed.wait_ready("app", other_than=first)["metadata"]["uid"]
        assert "ROLLED=yes" in installed.execute("app", "cat", "/proc/1/environ").split("\0")
        release.helm("rollback", "api-forge", "1")
        installed.wait_ready("app", other_than=second)
    assert "ROLLED=yes" not in installed.execute("app", "cat", "/proc/1/environ").split("\0")
    assert load.lost == {}
    assert load.answered > 100


@pytest.mark.scenario("helm: uninstall keeps volumes and Secrets, and the next installation takes them")
def test_volumes_and_secrets_outlive_the_release(installed: Pods, release: Release) -> None:
    installed.sql("CREATE TABLE app.kept AS SELECT 42 AS answer")
    before = kept(installed)
    assert {kind for kind, _ in before} == {"PersistentVolumeClaim", "Secret"}
    release.helm("uninstall", "api-forge")
    assert kept(installed) == before
    assert not installed.node.observer.objects("Deployment", NAMESPACE)
    release.helm("install", *release.arguments)
    assert kept(installed) == before
    assert installed.sql("SELECT answer FROM app.kept") == "42"


def kept(pods: Pods) -> dict[tuple[str, str], str]:
    """The uids of the claims and Secrets, without those in which Helm keeps its own state."""
    return {
        (kind, item["metadata"]["name"]): item["metadata"]["uid"]
        for kind in ("PersistentVolumeClaim", "Secret")
        for item in pods.node.observer.objects(kind, NAMESPACE)
        if item.get("type") != "helm.sh/release.v1"
    }

"""What one Application needs of another: the first sync ends as `plan` says, whichever of the two comes first."""

import contextlib
import datetime as dt
import json
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.plan.between_cases import CASES, CERTIFICATES, DEADLINE, SERVICES, Case

from .api import Object, RefusedError
from .argocd import ArgoCD, notify
from .cluster import Cluster
from .git_repository import GitRepository
from .project import withdraw

MARGIN = 10


class Pair:
    """Two Applications of a workspace in the cluster."""

    def __init__(self, cluster: Cluster, argocd: ArgoCD, path: pathlib.Path, case: Case) -> None:
        self._cluster, self._argocd, self._case = cluster, argocd, case
        self.repository = GitRepository(path)
        self.add("first")
        cluster.kubectl("apply", "-f", str(path / "argocd/root.yaml"))

    def add(self, *services: str) -> str:
        """Commit these services."""
        self._case.write(self.repository.path, self.repository.url, services)
        self._run("generate")
        commit = self.repository.commit(f"Add {', '.join(services)}")
        notify(self._cluster, self.repository.url)
        return commit

    def converges(self) -> bool:
        """What `plan` says of both."""
        planned = self._run("plan", "--output", "json")
        return all(need["converges"] in ("retries", "waits") for need in json.loads(planned)["needs"])

    def _run(self, *words: str) -> str:
        command = [sys.executable, "-m", "gitops_gen", "-C", str(self.repository.path), *words]
        done = subprocess.run(
            command, cwd=pathlib.Path(__file__).parents[2], capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    def wait_held(self) -> None:
        """Wait until the first one is where it needs the second one: retried, given up, or with a wave that waits."""
        self._cluster.observer.wait("held up", self._is_held, 180)

    def _is_held(self) -> bool:
        now = self._argocd.state("first-dev")
        if self._case.retries >= 0 or self._case.name == "service":
            return now.phase == "Failed" or now.retries > 1
        if self._case.name.startswith("secret"):
            return now.phase == "Running"
        return now.retries > 0

    def wait_both(self) -> None:
        """Wait until both are Synced and Healthy."""
        for name in SERVICES:
            self._argocd.wait_synced(f"{name}-dev", 300)

    def stays(self, seconds: float) -> None:
        """Watch that the first one does not get there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            now = self._argocd.state("first-dev")
            assert not (now.phase == "Succeeded" and now.settled), now
            time.sleep(1)


@pytest.fixture(autouse=True)
def _kubelet(cluster: Cluster) -> Iterator[None]:
    """Starts the pods that KWOK leaves Pending as soon as their Secrets are there, and is the operator of cert-manager:
    a Certificate is Ready once the operator's pods run.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(1):
            with contextlib.suppress(RefusedError, OSError):
                for pod in _items(cluster, "pods"):
                    _start(cluster, pod)
                _certify(cluster)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def _items(cluster: Cluster, resource: str) -> list[Object]:
    found: list[Object] = json.loads(cluster.kubectl("get", resource, "--all-namespaces", "-o", "json"))["items"]
    return found


def _start(cluster: Cluster, pod: Object) -> None:
    metadata, container = pod["metadata"], pod["spec"]["containers"][0]
    named = [item["secretRef"]["name"] for item in container.get("envFrom", ())]
    if pod["status"].get("phase") != "Pending" or not named or not container["image"].startswith("example.com/"):
        return
    for name in named:
        cluster.kubectl("get", "secret", name, "-n", metadata["namespace"])
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in ("Ready", "ContainersReady")]
    _patch_status(cluster, "pod", metadata, {"phase": "Running", "conditions": ready})


def _certify(cluster: Cluster) -> None:
    for deployment in _items(cluster, "deployments"):
        if deployment["metadata"]["name"] == "operator" and deployment["status"].get("readyReplicas"):
            for certificate in _items(cluster, f"certificates.{CERTIFICATES}"):
                ready = {"type": "Ready", "status": "True", "message": "issued"}
                _patch_status(cluster, f"certificate.{CERTIFICATES}", certificate["metadata"], {"conditions": [ready]})


def _patch_status(cluster: Cluster, kind: str, metadata: Object, status: Object) -> None:
    where = ("-n", metadata["namespace"], "--subresource=status", "--type=merge")
    cluster.kubectl("patch", kind, metadata["name"], *where, "-p", json.dumps({"status": status}))


@pytest.fixture
def pair(request: pytest.FixtureRequest, cluster: Cluster, argocd: ArgoCD, tmp_path: pathlib.Path) -> Iterator[Pair]:
    case: Case = request.param
    yield Pair(cluster, argocd, tmp_path / "repository", case)
    withdraw(cluster, case.name, *(f"{name}-dev" for name in SERVICES))
    names = {case.namespace(name) for name in SERVICES}
    cluster.kubectl("delete", "namespace", *sorted(names), "--ignore-not-found", "--wait=false")
    for manifest in (*case.first, *case.second):
        if manifest["kind"].startswith(("Custom", "ClusterRole")):
            name = manifest["metadata"]["name"]
            cluster.kubectl("delete", manifest["kind"], name, "--ignore-not-found", "--wait=false")
    for name in SERVICES:
        argocd.wait_gone(f"{name}-dev")


@pytest.mark.scenario("needs between Applications: the first sync ends as planned")
@pytest.mark.parametrize("pair", CASES, ids=lambda case: case.name, indirect=True)
def test_the_first_sync_ends_as_planned(pair: Pair) -> None:
    pair.wait_held()
    pair.add(*SERVICES)
    if pair.converges():
        pair.wait_both()
    else:
        pair.stays(DEADLINE + 2 * 60 + MARGIN)

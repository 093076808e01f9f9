"""Many Applications of a workspace from one root: how long until all are Synced, what one service's commit makes
Argo CD render, and the memory of its controller. `E2E_APPLICATIONS=500` for the number that the documentation names;
`E2E_ROOTS=services` for a root per service in place of the one root.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from .api import RefusedError
from .argocd import NAMESPACE, ArgoCD, notify
from .cluster import Cluster
from .git_repository import GitRepository
from .test_renders import rendered_namespaces

ENVIRONMENTS = 10
SERVICES = int(os.environ.get("E2E_APPLICATIONS", "60")) // ENVIRONMENTS
ROOTS = os.environ.get("E2E_ROOTS", "one")
SECONDS = 3600
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: release}
data: {version: {{ .Values.version | quote }}}
"""
TOP = """\
apiVersion: gitops-gen/v1
kind: Workspace
name: fleet
projects: [services/*]
repository: REPOSITORY
revision: main
chart: {path: chart}
argocd: {syncTimeout: 30m}
clusters: {main: {server: https://kubernetes.default.svc}}
stages: [{name: dev}]
"""
ENVIRONMENT = "apiVersion: gitops-gen/v1\nkind: Environment\nstage: dev\n"
RELEASE = "apiVersion: gitops-gen/v1\nkind: Release\nvalues: {{version: {}}}\n"


def service(index: int) -> str:
    return f"s{index:03}"


def environment(index: int) -> str:
    return f"e{index:02}"


NAMES = [f"{service(one)}-{environment(other)}" for one in range(SERVICES) for other in range(ENVIRONMENTS)]


class Fleet:
    """The repository, deployed."""

    def __init__(self, cluster: Cluster, argocd: ArgoCD, path: pathlib.Path) -> None:
        self._cluster, self._argocd = cluster, argocd
        self.repository = GitRepository(path)
        self._write()
        self._generate("Start")
        self.began = time.monotonic()
        cluster.kubectl("apply", "-f", "-", stdin="\n---\n".join(self._roots()))

    def _write(self) -> None:
        self.repository.write("gitops.yaml", TOP.replace("REPOSITORY", self.repository.url))
        self.repository.write("chart/Chart.yaml", "apiVersion: v2\nname: service\nversion: 1.0.0\n")
        self.repository.write("chart/values.yaml", "version: 0\n")
        self.repository.write("chart/templates/config.yaml", CONFIG)
        for index in range(ENVIRONMENTS):
            self.repository.write(f"environments/{environment(index)}/environment.yaml", ENVIRONMENT)
        for index in range(SERVICES):
            folder = f"services/{service(index)}"
            text = f"apiVersion: gitops-gen/v1\nkind: Project\nname: {service(index)}\n"
            self.repository.write(f"{folder}/gitops.yaml", text)
            self.release(index, 1)

    def release(self, index: int, version: int) -> None:
        """A release of one service in all its environments."""
        for other in range(ENVIRONMENTS):
            path = f"services/{service(index)}/environments/{environment(other)}/release.yaml"
            self.repository.write(path, RELEASE.format(version))

    def commit(self, subject: str) -> str:
        """Generate, commit, and tell Argo CD."""
        commit = self._generate(subject)
        notify(self._cluster, self.repository.url)
        return commit

    def _generate(self, subject: str) -> str:
        command = [sys.executable, "-m", "gitops_gen", "-q", "-C", str(self.repository.path), "generate"]
        subprocess.run(command, cwd=pathlib.Path(__file__).parents[2], check=True, capture_output=True)
        return self.repository.commit(subject)

    def _roots(self) -> list[str]:
        text = (self.repository.path / "argocd/root.yaml").read_text()
        if ROOTS == "one":
            return [text]
        project, application = text.split("\n---\n")
        found = [project]
        for index in range(SERVICES):
            name = service(index)
            path = f"    path: argocd\n    directory:\n      recurse: true\n      include: '*/services/{name}/*'\n"
            whole = "    path: argocd\n    directory:\n      recurse: true\n      exclude: root.yaml\n"
            own = application.replace("\n  name: fleet\n", f"\n  name: fleet-{name}\n", 1)
            assert whole in own
            found.append(own.replace(whole, path))
        return found

    def wait_all(self, seconds: float = SECONDS) -> None:
        """Wait until every Application is Synced and Healthy."""

        def are_settled() -> bool:
            return all(self._argocd.state(name).settled for name in NAMES)

        self._cluster.observer.wait("all Synced and Healthy", are_settled, seconds)

    def version(self, name: str) -> str:
        """What is deployed."""
        found = self._cluster.api.get(f"/api/v1/namespaces/{name}/configmaps/release")
        return str(found["data"]["version"])


def controller_megabytes() -> float:
    """Memory of Argo CD's application controller: the most it had."""
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            environment_of = (status.parent / "environ").read_bytes()
            command = (status.parent / "cmdline").read_bytes()
            text = status.read_text()
        except OSError:
            continue
        if b"ARGOCD_BINARY_NAME=argocd-application-controller" in environment_of and b"--app-resync" in command:
            return int(text.partition("VmHWM:")[2].split()[0]) / 1024
    raise AssertionError("the application controller does not run")


@pytest.fixture(scope="module")
def fleet(cluster: Cluster, argocd: ArgoCD, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    made = Fleet(cluster, argocd, tmp_path_factory.mktemp("fleet") / "repository")
    yield made
    roots = [name for name in argocd.names() if name.startswith("fleet")]
    nothing = json.dumps({"metadata": {"finalizers": None}})
    for name in (*roots, *NAMES):
        for kind in ("application", "appproject"):
            try:
                cluster.kubectl("patch", kind, name, "-n", NAMESPACE, "--type=merge", "-p", nothing)
            except RefusedError:
                continue  # a root has no AppProject of its name
        cluster.kubectl("delete", "application", name, "-n", NAMESPACE, "--ignore-not-found", "--wait=false")
    cluster.kubectl("delete", "namespace", *NAMES, "--ignore-not-found", "--wait=false")


@pytest.mark.scenario("a fleet: all Synced from one root, a service's commit renders it alone")
def test_a_services_commit_renders_its_applications_only(fleet: Fleet, cluster: Cluster, argocd: ArgoCD) -> None:
    fleet.wait_all()
    first = time.monotonic() - fleet.began
    log = cluster.log / "repo-server"
    seen = log.stat().st_size
    fleet.release(0, 2)
    began = time.monotonic()
    commit = fleet.commit("Release one service")
    mine = NAMES[:ENVIRONMENTS]
    for name in mine:
        argocd.wait_settled(name, commit, SECONDS)
    one = time.monotonic() - began
    argocd.compare_again(fleet.repository.url, *NAMES)
    assert {fleet.version(name) for name in mine} == {"2"}
    assert set(rendered_namespaces(log, seen)) == set(mine)
    sys.stderr.write(
        f"\n{len(NAMES)} Applications, roots: {ROOTS}: all Synced after {first:.0f} s; one service's commit after "
        f"{one:.0f} s; the application controller had at most {controller_megabytes():.0f} MB\n"
    )

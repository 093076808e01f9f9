"""A workspace: one root starts everything, a service's change renders its Applications only, releases move together."""

import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from .argocd import ArgoCD, notify
from .cluster import Cluster
from .git_repository import GitRepository
from .project import withdraw
from .test_renders import rendered_namespaces

STAGES = ("dev", "staging", "production")
NAMES = [f"{service}-{stage}" for service in ("api", "web") for stage in STAGES]


class Workspace:
    """The repository that `init --workspace` makes, deployed."""

    def __init__(self, cluster: Cluster, argocd: ArgoCD, path: pathlib.Path) -> None:
        self._cluster, self._argocd = cluster, argocd
        self.repository = GitRepository(path)
        self.run("init", ".", "--workspace", "--name", "shop")
        text = (path / "gitops.yaml").read_text().replace("protect: true", "protect: false")
        url = "repository: https://git.example.com/team/gitops.git"
        assert url in text
        self.repository.write("gitops.yaml", text.replace(url, f"repository: {self.repository.url}"))
        self.run("generate", "--overwrite")
        self.repository.commit("Start")

    def run(self, *words: str) -> None:
        """Run gitops-gen in the working tree."""
        command = [sys.executable, "-m", "gitops_gen", "-C", str(self.repository.path), *words]
        subprocess.run(command, cwd=pathlib.Path(__file__).parents[2], check=True, capture_output=True)

    def push(self, *names: str) -> set[str]:
        """Tell Argo CD of the newest commit; the namespaces whose Applications were rendered until these settled."""
        log = self._cluster.log / "repo-server"
        seen = log.stat().st_size
        notify(self._cluster, self.repository.url)
        self._argocd.compare_again(self.repository.url, "shop", *names)
        for name in ("shop", *names):
            self._argocd.wait_settled(name, self.repository.head, 300)
        return set(rendered_namespaces(log, seen))

    def image(self, service: str, stage: str) -> str:
        """The image that a service runs."""
        path = f"/apis/apps/v1/namespaces/{service}-{stage}/deployments/{service}"
        return str(self._cluster.api.get(path)["spec"]["template"]["spec"]["containers"][0]["image"])


@pytest.fixture(scope="module")
def workspace(cluster: Cluster, argocd: ArgoCD, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = Workspace(cluster, argocd, tmp_path_factory.mktemp("workspace") / "repository")
    cluster.kubectl("apply", "-f", str(made.repository.path / "argocd/root.yaml"))
    for name in ("shop", *NAMES):
        argocd.wait_settled(name, made.repository.head, 300)
    yield made
    withdraw(cluster, "shop", *NAMES, "billing-dev")


@pytest.mark.scenario("10 a workspace: one root, a service's change")
def test_one_services_change_renders_it_alone(workspace: Workspace) -> None:
    workspace.run("set", "web/dev", "image.tag=1.29.1")
    workspace.repository.commit("Change one service")
    assert workspace.push(*NAMES) == {"web-dev"}
    assert workspace.image("web", "dev").endswith(":1.29.1")
    assert workspace.image("api", "dev").endswith(":1.29.0")


@pytest.mark.scenario("10 a workspace: a service more, nothing applied again")
def test_a_service_is_added_by_a_commit(workspace: Workspace) -> None:
    workspace.run("project", "add", "billing", "--environment", "dev", "--release-of", "web/dev")
    workspace.repository.commit("Add a service")
    workspace.push("billing-dev", *NAMES)
    assert workspace.image("billing", "dev").endswith(":1.29.1")


@pytest.mark.scenario("10 a workspace: a release set, and its revert")
def test_a_release_set_is_promoted_and_reverted(workspace: Workspace) -> None:
    for service in ("api", "web"):
        workspace.run("set", f"{service}/dev", "image.tag=1.30.0")
    workspace.repository.commit("Release")
    workspace.run("promote", "dev", "staging")
    promoted = workspace.repository.commit("Promote")
    workspace.push(*NAMES)
    assert {workspace.image(service, "staging")[-7:] for service in ("api", "web")} == {":1.30.0"}
    workspace.repository.revert(promoted)
    assert workspace.push(*NAMES) == {"api-staging", "web-staging"}
    assert {workspace.image(service, "staging")[-7:] for service in ("api", "web")} == {":1.29.0"}

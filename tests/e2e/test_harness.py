"""The harness itself, on a chart of a few lines: what the scenarios rely on is true here first."""

import pathlib
import shutil
from collections.abc import Iterator

import pytest

from .api import Object
from .argocd import ArgoCD, history, notify
from .cluster import Cluster
from .git_repository import GitRepository
from .secret_store import FakeStore
from .sequence import lives

CHART = pathlib.Path(__file__).resolve().parent / "charts/waves"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    repository = GitRepository(tmp_path_factory.mktemp("harness") / "repository")
    shutil.copytree(CHART, repository.path / "chart")
    repository.commit("Add the chart")
    return repository


@pytest.fixture(scope="module")
def deployed(cluster: Cluster, argocd: ArgoCD, repository: GitRepository) -> Iterator[str]:
    store = FakeStore(cluster.kubectl, "waves")
    wanted = {"key": "waves", "property": "server.crt"}
    store.provide([{"kind": "ExternalSecret", "spec": {"data": [{"remoteRef": wanted}]}}])
    cluster.kubectl.apply(application("waves", repository.url))
    argocd.wait_settled("waves", repository.head)
    yield "waves"
    argocd.remove("waves")
    argocd.wait_gone("waves")


def application(name: str, url: str) -> Object:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        },
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "targetRevision": "main", "path": "chart"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "2s", "maxDuration": "8s"}},
                "syncOptions": ["CreateNamespace=true", "PruneLast=true"],
            },
        },
    }


@pytest.mark.scenario("harness: waves are observed in etcd's order")
def test_a_wave_begins_after_the_one_before_is_ready(cluster: Cluster, deployed: str) -> None:
    seen = lives(cluster.observer.since(), deployed)
    assert [life.wave for life in seen] == [-15, -10, -10, 0, 0, 5, 20, 40, 40, 40]
    for life in seen[:-3]:
        later = [other.created for other in seen if other.wave > life.wave]
        assert life.ready is not None
        assert life.ready < min(later), f"{life.key} was ready after the next wave began"


@pytest.mark.scenario("harness: what Argo CD renders")
def test_the_repo_server_renders_what_is_in_the_cluster(
    argocd: ArgoCD, cluster: Cluster, deployed: str, repository: GitRepository
) -> None:
    manifests = argocd.render(application(deployed, repository.url))
    rendered = {(found["kind"], found["metadata"]["name"]) for found in manifests}
    assert rendered == {(life.key.kind, life.key.name) for life in lives(cluster.observer.since(), deployed)}


@pytest.mark.scenario("harness: a failing Job stops the sync, its revert is synced")
def test_a_failing_job_stops_the_waves_behind_it(
    cluster: Cluster, argocd: ArgoCD, deployed: str, repository: GitRepository
) -> None:
    mark = cluster.observer.mark()
    repository.write("chart/values.yaml", "schema: {tag: e2e-fail}\napp: {tag: '2'}\n")
    broken = repository.commit("Break the schema Job")
    notify(cluster, repository.url)
    argocd.wait_phase(deployed, "Failed", broken)
    app = cluster.observer.get("Deployment", "waves", "app")
    assert app
    assert app["spec"]["template"]["spec"]["containers"][0]["image"] == "app:1"
    reverted = repository.revert(broken)
    notify(cluster, repository.url)
    argocd.wait_settled(deployed, reverted)
    assert any(state.phase == "Failed" or state.retries for state in history(cluster.observer.since(mark), deployed))

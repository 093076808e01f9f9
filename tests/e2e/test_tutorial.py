"""The tutorial, typed as the page shows it, kubectl's commands too: a reader ends where the page says."""

import os
import pathlib
from collections.abc import Iterator

import pytest

from tests.built import BIN
from tests.conftest import git
from tests.tutorial import URL, follow

from .argocd import ArgoCD
from .cluster import Cluster
from .project import withdraw

NAMES = [f"{service}-{stage}" for service in ("api", "web") for stage in ("dev", "staging", "production")]
#: a tag of which the simulated node knows that it cannot be pulled, instead of one that no registry has
HANGS = "e2e-hang"


@pytest.fixture
def remote(cluster: Cluster, tmp_path: pathlib.Path) -> Iterator[str]:
    """The URL of an empty repository; what is deployed from it is removed."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "shop.git")
    yield (tmp_path / "shop.git").as_uri()
    withdraw(cluster, "shop", *NAMES)


@pytest.mark.scenario("11 the tutorial ends where it says")
def test_the_tutorial_ends_where_it_says(cluster: Cluster, argocd: ArgoCD, remote: str, tmp_path: pathlib.Path) -> None:
    environment = {"KUBECONFIG": str(cluster.kubeconfig), "PATH": os.pathsep.join((str(BIN), os.environ["PATH"]))}
    clone = follow(tmp_path, {URL: remote, "1.29.99": HANGS}, on_cluster=True, environment=environment)
    argocd.compare_again(remote, *NAMES)
    for name in NAMES:
        argocd.wait_settled(name, git(clone, "rev-parse", "HEAD").strip())
    path = "/apis/apps/v1/namespaces/web-staging/deployments/web"
    assert cluster.api.get(path)["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.29.1")

"""One cluster with a real node, and the reference repository's `dev` on it as Argo CD has synced it."""

import pathlib
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.api import Object
from tests.e2e.argocd import ArgoCD
from tests.e2e.conftest import STATE, SYNC_TIMEOUT
from tests.e2e.project import Project

from .memory import Memory
from .pods import Pods
from .real_node import RealNode, isolated

SMALL: Object = {"resources": {"requests": {"cpu": "10m", "memory": "64Mi"}}}
LIVENESS: Object = {"livenessProbe": {"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 2}}
READINESS: Object = {"readinessProbe": {"periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 1}}


def starting(seconds: int) -> Object:
    """As much time for a start as the chart gives, and a look every second whether it is over."""
    return {"startupProbe": {"periodSeconds": 1, "failureThreshold": seconds}}


#: a test machine is small and in a hurry
VALUES: Object = {
    "postgresql": SMALL | starting(240) | {"verifier": SMALL | {"backoffLimit": 0}},
    "redis": SMALL | starting(180),
    "temporal": SMALL | starting(180) | {"web": SMALL | starting(120)},
    "app": SMALL | LIVENESS | READINESS | starting(120),
    "worker": SMALL | LIVENESS | starting(120),
}
#: awkward on purpose: each of these has gone wrong in somebody's shell script
PASSWORDS = {
    "postgres_password": "su'per\\user",
    "postgres_app_user_pw": 'app $user "1"',
    "postgres_app_ro_pw": "read;only--",
    "postgres_temporal_pw": 'temp"oral`id`\\',
    "redis_password": 're"dis\\pass word',
}


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[RealNode]:
    """The control plane with its node."""
    if not isolated():
        pytest.exit("these tests need their own namespaces: `make e2e-node`, or `python -m tests.e2e.node`", 2)
    with RealNode(pytestconfig.stash[STATE], sync_timeout=SYNC_TIMEOUT) as node:
        yield node


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the store holds that the tests need to know, by key: passwords and PostgreSQL's certificate."""
    return PASSWORDS | certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def deployed(cluster: RealNode, known: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """The reference repository with `dev` alone and its commit: Argo CD has begun to sync it."""
    project = Project(cluster, tmp_path_factory.mktemp("project") / "repository", "node", VALUES)
    project.only("dev")
    commit = project.commit("Start")
    cluster.load_images(images_of(project.render("dev")))
    project.deploy(known)
    return project, commit


@pytest.fixture(scope="session")
def project(argocd: ArgoCD, deployed: tuple[Project, str]) -> Project:
    """The reference repository, its `dev` healthy."""
    project, commit = deployed
    argocd.wait_settled(project.application("dev"), commit, 480)
    return project


@pytest.fixture(scope="session")
def memory(cluster: RealNode, project: Project) -> Iterator[Memory]:
    """What the containers of `dev` take from now on."""
    with Memory(pods=Pods(node=cluster, namespace=project.application("dev"))) as memory:
        yield memory


@pytest.fixture(scope="session")
def dev(memory: Memory) -> Pods:
    """The pods of `dev`."""
    return memory.pods


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What has to see all tests comes last."""
    items.sort(key=lambda item: item.path.stem == "test_memory")


def images_of(manifests: list[Object]) -> set[str]:
    """The image of every container."""
    templates = [found["spec"]["template"]["spec"] for found in manifests if "template" in found.get("spec", {})]
    containers = [item for spec in templates for item in [*spec.get("initContainers", []), *spec.get("containers", [])]]
    return {container["image"] for container in containers}


def certificate(folder: pathlib.Path) -> dict[str, str]:
    """PostgreSQL's, which is its own authority, under the keys of the Secrets."""
    names = ("-subj", "/CN=postgres", "-addext", "subjectAltName=DNS:postgres")
    files = ("-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt"))
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(request, check=True, capture_output=True)
    public = (folder / "server.crt").read_text()
    authorities = dict.fromkeys(("ca-bundle.crt", "root-ca.crt", "intermediate-ca.crt"), public)
    return {"server.crt": public, "server.key": (folder / "server.key").read_text(), **authorities}

"""The migration from the Kustomize deployment to Argo CD: the printed script is run as it is, there and back."""

import json
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.built import BIN
from tests.migration.original import OBJECTS
from tests.migration.terminal import Terminal

from .api import Object
from .argocd import ArgoCD
from .cluster import Cluster
from .observer import of_kind, tracked_by
from .project import REFERENCE, Project
from .secret_store import NOTHING, made_up

NAME = "moved-production"
CLAIMS = {"postgres-data", "postgres-backups", "redis-data"}
ORIGINAL = {"postgres": "app_data_postgres_image:latest", "redis": "app_data_redis_image:latest"}
POLICIES = {"postgres-ingress", "redis-ingress", "temporal-ingress", "app-ingress"}


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project]) -> Project:
    project = new_project("moved")
    project.only("production")
    project.commit("Start")
    return project


@pytest.fixture(scope="module")
def terminal(cluster: Cluster, project: Project, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    scratch = tmp_path_factory.mktemp("stand-ins")
    return Terminal(project=project.repository.path, scratch=scratch, kubeconfig=cluster.kubeconfig, programs=BIN)


@pytest.fixture(scope="module")
def before(cluster: Cluster, project: Project) -> dict[str, str]:
    """The original, running, with Secrets that nobody owns and an object of others; the uids of all of it."""
    cluster.kubectl("create", "namespace", NAME)
    cluster.kubectl("-n", NAME, "apply", "-f", str(OBJECTS))
    cluster.kubectl.apply(
        *secrets(project), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named("of-others"), "data": {"a": "b"}}
    )
    cluster.observer.wait("the original runs", lambda: original_runs(cluster), 120)
    return uids(cluster)


def named(name: str) -> Object:
    return {"name": name, "namespace": NAME}


def secrets(project: Project, known: Mapping[str, str] = NOTHING) -> Iterator[Object]:
    """What the original read, with the values that the store has too."""
    for item in project.render("production"):
        if item["kind"] == "ExternalSecret":
            keys = {found["secretKey"]: found["remoteRef"]["property"] for found in item["spec"]["data"]}
            held = {key: known.get(name, made_up(name)) for key, name in keys.items()}
            yield {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": named(item["metadata"]["name"]),
                "stringData": held,
            }


def original_runs(cluster: Cluster) -> bool:
    deployments = {item["metadata"]["name"]: item for item in cluster.observer.objects("Deployment", NAME)}
    ready = [item.get("status", {}).get("readyReplicas") == 1 for item in deployments.values()]
    return len(ready) == 6 and all(ready) and ORIGINAL.items() <= images(cluster).items()


def images(cluster: Cluster) -> dict[str, str]:
    return {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]["image"]
        for item in cluster.observer.objects("Deployment", NAME)
    }


def uids(cluster: Cluster) -> dict[str, str]:
    """Of what is to be adopted: by kind and name."""
    return {
        f"{kind}/{item['metadata']['name']}": item["metadata"]["uid"]
        for kind in ("PersistentVolumeClaim", "Service", "Deployment", "ConfigMap")
        for item in cluster.observer.objects(kind, NAME)
    }


def values(cluster: Cluster) -> dict[str, Object]:
    """The values of the Secrets."""
    found = json.loads(cluster.kubectl("-n", NAME, "get", "secrets", "-o", "json"))["items"]
    return {item["metadata"]["name"]: item["data"] for item in found}


def guide(heading: str) -> list[str]:
    """The commands under a heading of the guide, for this namespace."""
    text = (REFERENCE / "docs/chart/migrate.md").read_text()
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    return [line.replace("api-forge-prod ", f"{NAME} ") for line in lines]


@pytest.fixture(scope="module")
def migrated(
    cluster: Cluster, project: Project, argocd: ArgoCD, terminal: Terminal, before: dict[str, str]
) -> dict[str, Object]:
    """The migration done; what the Secrets held before."""
    assert {key.rpartition("/")[2] for key in before} > CLAIMS
    held = values(cluster)
    project.provide_secrets("production")
    terminal.follow([*guide("Plan"), *guide("By Argo CD")])
    (terminal.scratch / "no-dump").touch()
    assert terminal.script("sh migrate.sh").returncode == 1
    (terminal.scratch / "no-dump").unlink()
    early = terminal.script("sh migrate.sh back")  # nothing was handed over yet
    assert early.returncode == 0, early.stdout + early.stderr
    cluster.observer.wait("the original runs again", lambda: original_runs(cluster), 120)
    done = terminal.script("sh migrate.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    argocd.wait_settled(NAME, project.repository.head)
    return held


@pytest.mark.scenario("13 the original is adopted: nothing is lost, nothing of others pruned")
def test_everything_is_adopted(
    cluster: Cluster, project: Project, before: dict[str, str], migrated: dict[str, Object]
) -> None:
    after = uids(cluster)
    assert {key: uid for key, uid in before.items() if after.get(key) != uid} == {}, "made again, or gone"
    assert values(cluster) == migrated
    assert not POLICIES & {item["metadata"]["name"] for item in cluster.observer.objects("NetworkPolicy", NAME)}
    claims = {item["metadata"]["name"]: item for item in cluster.observer.objects("PersistentVolumeClaim", NAME)}
    assert {name for name, item in claims.items() if tracked_by(item) == NAME} == CLAIMS
    assert all(item["status"]["phase"] == "Bound" for item in claims.values())
    jobs = [event.object["metadata"]["name"] for event in of_kind(cluster.observer.since(), "Job", NAME)]
    wanted = {item["metadata"]["name"] for item in project.render("production") if item["kind"] == "Job"}
    assert wanted <= set(jobs)


@pytest.mark.scenario("13 nothing of the original stays in what was adopted")
@pytest.mark.usefixtures("migrated")
def test_nothing_of_the_original_stays_in_what_was_adopted(cluster: Cluster, project: Project) -> None:
    for made in project.render("production"):
        live = cluster.observer.get(made["kind"], NAME, made["metadata"]["name"])
        assert live
        if made["kind"] == "Deployment":
            assert outline(live) == outline(made)
            assert live["spec"]["replicas"] >= 1
        if made["kind"] == "ConfigMap":
            assert live["data"] == made["data"]


def outline(deployment: Object) -> Object:
    """What the server sets no defaults in: containers with their commands, variables, mounts; volumes."""
    pod = deployment["spec"]["template"]["spec"]
    return {
        "volumes": [volume["name"] for volume in pod["volumes"]],
        **{
            container["name"]: {
                "command": [container.get("command"), container.get("args")],
                "env": [entry["name"] for entry in container.get("env", [])],
                "mounts": [mount["mountPath"] for mount in container.get("volumeMounts", [])],
                "security": container["securityContext"],
                "probe": sorted(set(container.get("livenessProbe", {})) & {"exec", "grpc", "httpGet"}),
            }
            for container in [*pod.get("initContainers", []), *pod["containers"]]
        },
    }


@pytest.mark.scenario("13 there is a way back, with the data")
def test_there_is_a_way_back(
    cluster: Cluster, terminal: Terminal, before: dict[str, str], migrated: dict[str, Object]
) -> None:
    done = terminal.script("sh migrate.sh back")
    assert done.returncode == 0, done.stdout + done.stderr
    cluster.observer.wait("the original runs again", lambda: original_runs(cluster), 120)
    now = uids(cluster)
    claims = {key for key in before if key.startswith("PersistentVolumeClaim/")}
    assert {key: now[key] for key in claims} == {key: before[key] for key in claims}
    assert values(cluster) == migrated
    assert {item["metadata"]["name"] for item in cluster.observer.objects("NetworkPolicy", NAME)} == POLICIES
    assert cluster.observer.get("Application", "argocd", NAME) is None
    assert cluster.observer.objects("ExternalSecret", NAME) == []
    assert now["ConfigMap/of-others"] == before["ConfigMap/of-others"]

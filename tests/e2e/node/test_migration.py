"""The original with data in it becomes the chart's release by the printed script, on real pods, and goes back."""

from collections.abc import Iterator

import pytest

from tests.built import BIN
from tests.e2e.api import Object
from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project
from tests.e2e.test_migration import NAME, guide, secrets
from tests.migration.original import original
from tests.migration.terminal import Terminal

from .client import Client
from .conftest import VALUES, images_of
from .pods import LONGEST, Pods
from .real_node import RealNode
from .test_redis import ask
from .test_workflow import eventually

#: the machine mostly waits here: `dev`, which all other tests need, comes up during these tests
pytestmark = pytest.mark.usefixtures("deployed")
#: they have no data: what they do in the original is nothing here
CLIENTS = ("temporal", "temporal-web", "app", "worker")
ITEMS = "SELECT string_agg(item, ' ' ORDER BY id) FROM app.items"


def objects() -> Iterator[Object]:
    """The original's objects, small enough for this machine."""
    for item in original():
        item["metadata"]["namespace"] = NAME
        if item["kind"] == "Deployment":
            pod = item["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            container["resources"] = {}
            if item["metadata"]["name"] in CLIENTS:
                pod["terminationGracePeriodSeconds"] = 1
                container |= {"command": ["sleep", "1000000"], "args": []}
                container.pop("livenessProbe", None)
        yield item


@pytest.fixture(scope="module")
def moved(cluster: RealNode, known: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose only environment is to take over what runs."""
    project = Project(cluster, tmp_path_factory.mktemp("moved") / "repository", "moved", VALUES)
    project.remove("production")
    project.add("production")
    project.only("production")
    project.commit("Start")
    cluster.load_images(images_of([*objects(), *project.render("production")]))
    project.provide_secrets("production", known=known)
    yield project
    project.withdraw()


@pytest.fixture(scope="module")
def before(cluster: RealNode, moved: Project, known: dict[str, str]) -> Pods:
    """The original, running, with a row in PostgreSQL and a key in Redis."""
    cluster.kubectl("create", "namespace", NAME)
    cluster.kubectl.apply(*secrets(moved, known), *objects())
    pods = Pods(node=cluster, namespace=NAME)
    wait_for(pods, *CLIENTS, "postgres", "redis")
    assert ask(pods, "set", "session", "42") == "OK"
    return pods


def wait_for(pods: Pods, *components: str) -> None:
    """Wait until PostgreSQL answers and each component is ready."""
    for component in components:
        pods.wait_ready(component)
    pods.node.kubectl("exec", "-n", pods.namespace, "deployment/postgres", "--", "timeout", "60", "sh", "-c", ANSWERS)


ANSWERS = "until pg_isready --quiet --host 127.0.0.1; do sleep 1; done"


@pytest.fixture(scope="module")
def terminal(cluster: RealNode, moved: Project, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    scratch = tmp_path_factory.mktemp("terminal")
    path = moved.repository.path
    return Terminal(project=path, scratch=scratch, kubeconfig=cluster.kubeconfig, programs=BIN, kubelet=True)


@pytest.mark.scenario("migration: the original's rows and keys are the chart's, whose pods all run")
def test_the_data_are_taken_over(argocd: ArgoCD, moved: Project, before: Pods, terminal: Terminal) -> None:
    terminal.follow([*guide("Plan"), *guide("By Argo CD")])
    done = terminal.script("sh migrate.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    argocd.wait_settled(NAME, moved.repository.head)
    assert before.sql(ITEMS) == "kept"
    assert ask(before, "get", "session") == "42"
    assert before.wait_job("postgres-verifier", "Complete")
    app = Client.of(before.node, NAME, "app")
    before.wait_ready("app")
    assert app.ask("POST", "/orders/moved?0") == (202, {"started": "moved"})
    eventually(lambda: app.ask("GET", "/orders/moved"), 200, {"state": "waiting"})
    assert app.ask("POST", "/orders/moved/approval") == (202, {"approved": "moved"})
    assert app.ask("GET", "/orders/moved/result", LONGEST) == (200, {"result": 2})
    before.sql("INSERT INTO app.items (item) VALUES ('added')")


@pytest.mark.scenario("migration: the way back keeps what was written since")
def test_the_way_back_keeps_the_data(before: Pods, terminal: Terminal) -> None:
    assert before.sql(ITEMS) == "kept added", "run the migration first"
    done = terminal.script("sh migrate.sh back")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(before, *CLIENTS, "postgres", "redis")
    image = before.get("postgres")["spec"]["containers"][0]["image"]
    assert image == "app_data_postgres_image:latest"
    assert before.sql(ITEMS) == "kept added"

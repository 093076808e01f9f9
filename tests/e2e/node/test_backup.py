"""The guide to backup and restore, as it is written: after the volume was lost, and into another namespace."""

import functools
from dataclasses import replace

import pytest

from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project

from .client import Client
from .pods import LONGEST, Pods, is_ready
from .reader import Reader
from .test_postgres import delete_verifier
from .test_workflow import eventually

#: the folder of the guide's example
EXAMPLE = "20260101T000000Z"
#: one after the other: a worker without Temporal takes minutes to drain
STOPPED = (("app", "worker"), ("temporal",))
VOLUME = "/var/lib/postgresql/backups"


@pytest.fixture(scope="module")
def reader(dev: Pods, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Who has backed `dev` up while an order waits for its approval, and has copied the backup."""
    app = Client.of(dev.node, dev.namespace, "app")
    dev.wait_ready("app")
    dev.sql("CREATE TABLE app.backed_up AS SELECT 42 AS answer; ALTER TABLE app.backed_up OWNER TO appowner")
    assert app.ask("POST", "/orders/restored?0") == (202, {"started": "restored"})
    eventually(lambda: app.ask("GET", "/orders/restored"), 200, {"state": "waiting"})
    reader = Reader(guide="backup", pods=dev, folder=tmp_path_factory.mktemp("reader"))
    back_up, copy_out = reader.blocks("Back up")
    log = reader.type_in(back_up)
    reader.places[EXAMPLE] = next(line for line in log.splitlines() if line.startswith(VOLUME)).rpartition("/")[2]
    reader.type_in(copy_out)
    return reader


@pytest.mark.scenario("backup: the CronJob's Job writes a folder that the server's pod has, with every database")
def test_the_job_writes_a_folder(dev: Pods, reader: Reader) -> None:
    files = dev.execute("postgres", "ls", f"{VOLUME}/{reader.places[EXAMPLE]}").split()
    assert files == ["appdb.dump", "globals.sql", "temporal.dump", "temporal_visibility.dump"]
    assert (reader.folder / "backup.tar").stat().st_size > 10_000
    assert not [pod for pod in dev.all("postgres-backup") if is_ready(pod)]


@pytest.mark.scenario("backup: restored by the guide into an empty namespace, with a workflow that was under way")
def test_a_backup_fills_an_empty_namespace(
    argocd: ArgoCD, project: Project, reader: Reader, known: dict[str, str]
) -> None:
    project.add("restored")
    empty = project.commit("Add a namespace")
    project.provide_secrets("restored", known=known)
    name = project.application("restored")
    argocd.wait_settled(name, empty, 480)
    there = replace(reader, pods=replace(reader.pods, namespace=name))
    stopping = stop_clients(argocd, project, "restored", there.pods)
    *_, copy_in, restore, restart = there.blocks("Restore")
    for commands in (copy_in, restore, restart):
        there.type_in(commands)
    argocd.wait_settled(name, project.revert(*stopping), 480)
    assert_restored(there.pods)
    project.revert(empty)


@pytest.mark.scenario("backup: restored by the guide after the volume was lost")
def test_a_backup_brings_back_a_lost_volume(argocd: ArgoCD, project: Project, dev: Pods, reader: Reader) -> None:
    stopping = stop_clients(argocd, project, "dev", dev)
    lose, wait, copy_in, restore, restart = reader.blocks("Restore")
    reader.type_in(lose)
    reader.type_in(wait)
    assert dev.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'app'") == "0"
    dev.execute("postgres", "rm", "-r", f"{VOLUME}/{reader.places[EXAMPLE]}")
    for commands in (copy_in, restore, restart):
        reader.type_in(commands)
    verifier = dev.job("postgres-verifier")["metadata"]["uid"]
    delete_verifier(dev)
    dev.wait_job("postgres-verifier", "Complete", other_than=verifier)
    argocd.wait_settled(project.application("dev"), project.revert(*stopping), 480)
    assert_restored(dev)


def assert_restored(pods: Pods) -> None:
    """The rows are there, and the order goes on from where it was."""
    assert pods.sql("SELECT answer FROM app.backed_up") == "42"
    pods.wait_ready("app")
    app = Client.of(pods.node, pods.namespace, "app")
    eventually(lambda: app.ask("GET", "/orders/restored"), 200, {"state": "waiting"})
    assert app.ask("POST", "/orders/restored/approval") == (202, {"approved": "restored"})
    status, answer = app.ask("GET", "/orders/restored/result", LONGEST)
    assert status == 200, answer
    events = pods.sql("SELECT event FROM app.orders WHERE name = 'restored' ORDER BY at")
    assert events.splitlines() == ["recorded", "approved"]


def stop_clients(argocd: ArgoCD, project: Project, environment: str, pods: Pods) -> list[str]:
    """The first step of the restore; the commits that do it, newest first."""
    commits: list[str] = []
    for components in STOPPED:
        project.set_values(environment, {component: {"replicas": 0} for component in components})
        commits.insert(0, project.commit(f"Stop {' and '.join(components)}"))
        argocd.wait_settled(project.application(environment), commits[0])
        pods.node.observer.wait(
            f"no pod of {' or '.join(components)}",
            functools.partial(lambda names: not any(pods.all(name) for name in names), components),
            LONGEST,
        )
    return commits

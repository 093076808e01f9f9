"""A change of configuration reaches the pods and Jobs that read it, and no others."""

from collections.abc import Callable

import pytest

from .argocd import ArgoCD
from .cluster import Cluster
from .observer import Event
from .project import SMALL, Project
from .sequence import lives

NAMESPACE = "change-dev"
OTHER = "change-small"


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project], argocd: ArgoCD) -> Project:
    project = new_project("change")
    project.add("small", values=SMALL)
    project.only("dev", "small")
    commit = project.commit("Start")
    project.deploy()
    for namespace in (NAMESPACE, OTHER):
        argocd.wait_settled(namespace, commit)
    return project


@pytest.fixture
def change(cluster: Cluster, project: Project, argocd: ArgoCD) -> Callable[..., list[Event]]:
    def apply(**values: object) -> list[Event]:
        mark = cluster.observer.mark()
        project.set_values("dev", values)
        argocd.wait_settled(NAMESPACE, project.commit("Change a value"))
        return cluster.observer.since(mark)

    return apply


def rolled(events: list[Event]) -> set[str]:
    """The Deployments that got new pods."""
    sets = [event for event in events if event.key.kind == "ReplicaSet" and event.type == "ADDED"]
    return {event.object["metadata"]["ownerReferences"][0]["name"] for event in sets}


def jobs(events: list[Event], change: str) -> list[str]:
    """The Jobs that were added or deleted, without the hash in their names."""
    return [event.key.name.rpartition("-")[0] for event in events if event.key.kind == "Job" and event.type == change]


@pytest.mark.scenario("3 Redis' settings roll Redis")
def test_a_setting_of_redis_rolls_redis_alone(change: Callable[..., list[Event]]) -> None:
    events = change(redis={"config": {"maxMemory": "300mb"}})
    assert rolled(events) == {"redis"}
    assert jobs(events, "ADDED") == jobs(events, "DELETED") == []


@pytest.mark.scenario("3 the app's settings roll app and worker, and are tested again")
def test_a_setting_of_the_app_rolls_what_reads_it(change: Callable[..., list[Event]]) -> None:
    events = change(app={"env": {"GREETING": "hello"}})
    assert rolled(events) == {"app", "worker"}
    assert jobs(events, "ADDED") == ["smoke-test"]


@pytest.mark.scenario("3 a changed Job replaces the old one at the end")
def test_the_old_job_goes_at_the_end(change: Callable[..., list[Event]]) -> None:
    events = change(temporal={"adminTools": {"image": {"tag": "1.31.3"}}})
    assert sorted(jobs(events, "ADDED")) == ["temporal-namespace-init", "temporal-schema-setup"]
    applied = [life for life in lives(events, NAMESPACE) if not life.deleted]
    deleted = [event.revision for event in events if event.key.kind == "Job" and event.type == "DELETED"]
    assert len(deleted) == 2
    assert min(deleted) > max(life.ready or life.created for life in applied)


@pytest.mark.scenario("3 what is taken out of git goes")
def test_what_is_taken_out_of_git_is_taken_out_of_the_cluster(
    cluster: Cluster, project: Project, argocd: ArgoCD
) -> None:
    def annotations() -> set[str]:
        service = cluster.observer.get("Service", OTHER, "app")
        return set(service["metadata"]["annotations"]) if service else set()

    before = annotations()
    project.set_values("small", {"app": {"service": {"annotations": {"example.com/owner": "somebody"}}}})
    argocd.wait_settled(OTHER, project.commit("Annotate the Service"))
    cluster.observer.wait("the annotation", lambda: annotations() == before | {"example.com/owner"}, 30)
    with project.edit("environments/small/environment.yaml") as content:
        del content["values"]["app"]["service"]
    argocd.wait_settled(OTHER, project.commit("Take it out"))
    cluster.observer.wait("the annotation gone", lambda: annotations() == before, 30)


@pytest.mark.scenario("3 values of another environment change nothing")
def test_what_nobody_reads_changes_nothing(cluster: Cluster, project: Project, argocd: ArgoCD) -> None:
    mark = cluster.observer.mark()
    project.repository.write("README.md", "Nothing that Argo CD reads.\n")
    argocd.wait_settled(NAMESPACE, project.commit("Write about it"))
    assert not lives(cluster.observer.since(mark), NAMESPACE)

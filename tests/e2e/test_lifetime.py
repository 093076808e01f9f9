"""The reference repository through `argocd/root.yaml`: it comes up as promised, rests, and is taken apart again."""

import re
import time
from collections.abc import Callable

import pytest

from .argocd import ArgoCD, history
from .cluster import Cluster
from .observer import Key, of_kind
from .project import Project
from .sequence import lives, overtaken, steps

#: how long a synced project is watched for something that does not rest
REST = 60


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project], argocd: ArgoCD) -> Project:
    project = new_project("first")
    commit = project.commit("Start")
    project.deploy()
    for environment in project.environments:
        argocd.wait_settled(project.application(environment), commit, 180)
    argocd.wait_settled(project.name, commit)
    return project


@pytest.mark.scenario("1 first sync in the order of the plan")
def test_every_environment_comes_up_in_the_order_of_the_plan(cluster: Cluster, project: Project) -> None:
    assert project.environments == ["dev", "production", "staging"]
    for environment in project.environments:
        seen = lives(cluster.observer.since(), project.application(environment))
        assert steps(seen) == project.plan(environment).steps, environment


@pytest.mark.scenario("1 first sync waits for each gate")
def test_no_wave_begins_before_the_one_before_is_ready(cluster: Cluster, project: Project) -> None:
    for environment in project.environments:
        seen = lives(cluster.observer.since(), project.application(environment))
        gated = project.plan(environment).gated
        assert gated == [-15, -10, 0, 5, 10, 15, 20, 30]
        assert overtaken(seen) == [], environment


@pytest.mark.scenario("2 every Job ran once")
def test_every_job_ran_once(cluster: Cluster, project: Project) -> None:
    for environment in project.environments:
        pods = of_kind(cluster.observer.since(), "Pod", project.application(environment))
        owners = [event.object["metadata"].get("labels", {}).get("job-name") for event in pods if event.type == "ADDED"]
        ran = [name for name in owners if name]
        expected = {found["metadata"]["name"] for found in project.render(environment) if found["kind"] == "Job"}
        assert sorted(ran) == sorted(expected)


@pytest.mark.scenario("2 nothing stays OutOfSync")
def test_a_synced_project_rests(cluster: Cluster, project: Project) -> None:
    mark = cluster.observer.mark()
    time.sleep(REST)
    events = cluster.observer.since(mark)
    for environment in project.environments:
        name = project.application(environment)
        assert not lives(events, name), "an object was touched"
    for name in (project.name, *(project.application(environment) for environment in project.environments)):
        states = history(events, name)
        assert {(state.sync, state.health, state.phase) for state in states} <= {("Synced", "Healthy", "Succeeded")}


@pytest.fixture(scope="module")
def without_dev(project: Project, cluster: Cluster, argocd: ArgoCD) -> str:
    """The commit that removes dev."""
    project.run("env", "remove", "dev", "--delete-running")
    removed = project.commit("Remove dev")
    project.set_values("staging", {"app": {"env": {"OTHER_ENVIRONMENT": "dev is going"}}})
    changed = project.commit("Change staging")
    argocd.wait_settled(project.application("staging"), changed)
    argocd.wait_gone(project.application("dev"))
    gone = lambda: cluster.observer.get("AppProject", "argocd", "first-dev") is None  # noqa: E731
    cluster.observer.wait("the AppProject gone", gone, 60)
    argocd.wait_settled(project.name, changed)
    return removed


@pytest.mark.scenario("8 a removed environment goes, its volumes stay")
def test_a_removed_environment_goes(project: Project, cluster: Cluster, without_dev: str) -> None:
    assert without_dev
    left = [life.key for life in lives(cluster.observer.since(), project.application("dev")) if not life.deleted]
    assert {key.kind for key in left} == {"PersistentVolumeClaim"}
    assert len(left) == 3
    assert cluster.observer.get("Namespace", "", "first-dev")
    order = [event.key.kind for event in cluster.observer.since() if event.type == "DELETED" and of_dev(event.key)]
    assert order == ["Application", "AppProject"]


def of_dev(key: Key) -> bool:
    return key.kind in ("Application", "AppProject") and key.name == "first-dev"


@pytest.mark.scenario("8 a protected environment stays, nobody waits")
def test_a_protected_environment_stays(project: Project, cluster: Cluster, argocd: ArgoCD) -> None:
    mark = cluster.observer.mark()
    name = project.application("production")
    _, output = project.output_of("env", "remove", "production")
    project.set_values("staging", {"app": {"env": {"OTHER_ENVIRONMENT": "production stays"}}})
    commit = project.commit("Remove production")
    argocd.wait_settled(project.application("staging"), commit)
    root = argocd.wait_applied(project.name, commit)
    assert root.sync == "OutOfSync"
    left = argocd.state(name)
    assert (left.sync, left.health) == ("Unknown", "Healthy"), "its values are gone from git"
    assert not lives(cluster.observer.since(mark), name), "an object was touched"
    finish(argocd, output)
    argocd.wait_gone(name)
    argocd.wait_settled(project.name, commit)


def finish(argocd: ArgoCD, output: str) -> None:
    """Do what the last of the printed notes says deletes what runs."""
    commands = re.findall(r"`argocd ([^`]+)`", output.splitlines()[-1])
    assert [command.split()[:2] for command in commands] == [["app", "delete"], ["proj", "delete"]]
    for command in commands:
        argocd.command(*command.split(), answer="y\n")


@pytest.mark.scenario("8 reverting the removal brings it back")
def test_reverting_the_removal_brings_it_back(
    project: Project, cluster: Cluster, argocd: ArgoCD, without_dev: str
) -> None:
    claims = {found["metadata"]["uid"] for found in cluster.observer.objects("PersistentVolumeClaim", "first-dev")}
    argocd.wait_settled(project.application("dev"), project.revert(without_dev))
    now = {found["metadata"]["uid"] for found in cluster.observer.objects("PersistentVolumeClaim", "first-dev")}
    assert now == claims

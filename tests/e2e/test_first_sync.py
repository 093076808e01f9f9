"""The whole reference repository through `argocd/root.yaml`: it comes up in the promised order, and then rests."""

import time
from collections.abc import Callable

import pytest

from .argocd import ArgoCD, history
from .cluster import Cluster
from .observer import of_kind
from .project import Project
from .sequence import lives, steps

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
        for life in seen:
            later = [other.created for other in seen if other.wave > life.wave]
            assert not later or (life.ready and life.ready < min(later)), f"{environment}: {life}"


@pytest.mark.scenario("2 nothing stays OutOfSync")
def test_a_synced_project_rests(cluster: Cluster, project: Project) -> None:
    mark = cluster.observer.mark()
    time.sleep(REST)
    events = cluster.observer.since(mark)
    for environment in project.environments:
        name = project.application(environment)
        assert {state.sync for state in history(events, name)} <= {"Synced"}
        assert {state.health for state in history(events, name)} <= {"Healthy"}
        assert not lives(events, name), "an object was touched"


@pytest.mark.scenario("2 every Job ran once")
def test_every_job_ran_once(cluster: Cluster, project: Project) -> None:
    for environment in project.environments:
        pods = of_kind(cluster.observer.since(), "Pod", project.application(environment))
        owners = [event.object["metadata"].get("labels", {}).get("job-name") for event in pods if event.type == "ADDED"]
        ran = [name for name in owners if name]
        expected = {found["metadata"]["name"] for found in project.render(environment) if found["kind"] == "Job"}
        assert sorted(ran) == sorted(expected)

"""A broken release is seen, is stopped before what depends on it, and its revert is synced."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from .api import Object
from .argocd import ArgoCD, history
from .cluster import Cluster
from .observer import Event
from .project import SMALL, Project
from .sequence import is_ready, lives

#: environment → what it starts with
START: dict[str, Object] = {
    "schema": {"redis": {"enabled": False}},
    "app": {**SMALL, "smokeTest": {"enabled": True}},
    "smoke": {**SMALL, "smokeTest": {"enabled": True}},
}
#: environment → the release that breaks it
BROKEN: dict[str, Object] = {
    "schema": {"temporal": {"adminTools": {"image": {"tag": "e2e-fail"}}}},
    "app": {"app": {"image": {"tag": "e2e-hang"}, "progressDeadlineSeconds": 15}},
    "smoke": {"app": {"image": {"tag": "e2e-fail"}}},
}


@dataclass(frozen=True, kw_only=True)
class Break:
    """What a broken commit, and its revert, did."""

    project: Project
    start: list[Event]
    broken: list[Event]
    commit: str
    reverted: str


@pytest.fixture(scope="module")
def release(new_project: Callable[[str], Project], cluster: Cluster, argocd: ArgoCD) -> Break:
    project = new_project("broken")
    for name in BROKEN:
        project.add(name, values=START[name])
    project.only(*BROKEN)
    first = project.commit("Start")
    project.deploy()
    for name in BROKEN:
        argocd.wait_settled(project.application(name), first, 180)
    start, mark = cluster.observer.since(), cluster.observer.mark()
    for name, values in BROKEN.items():
        project.set_values(name, values)
    commit = project.commit("Break every environment")
    for name in BROKEN:
        argocd.wait_phase(project.application(name), "Failed", commit)
    broken = cluster.observer.since(mark)
    reverted = project.revert(commit)
    return Break(project=project, start=start, broken=broken, commit=commit, reverted=reverted)


@pytest.mark.scenario("4 a failing schema Job stops the waves behind it")
def test_nothing_behind_a_failing_job_is_applied(release: Break) -> None:
    touched = lives(release.broken, release.project.application("schema"))
    assert any(life.key.name.startswith("temporal-schema-setup") for life in touched)
    assert {life.wave for life in touched} <= {-20, -15, -10, 0, 5}


@pytest.mark.scenario("4 its revert is synced while the sync retries")
def test_the_revert_of_a_failing_job_is_synced(release: Break, argocd: ArgoCD) -> None:
    argocd.wait_settled(release.project.application("schema"), release.reverted)


@pytest.mark.scenario("6 an app that never becomes healthy fails the sync")
def test_an_app_that_hangs_fails_the_sync(release: Break, argocd: ArgoCD) -> None:
    states = history(release.broken, release.project.application("app"))
    assert not [state for state in states if (state.phase, state.applies) == ("Succeeded", release.commit)]
    assert "released" not in {life.key.name for life in lives(release.broken, release.project.application("app"))}
    argocd.wait_settled(release.project.application("app"), release.reverted)


@pytest.mark.scenario("6 a smoke Job that fails fails the sync")
def test_a_failing_smoke_job_fails_the_sync(release: Break, argocd: ArgoCD) -> None:
    name = release.project.application("smoke")
    apps = [event.object for event in release.broken if event.key.name == "app" and event.key.kind == "Deployment"]
    assert any(is_ready(app) for app in apps), "the app itself is healthy"
    states = history(release.broken, name)
    assert not [state for state in states if (state.phase, state.applies) == ("Succeeded", release.commit)]
    argocd.wait_settled(name, release.reverted)


@pytest.mark.scenario("6 a sync succeeds only after its smoke Job")
def test_success_comes_after_the_smoke_job(release: Break) -> None:
    for environment in BROKEN:
        name = release.project.application(environment)
        smoke = next(life for life in lives(release.start, name) if life.key.name.startswith("smoke-test-"))
        ended = [
            event.revision
            for event in release.start
            if event.key.name == name
            and event.object.get("status", {}).get("operationState", {}).get("phase") == "Succeeded"
        ]
        assert smoke.ready
        assert smoke.ready < min(ended)

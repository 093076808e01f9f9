"""When a person decides: `automated: false`, and deny windows with and without `manualSync`."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from .api import Object, RefusedError
from .argocd import ArgoCD, history
from .cluster import Cluster
from .project import Project
from .sequence import lives

#: open at any time
DENY: Object = {"kind": "deny", "schedule": "* * * * *", "duration": "1h"}
SYNC: dict[str, Object] = {
    "manual": {"automated": False},
    "shut": {"windows": [DENY]},
    "ajar": {"windows": [{**DENY, "manualSync": True}]},
}
#: seconds in which a sync that is not held back would have begun: it takes two or three
PATIENCE = 15


@dataclass(frozen=True, kw_only=True)
class Held:
    """A commit that nothing syncs by itself."""

    project: Project
    commit: str
    mark: int


@pytest.fixture(scope="module")
def held(new_project: Callable[[str], Project], cluster: Cluster, argocd: ArgoCD) -> Held:
    project = new_project("windows")
    project.shrink()
    for name in SYNC:
        project.add(name)
    project.only(*SYNC)
    first = project.commit("Start")
    project.deploy()
    for name in SYNC:
        argocd.wait_settled(project.application(name), first)
    for name, settings in SYNC.items():  # one by one: what one commit does must not hang on the next
        decide(project, name, settings)
        project.commit(f"Let a person decide about {name}")
    for name in SYNC:
        project.set_values(name, {"app": {"env": {"RELEASE": "2"}}})
    mark = cluster.observer.mark()
    commit = project.commit("Change every environment")
    for name in SYNC:
        argocd.wait_out_of_sync(project.application(name), commit)
    time.sleep(PATIENCE)
    return Held(project=project, commit=commit, mark=mark)


def decide(project: Project, name: str, settings: Object) -> None:
    with project.edit(f"environments/{name}/environment.yaml") as content:
        content["sync"] = settings


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.scenario(f"12 nothing syncs by itself: {name}")) for name in SYNC]
)
def test_nothing_syncs_by_itself(name: str, held: Held, cluster: Cluster) -> None:
    application = held.project.application(name)
    events = cluster.observer.since(held.mark)
    assert not [now for now in history(events, application) if now.applies == held.commit]
    assert not lives(events, application), "an object was touched"


@pytest.mark.scenario("12 a window without manualSync holds a person back")
def test_a_shut_window_holds_a_person_back(held: Held, cluster: Cluster, argocd: ArgoCD) -> None:
    application = held.project.application("shut")
    with pytest.raises(RefusedError, match="sync window"):
        argocd.command("app", "sync", application)
    assert not lives(cluster.observer.since(held.mark), application), "an object was touched"


@pytest.mark.scenario("12 a person syncs")
@pytest.mark.parametrize("name", ["manual", "ajar"])
def test_a_person_syncs(name: str, held: Held, argocd: ArgoCD) -> None:
    application = held.project.application(name)
    argocd.command("app", "sync", application)
    argocd.wait_settled(application, held.commit)


@pytest.mark.scenario("12 a window that closes lets the commit through")
def test_a_closed_window_lets_the_commit_through(held: Held, argocd: ArgoCD) -> None:
    decide(held.project, "shut", {})
    argocd.wait_settled(held.project.application("shut"), held.project.commit("Close the window"))

"""Whatever a release hangs on, its `git revert` is looked at within the time that the plan names."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from .api import Object
from .argocd import ArgoCD, state
from .cluster import Cluster
from .observer import Event
from .project import Project

#: Argo CD's limit here, in seconds: ends what has no deadline of its own
SYNC_TIMEOUT = 75
#: what passes until Argo CD sees a commit, and on a busy machine
NOTICE = 15
WITHOUT_REDIS: Object = {"redis": {"enabled": False}}
WITH_REDIS: Object = {"redis": {"enabled": True}}
MISSING_STORE: Object = {"redis-secrets": {"redis_password": {"store": "nowhere"}}}
UNBOUND: Object = {"redis": {"enabled": True, "persistence": {"data": {"storageClass": "nowhere"}}}}


@dataclass(frozen=True, kw_only=True)
class Hang:
    """How one environment starts, and what makes it hang."""

    start: Object
    values: Object
    overrides: Object | None = None


HANGS = {
    "job": Hang(start={}, values={"temporal": {"adminTools": {"image": {"tag": "e2e-hang"}}}}),
    "postgres": Hang(start={}, values={"postgresql": {"image": {"tag": "e2e-hang"}}}),
    "app": Hang(start={}, values={"app": {"image": {"tag": "e2e-hang"}}}),
    "store": Hang(start=WITHOUT_REDIS, values=WITH_REDIS, overrides=MISSING_STORE),
    "operator": Hang(start=WITHOUT_REDIS, values=WITH_REDIS),
    "volume": Hang(start=WITHOUT_REDIS, values=UNBOUND),
}


@dataclass(frozen=True, kw_only=True)
class Reverted:
    """The commit that reverts everything, and when it was made."""

    project: Project
    commit: str
    at: float


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project], argocd: ArgoCD) -> Project:
    """One environment for each way to hang, all of them healthy."""
    project = new_project("revert")
    with project.edit("gitops.yaml") as content:
        content["argocd"]["syncTimeout"] = f"{SYNC_TIMEOUT}s"
        content["secretStores"]["nowhere"] = {"kind": "ClusterSecretStore", "name": "nowhere"}
    for name, hang in HANGS.items():
        project.add(name, values=hang.start)
    project.only(*HANGS)
    first = project.commit("Start")
    project.deploy()
    for name in HANGS:
        argocd.wait_settled(project.application(name), first, 300)
    return project


@pytest.fixture(scope="module")
def reverted(project: Project, cluster: Cluster, argocd: ArgoCD) -> Iterator[Reverted]:
    """Everything hung, then reverted; Argo CD's sync timeout is short meanwhile, and External Secrets is down."""
    usual = cluster.sync_timeout
    cluster.set_sync_timeout(SYNC_TIMEOUT)
    broken = release(project, argocd, *(name for name in HANGS if name != "operator"))
    argocd.wait_phase(project.application("store"), "Failed", broken)
    cluster.processes.stop("external-secrets")
    orphaned = release(project, argocd, "operator")
    project.repository.git("revert", "--no-edit", orphaned, broken)
    yield Reverted(project=project, commit=project.repository.head, at=time.monotonic())
    cluster.start_external_secrets()
    cluster.set_sync_timeout(usual)


def release(project: Project, argocd: ArgoCD, *names: str) -> str:
    """Commit what hangs some environments, and wait until each is at it."""
    for name in names:
        project.set_values(name, HANGS[name].values)
        if overrides := HANGS[name].overrides:
            with project.edit(f"environments/{name}/environment.yaml") as content:
                content["secrets"] = {"overrides": overrides}
    commit = project.commit(f"Hang {', '.join(names)}")
    for name in names:
        argocd.wait_phase(project.application(name), "Running", commit)
    return commit


def looked_at(events: list[Event], application: str, commit: str) -> float | None:
    """When a sync of the commit began, on the monotonic clock."""
    times = [
        event.at
        for event in events
        if (event.key.kind, event.key.name) == ("Application", application) and state(event.object).applies == commit
    ]
    return min(times, default=None)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.scenario(f"5 revert of: {name}")) for name in HANGS]
)
def test_the_revert_is_looked_at_within_the_plans_time(
    name: str, reverted: Reverted, cluster: Cluster, argocd: ArgoCD
) -> None:
    application = reverted.project.application(name)
    plan = reverted.project.plan(name)
    bound = plan.first_revert if HANGS[name].start else plan.later_revert
    seen = cluster.observer.wait(
        f"a sync of {application} at {reverted.commit[:7]}",
        lambda: looked_at(cluster.observer.since(), application, reverted.commit),
        max(1.0, reverted.at + bound + NOTICE - time.monotonic()),
    )
    assert seen - reverted.at <= bound + NOTICE
    argocd.wait_applied(application, reverted.commit)

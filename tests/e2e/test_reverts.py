"""Whatever a release hangs on, its `git revert` is looked at within the time that the plan names, and lands."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from .api import Object, RefusedError
from .argocd import ArgoCD, history, state
from .cluster import Cluster
from .observer import Event, of_kind
from .project import SMALL, Project, merged

#: Argo CD's limit here, in seconds: ends what has no deadline of its own; a failed attempt and a good sync fit into it
SYNC_TIMEOUT = 180
#: of what hangs, in seconds
DEADLINE = 15
#: what passes until Argo CD has seen a commit, on a busy machine
NOTICE = 20
REDIS: Object = {"redis": {"enabled": True}}
NOWHERE: Object = {"redis-secrets": {"redis_password": {"store": "nowhere"}}}
UNBOUND: Object = {"redis": {"enabled": True, "persistence": {"data": {"storageClass": "nowhere"}}}}
#: a new template of the chart: one environment gets a claim that nothing binds, which `plan` would refuse
ENDLESS = """\
{{- if eq .Values.global.environment "chart" }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: endless, annotations: {gitops-gen.io/ignore: volume-without-consumer}}
spec: {accessModes: [ReadWriteOnce], storageClassName: nowhere, resources: {requests: {storage: 1Gi}}}
{{- end }}
"""


@dataclass(frozen=True, kw_only=True)
class Hang:
    """What makes one environment hang."""

    values: Object = field(default_factory=dict)
    overrides: Object | None = None
    template: str = ""
    #: whether all that the environment starts with is the application
    small: bool = True
    #: whether it waits for something that was never there before
    new: bool = True


def tagged(**more: object) -> Object:
    """Values of a workload whose image cannot be pulled."""
    return {"image": {"tag": "e2e-hang"}, **more}


HANGS = {
    "job": Hang(
        values={"temporal": {"adminTools": tagged(), "schemaSetup": {"activeDeadlineSeconds": DEADLINE}}},
        small=False,
        new=False,
    ),
    "postgres": Hang(values={"postgresql": tagged(progressDeadlineSeconds=DEADLINE)}, small=False, new=False),
    "app": Hang(values={"app": tagged(progressDeadlineSeconds=DEADLINE)}, new=False),
    "store": Hang(values=REDIS, overrides=NOWHERE),
    "operator": Hang(values=REDIS),
    "volume": Hang(values=UNBOUND),
    "chart": Hang(template=ENDLESS),
    "terminated": Hang(values=UNBOUND),
}
#: ended from outside: by the sync timeout or by a person
ENDLESSLY = ("operator", "volume", "chart", "terminated")


@dataclass(frozen=True, kw_only=True)
class Reverted:
    """The commit that reverts everything, when it was made, and how long it may wait in each environment."""

    project: Project
    commit: str
    at: float
    bounds: dict[str, float]


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project], argocd: ArgoCD) -> Project:
    """One environment for each way to hang, all of them healthy."""
    project = new_project("revert")
    with project.edit("gitops.yaml") as content:
        content["argocd"]["syncTimeout"] = f"{SYNC_TIMEOUT}s"
        content["secretStores"]["nowhere"] = {"kind": "ClusterSecretStore", "name": "nowhere"}
    for name, hang in HANGS.items():
        project.add(name, values=SMALL if hang.small else {"redis": {"enabled": False}})
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
    plans = {name: project.plan(name) for name in HANGS}
    bounds = {name: plan.first_revert if HANGS[name].new else plan.later_revert for name, plan in plans.items()}
    yield Reverted(project=project, at=time.monotonic(), commit=project.revert(orphaned, broken), bounds=bounds)
    cluster.start_external_secrets()
    cluster.set_sync_timeout(usual)


def release(project: Project, argocd: ArgoCD, *names: str) -> str:
    """Commit what hangs some environments, and wait until each is at it."""
    for name in names:
        hang = HANGS[name]
        project.set_values(name, merged(hang.values, {"app": {"env": {"RELEASE": "2"}}}))
        if hang.overrides:
            with project.edit(f"environments/{name}/environment.yaml") as content:
                content["secrets"] = {"overrides": hang.overrides}
        if hang.template:
            project.repository.write("helm/api-forge/templates/endless.yaml", hang.template)
    project.provide_secrets(*names)
    commit = project.commit(f"Hang {', '.join(names)}")
    for name in names:
        argocd.wait_phase(project.application(name), "Running", commit)
    return commit


def looked_at(events: list[Event], application: str, commit: str) -> float | None:
    """When nothing older than a commit was being synced any more, on the monotonic clock."""
    for event in of_kind(events, "Application", "argocd"):
        now = state(event.object)
        ended = now.phase not in ("Running", "Terminating") and now.revision == commit
        if event.key.name == application and (now.applies == commit or ended):
            return event.at
    return None


def sync_by_hand(argocd: ArgoCD, application: str) -> None:
    """What the documentation tells a person to do after a sync that was ended from outside.

    Argo CD may not sync a commit that it has seen before that end, and may do so all the same.
    """
    try:
        argocd.command("app", "sync", application, "--async")
    except RefusedError as error:
        assert "another operation is already in progress" in str(error)  # noqa: PT017 - refused is as good as done


@pytest.mark.scenario("5 terminate-op lets the revert through")
def test_terminating_the_sync_lets_the_revert_through(reverted: Reverted, cluster: Cluster, argocd: ArgoCD) -> None:
    name = reverted.project.application("terminated")
    cluster.observer.wait("the revert compared", lambda: argocd.state(name).revision == reverted.commit, 60)
    assert argocd.state(name).phase == "Running"
    ended = time.monotonic()
    argocd.command("app", "terminate-op", name)
    seen = cluster.observer.wait(
        f"a sync of {name} at {reverted.commit[:7]}",
        lambda: looked_at(cluster.observer.since(), name, reverted.commit),
        NOTICE,
    )
    assert seen - ended <= NOTICE
    sync_by_hand(argocd, name)
    argocd.wait_settled(name, reverted.commit)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.scenario(f"5 revert of: {name}")) for name in HANGS if name != "terminated"],
)
def test_the_revert_is_looked_at_within_the_plans_time(
    name: str, reverted: Reverted, cluster: Cluster, argocd: ArgoCD
) -> None:
    application = reverted.project.application(name)
    longest = reverted.bounds[name] + NOTICE
    seen = cluster.observer.wait(
        f"a sync of {application} at {reverted.commit[:7]}",
        lambda: looked_at(cluster.observer.since(), application, reverted.commit),
        max(1.0, reverted.at + longest - time.monotonic()),
    )
    assert seen - reverted.at <= longest
    if name in ENDLESSLY:
        sync_by_hand(argocd, application)
    argocd.wait_settled(application, reverted.commit)


@pytest.mark.scenario("5 a revert that was seen during the sync lands")
@pytest.mark.parametrize("name", ENDLESSLY)
def test_the_revert_was_compared_while_the_sync_ran(name: str, reverted: Reverted, cluster: Cluster) -> None:
    states = history(cluster.observer.since(), reverted.project.application(name))
    during = [now for now in states if now.phase == "Running" and now.revision == reverted.commit != now.applies]
    assert during, "Argo CD did not see the revert until the sync had ended: this run proves less than it should"

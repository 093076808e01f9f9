"""What has no deadline: Argo CD's sync timeout, or a person, ends it, and then the revert gets through.

Argo CD takes a commit that it compared while such a sync ran for one that it has tried, when the Application's source
is the one that was tried: a revert, or whatever else was pushed during the sync, can need a person then. A source that
is named after its content (`sync.contentName`) lets a release that differs from both be synced, and no source is held
back in an Application without `manifest-generate-paths`.
"""

import time
from collections.abc import Callable, Iterator

import pytest

from .api import Object, RefusedError
from .argocd import ArgoCD, history
from .cluster import Cluster
from .hang import NOTICE, Hang, Reverted, bounds, deployed, picked_up, release, wait_picked_up
from .observer import TooLateError
from .project import Project

#: Argo CD's limit here, in seconds: long enough for the revert to be seen while the sync runs
SYNC_TIMEOUT = 120
REDIS: Object = {"redis": {"enabled": True}}
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
UNFILTERED: Object = {"metadata": {"annotations": {"argocd.argoproj.io/manifest-generate-paths": None}}}

HANGS = {
    "volume": Hang(values=UNBOUND),
    "chart": Hang(template=ENDLESS),
    "terminated": Hang(values=UNBOUND),
    "forward": Hang(values=UNBOUND),
    "unfiltered": Hang(values=UNBOUND, application=UNFILTERED),
    "named": Hang(values=UNBOUND, content_name=True),
    "named-forward": Hang(values=UNBOUND, content_name=True),
}
#: seconds after the sync has ended in which what is synced by itself has begun
BY_ITSELF = 60
DOWN = {"operator": Hang(values=REDIS)}
ALL = {**HANGS, **DOWN}
#: who goes to another release instead of back
FORWARD = ("forward", "named-forward")
#: whose commit may seem tried
BY_HAND = ("volume", "chart", "operator", "forward", "named")


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project], argocd: ArgoCD) -> Project:
    project = new_project("timeout")
    with project.edit("gitops.yaml") as content:
        content["argocd"]["syncTimeout"] = f"{SYNC_TIMEOUT}s"
    return deployed(project, argocd, ALL)


@pytest.fixture(scope="module")
def reverted(project: Project, cluster: Cluster, argocd: ArgoCD) -> Iterator[Reverted]:
    """Everything hung, then undone; Argo CD's sync timeout is short for that time, and External Secrets is down."""
    usual = cluster.sync_timeout
    cluster.set_sync_timeout(SYNC_TIMEOUT)
    broken = release(project, argocd, HANGS)
    for name in HANGS.keys() - {"chart"}:
        wait_for_claim(cluster, project.application(name))
    cluster.processes.stop("external-secrets")
    orphaned = release(project, argocd, DOWN)
    longest = bounds(project, ALL)
    mark, at = cluster.observer.mark(), time.monotonic()
    project.revert(orphaned, broken)
    for name in FORWARD:
        project.set_values(name, {"app": {"env": {"RELEASE": "3"}}})
    yield Reverted(project=project, commit=project.commit("Go forward"), at=at, mark=mark, bounds=longest)
    cluster.start_external_secrets()
    cluster.set_sync_timeout(usual)


def wait_for_claim(cluster: Cluster, namespace: str) -> None:
    claim = ("PersistentVolumeClaim", namespace, "redis-data")
    cluster.observer.wait(f"the claim in {namespace}", lambda: cluster.observer.get(*claim), 60)


def sync_by_hand(argocd: ArgoCD, application: str) -> None:
    """What the documentation tells a person to do after a sync that was ended from outside."""
    try:
        argocd.command("app", "sync", application, "--async")
    except RefusedError as error:
        assert "another operation is already in progress" in str(error)  # noqa: PT017 - it was not needed


def landed(argocd: ArgoCD, application: str, commit: str) -> str:
    """Whether a commit is synced without a person."""
    try:
        argocd.wait_settled(application, commit, BY_ITSELF)
    except TooLateError:
        return "by a person"
    return "by itself"


@pytest.mark.scenario("5 all were seen during the sync")
@pytest.mark.parametrize("name", ALL)
def test_the_revert_is_compared_while_the_sync_runs(name: str, reverted: Reverted, argocd: ArgoCD) -> None:
    application = reverted.project.application(name)
    argocd.wait_compared(application, reverted.commit)
    now = argocd.state(application)
    assert now.phase == "Running"
    assert now.applies != reverted.commit, "nothing hung"


@pytest.mark.scenario("5 terminate-op lets the revert through")
def test_terminating_the_sync_lets_the_revert_through(reverted: Reverted, cluster: Cluster, argocd: ArgoCD) -> None:
    name = reverted.project.application("terminated")
    ended = time.monotonic()
    argocd.command("app", "terminate-op", name)
    seen = cluster.observer.wait(
        f"a sync of {name} at {reverted.commit[:7]}",
        lambda: picked_up(cluster.observer.since(reverted.mark), name, reverted.commit),
        NOTICE,
    )
    assert seen - ended <= NOTICE
    sync_by_hand(argocd, name)
    argocd.wait_settled(name, reverted.commit)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.scenario(f"5 behind the timeout: {name}")) for name in BY_HAND]
)
def test_a_person_lets_the_revert_through(
    name: str,
    reverted: Reverted,
    cluster: Cluster,
    argocd: ArgoCD,
    record_property: Callable[[str, object], None],
) -> None:
    waited: list[object] = []
    wait_picked_up(name, reverted, cluster, lambda _, said: waited.append(said))
    record_property("measured", f"{waited[0]}, {landed(argocd, reverted.project.application(name), reverted.commit)}")
    sync_by_hand(argocd, reverted.project.application(name))
    argocd.wait_settled(reverted.project.application(name), reverted.commit)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("named-forward", marks=pytest.mark.scenario("5 another release, its source named")),
        pytest.param("unfiltered", marks=pytest.mark.scenario("5 revert without manifest-generate-paths")),
    ],
)
def test_it_is_synced_by_itself(
    name: str,
    reverted: Reverted,
    cluster: Cluster,
    argocd: ArgoCD,
    record_property: Callable[[str, object], None],
) -> None:
    wait_picked_up(name, reverted, cluster, record_property)
    argocd.wait_settled(reverted.project.application(name), reverted.commit)
    states = history(cluster.observer.since(reverted.mark), reverted.project.application(name))
    assert any("triggered by controller sync timeout" in now.message for now in states)

"""A new configuration of the application by a commit, and its revert, while requests come to two replicas."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.api import Object
from tests.e2e.argocd import ArgoCD
from tests.e2e.observer import of_kind
from tests.e2e.project import Project

from .client import Client, Load
from .pods import LONGEST, Pods, status

REPLICAS = 2
CHANGED: Object = {"app": {"config": {"config": {"rate_limiter": {"requests": 4242}}}}}
#: what reads that configuration
ROLLED = {"app", "worker"}


@pytest.fixture
def doubled(argocd: ArgoCD, project: Project, dev: Pods) -> Iterator[Load]:
    """Requests to two replicas of the application, until the test ends."""
    project.set_values("dev", {"app": {"replicas": REPLICAS}})
    commit = project.commit("Run two replicas")
    argocd.wait_settled(project.application("dev"), commit)
    wait_replaced(dev, REPLICAS)
    with Load(client=Client.of(dev.node, dev.namespace, "app"), path="/health") as load:
        yield load
    argocd.wait_settled(project.application("dev"), project.revert(commit))
    wait_replaced(dev, 1)


@pytest.mark.scenario("app: a new configuration and its revert roll its pods only, and no request is lost")
def test_no_request_is_lost_in_a_rollout(
    argocd: ArgoCD, project: Project, dev: Pods, doubled: Load, record_property: Callable[[str, object], None]
) -> None:
    application, before, mark = project.application("dev"), running(dev), dev.node.observer.mark()
    assert len(before["app"]) == REPLICAS
    project.set_values("dev", CHANGED)
    begin = time.monotonic()
    commit = project.commit("Change the configuration")
    argocd.wait_settled(application, commit)
    updated = time.monotonic()
    wait_replaced(dev, REPLICAS)
    after = running(dev)
    assert {name for name, uids in before.items() if after[name] != uids} == ROLLED
    assert not any(before[name] & after[name] for name in ROLLED)
    assert "4242" in configuration(dev)
    back = time.monotonic()
    argocd.wait_settled(application, project.revert(commit))
    reverted = time.monotonic()
    wait_replaced(dev, REPLICAS)
    assert "4242" not in configuration(dev)
    assert ended(dev, "worker", mark) == ended(dev, "app", mark) == {0}
    seconds = f"healthy {updated - begin:.0f} s after the commit, {reverted - back:.0f} s after its revert"
    record_property("measured", f"{seconds}; {sum(doubled.lost.values())} of {doubled.answered} requests lost")
    assert doubled.lost == {}
    assert doubled.answered > 100


def running(dev: Pods) -> dict[str, set[str]]:
    """The uids of the pods of each Deployment."""
    names = [found["metadata"]["name"] for found in dev.node.observer.objects("Deployment", dev.namespace)]
    return {name: {pod["metadata"]["uid"] for pod in dev.all(name)} for name in names}


def wait_replaced(dev: Pods, replicas: int) -> None:
    """Wait until the old pods are gone: a worker drains after the rollout is complete."""

    def replaced() -> bool:
        return len(dev.all("app")) == replicas and len(dev.all("worker")) == 1

    dev.node.observer.wait("the old pods are gone", replaced, LONGEST)


def configuration(dev: Pods) -> str:
    """The file that the application reads."""
    target = ("deployment/app", "-c", "app")
    return dev.node.kubectl("exec", "-n", dev.namespace, *target, "--", "cat", "/app/config.yaml")


def ended(dev: Pods, component: str, mark: int) -> set[int]:
    """The exit codes of a component's containers that ended."""
    events = of_kind(dev.node.observer.since(mark), "Pod", dev.namespace)
    ends = [status(event.object, component).get("state", {}).get("terminated") for event in events]
    return {int(end["exitCode"]) for end in ends if end}

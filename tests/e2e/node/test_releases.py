"""A release that is broken: what ran before goes on serving, the sync fails, and the revert is synced in time."""

import time
from collections.abc import Callable

import pytest

from tests.e2e.api import Object
from tests.e2e.argocd import ArgoCD
from tests.e2e.hang import Reverted, wait_picked_up
from tests.e2e.project import Project

from .client import Client, Load
from .pods import Pods

DEADLINE: Object = {"progressDeadlineSeconds": 60}
#: what is broken: the values of the release, and a component that must not be touched
BROKEN: dict[str, tuple[Object, str]] = {
    "an image that does not exist": (
        # The worker has the same image, and both are waited for.
        {"app": {"image": {"tag": "no-such-tag"}} | DEADLINE, "worker": DEADLINE},
        "app",
    ),
    "a migration that fails": (
        {"temporal": {"adminTools": {"image": {"tag": "no-such-tag"}}, "schemaSetup": {"activeDeadlineSeconds": 30}}},
        "temporal",
    ),
}


@pytest.mark.scenario("broken release: old pods serve, the sync fails, the revert is synced within the plan's time")
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_release_is_survived(
    argocd: ArgoCD, project: Project, dev: Pods, fault: str, record_property: Callable[[str, object], None]
) -> None:
    values, component = BROKEN[fault]
    application, cluster = project.application("dev"), dev.node
    dev.wait_ready("app")
    before = dev.wait_ready(component)["metadata"]["uid"]
    with Load(client=Client.of(cluster, dev.namespace, "app"), path="/health/ready") as load:
        project.set_values("dev", values)
        broken = project.commit(f"Release {fault}")
        argocd.wait_phase(application, "Failed", broken, 480)
        bounds = {"dev": project.plan("dev").later_revert}
        mark, at = cluster.observer.mark(), time.monotonic()
        reverted = Reverted(project=project, commit=project.revert(broken), at=at, mark=mark, bounds=bounds)
        wait_picked_up("dev", reverted, cluster, record_property)
        argocd.wait_settled(application, reverted.commit, 480)
    assert dev.wait_ready(component)["metadata"]["uid"] == before
    assert load.lost == {}
    assert load.answered > 100

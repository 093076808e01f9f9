"""A new version of the application by a commit, and its revert, while requests come."""

import time
from collections.abc import Callable

import pytest

from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project

from .client import Client, Load
from .pods import Pods


@pytest.mark.scenario("app: no request is lost in a rollout by commit and its revert")
def test_no_request_is_lost_in_a_rollout(
    argocd: ArgoCD, project: Project, dev: Pods, record_property: Callable[[str, object], None]
) -> None:
    application = project.application("dev")
    first = dev.wait_ready("app")["metadata"]["uid"]
    with Load(client=Client.of(dev.node, dev.namespace, "app"), path="/health") as load:
        project.set_values("dev", {"app": {"env": {"ROLLED": "yes"}}})
        begin = time.monotonic()
        commit = project.commit("Roll app and worker out")
        argocd.wait_settled(application, commit)
        updated = time.monotonic()
        second = dev.wait_ready("app", other_than=first)["metadata"]["uid"]
        assert "ROLLED=yes" in dev.execute("app", "cat", "/proc/1/environ").split("\0")
        back = time.monotonic()
        argocd.wait_settled(application, project.revert(commit))
        reverted = time.monotonic()
        dev.wait_ready("app", other_than=second)
    assert "ROLLED=yes" not in dev.execute("app", "cat", "/proc/1/environ").split("\0")
    seconds = f"healthy {updated - begin:.0f} s after the commit, {reverted - back:.0f} s after its revert"
    record_property("measured", f"{seconds}; {len(load.lost)} of {load.answered} requests lost")
    assert load.lost == {}
    assert load.answered > 100

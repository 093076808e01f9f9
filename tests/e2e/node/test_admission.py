"""The reference repository's `dev` as Argo CD has synced it to real pods."""

import datetime as dt
from collections.abc import Callable

import pytest

from tests.e2e.api import RefusedError
from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project
from tests.e2e.sequence import lives, overtaken, steps

from .pods import Pods
from .real_node import RealNode


@pytest.mark.scenario("dev is Synced and Healthy on real pods, under `restricted`")
def test_dev_is_healthy_under_restricted(
    cluster: RealNode, argocd: ArgoCD, dev: Pods, project: Project, record_property: Callable[[str, object], None]
) -> None:
    first = (argocd.application(project.application("dev")) or {})["status"]["history"][0]
    took = dt.datetime.fromisoformat(first["deployedAt"]) - dt.datetime.fromisoformat(first["deployStartedAt"])
    record_property("measured", f"first sync: {took.seconds} s")
    assert argocd.state(project.application("dev")).settled
    namespace = cluster.observer.get("Namespace", "", dev.namespace)
    assert namespace
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    with pytest.raises(RefusedError, match="violates PodSecurity"):
        cluster.kubectl("run", "-n", dev.namespace, "forbidden", "--image=pause:1")
    jobs = [found["metadata"]["name"] for found in project.render("dev") if found["kind"] == "Job"]
    assert len(jobs) == 4
    for component in ("postgres-verifier", "temporal-schema-setup", "temporal-namespace-init", "smoke-test"):
        assert dev.wait_job(component, "Complete")["metadata"]["name"] in jobs


@pytest.mark.scenario("first sync: in the order of the plan, each wave when the one before is ready")
def test_dev_came_up_in_the_order_of_the_plan(cluster: RealNode, project: Project, dev: Pods) -> None:
    seen = lives(cluster.observer.since(), dev.namespace)
    assert steps(seen) == project.plan("dev").steps
    assert overtaken(seen) == []

"""Whatever a release hangs on, its `git revert` is picked up within the time that the plan names, and is synced.

Here: what ends by its own deadline. What only the sync timeout ends is in test_sync_timeout.py.
"""

import time
from collections.abc import Callable

import pytest

from .api import Object
from .argocd import ArgoCD
from .cluster import Cluster
from .hang import DEADLINE, FULL, Hang, Reverted, bounds, deployed, release, tagged, wait_picked_up
from .project import Project

REDIS: Object = {"redis": {"enabled": True}}
NOWHERE: Object = {"redis-secrets": {"redis_password": {"store": "nowhere"}}}

#: a rollout of the database has the time of a shutdown and a start at least
QUICK: Object = {
    "terminationGracePeriodSeconds": 5,
    "startupProbe": {"periodSeconds": 1, "failureThreshold": 5},
}

HANGS = {
    "job": Hang(
        values={"temporal": {"adminTools": tagged(), "schemaSetup": {"activeDeadlineSeconds": DEADLINE}}},
        start=FULL,
        new=False,
    ),
    "postgres": Hang(values={"postgresql": tagged(progressDeadlineSeconds=DEADLINE, **QUICK)}, start=FULL, new=False),
    "app": Hang(values={"app": tagged(progressDeadlineSeconds=DEADLINE)}, new=False),
    "store": Hang(values=REDIS, overrides=NOWHERE),
}


@pytest.fixture(scope="module")
def reverted(new_project: Callable[[str], Project], cluster: Cluster, argocd: ArgoCD) -> Reverted:
    """Everything hung, then reverted."""
    project = new_project("revert")
    with project.edit("gitops.yaml") as content:
        content["secretStores"]["nowhere"] = {"kind": "ClusterSecretStore", "name": "nowhere"}
    deployed(project, argocd, HANGS)
    broken = release(project, argocd, HANGS)
    longest = bounds(project, HANGS)
    mark, at = cluster.observer.mark(), time.monotonic()
    return Reverted(project=project, commit=project.revert(broken), at=at, mark=mark, bounds=longest)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.scenario(f"5 revert of: {name}")) for name in HANGS]
)
def test_the_revert_is_synced_within_the_plans_time(
    name: str,
    reverted: Reverted,
    cluster: Cluster,
    argocd: ArgoCD,
    record_property: Callable[[str, object], None],
) -> None:
    wait_picked_up(name, reverted, cluster, record_property)
    argocd.wait_settled(reverted.project.application(name), reverted.commit)

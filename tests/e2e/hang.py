"""Releases that hang, and what happens to the commit that reverts them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .api import Object
from .argocd import ArgoCD, state
from .cluster import Cluster
from .observer import Event, of_kind
from .project import SMALL, Project, merged

#: of what hangs, in seconds
DEADLINE = 15
#: what passes at most until Argo CD has seen a commit, or that something ended, on a machine that is very busy
NOTICE = 60
#: the whole of api-forge but Redis
FULL: Object = {"redis": {"enabled": False}}


@dataclass(frozen=True, kw_only=True)
class Hang:
    """What makes one environment hang."""

    values: Object = field(default_factory=dict)
    #: of its secrets
    overrides: Object | None = None
    #: of the chart, for this environment alone
    template: str = ""
    start: Object = field(default_factory=lambda: SMALL)
    #: whether it waits for something that was never there before
    new: bool = True
    #: merged over the generated Application
    application: Object | None = None
    #: whether the Application's source is named after its content
    content_name: bool = False


@dataclass(frozen=True, kw_only=True)
class Reverted:
    """The commit that undoes everything, when it was made, and how long it may wait in each environment."""

    project: Project
    commit: str
    at: float
    #: its place among the observed events
    mark: int
    bounds: dict[str, float]


def tagged(**more: object) -> Object:
    """Values of a workload whose image cannot be pulled."""
    return {"image": {"tag": "e2e-hang"}, **more}


def deployed(project: Project, argocd: ArgoCD, hangs: Mapping[str, Hang]) -> Project:
    """The project with one environment for each way to hang, all of them healthy."""
    for name, hang in hangs.items():
        project.add(name, values=hang.start)
        with project.edit(f"environments/{name}/environment.yaml") as content:
            content["argocd"] = {"application": hang.application or {}}
            content["sync"] = {"contentName": hang.content_name}
    project.only(*hangs)
    first = project.commit("Start")
    project.deploy()
    for name in hangs:
        argocd.wait_settled(project.application(name), first, 300)
    return project


def release(project: Project, argocd: ArgoCD, hangs: Mapping[str, Hang]) -> str:
    """Commit what hangs, and wait until each environment is at it."""
    for name, hang in hangs.items():
        project.set_values(name, merged(hang.values, {"app": {"env": {"RELEASE": "2"}}}))
        if hang.overrides:
            with project.edit(f"environments/{name}/environment.yaml") as content:
                content["secrets"] = {"overrides": hang.overrides}
        if hang.template:
            project.repository.write("helm/api-forge/templates/endless.yaml", hang.template)
    project.provide_secrets(*hangs)
    commit = project.commit(f"Hang {', '.join(hangs)}")
    for name in hangs:
        argocd.wait_phase(project.application(name), "Running", commit)
    return commit


def bounds(project: Project, hangs: Mapping[str, Hang]) -> dict[str, float]:
    """How long `plan` says that a commit may wait behind each environment's sync."""
    plans = project.plans(*hangs)
    return {name: plans[name].first_revert if hang.new else plans[name].later_revert for name, hang in hangs.items()}


def wait_picked_up(name: str, reverted: Reverted, cluster: Cluster, measured: Callable[[str, object], None]) -> None:
    """Wait until Argo CD picks up the revert in an environment, and compare the time with the plan's."""
    application, bound = reverted.project.application(name), reverted.bounds[name]
    seen = cluster.observer.wait(
        f"a sync of {application} at {reverted.commit[:7]}",
        lambda: picked_up(cluster.observer.since(reverted.mark), application, reverted.commit),
        max(1.0, reverted.at + bound + NOTICE - time.monotonic()),
    )
    measured("measured", f"after {seen - reverted.at:.0f} s of at most {bound:.0f} s")
    assert seen - reverted.at <= bound + NOTICE


def picked_up(events: list[Event], application: str, commit: str) -> float | None:
    """When nothing older than a commit was being synced any more, on the monotonic clock."""
    for event in of_kind(events, "Application", "argocd"):
        now = state(event.object)
        ended = now.phase not in ("Running", "Terminating") and now.revision == commit
        if event.key.name == application and (now.applies == commit or ended):
            return event.at
    return None

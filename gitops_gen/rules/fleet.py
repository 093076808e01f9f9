"""The plans of all environments of a project, each reduced to what is shown of it: a fleet needs little memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from gitops_gen.errors import GitopsError
from gitops_gen.project.fleet import in_each
from gitops_gen.project.opening import OpenProject
from gitops_gen.rules.exceptions import exceptions, unused
from gitops_gen.rules.hosts import OwnNames, foreign_hosts, own_names
from gitops_gen.rules.overlays import unchanged_values
from gitops_gen.rules.planning import extended, plan_environment
from gitops_gen.rules.rule import Finding, Rule
from gitops_gen.rules.sharing import TrackedObject, shared, tracked
from gitops_gen.rules.sync import SYNC_RULES, JudgedPlan, SetAside

View = TypeVar("View")


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer(Generic[View]):
    """How plans are made and shown; functions of modules, which worker processes import by name."""

    view: Callable[[JudgedPlan], View]
    #: what is shown of an environment that has no plan; None: its error is raised
    failed: Callable[[str, GitopsError], View] | None = None
    #: all rules, as in `validate`; only those of the sync without it
    is_complete: bool = False
    #: the version of Kubernetes to judge for, in place of the cluster's own
    kubernetes: str = ""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that judge."""
        return every_rule() if self.is_complete else SYNC_RULES


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewedPlan(Generic[View]):
    """What is kept of one plan."""

    name: str
    view: View
    ok: bool
    tracked: tuple[TrackedObject, ...] = ()
    names: OwnNames = field(default_factory=OwnNames)
    #: the entries of rules.ignore that match a finding of the plan
    matched: frozenset[SetAside] = frozenset()


def views(opened: OpenProject, names: Sequence[str], viewer: Viewer[View], what: str) -> list[ViewedPlan[View]]:
    """The plan of each named environment, as it is shown; of all when none is named. `what` is shown as progress.

    Raises `UsageError`; without `failed` also `ProblemsError` (inputs, values, rendered output) and `ChartError` (what
    the chart refuses).
    """
    names = names or opened.names()
    again = partial(_viewed, opened, viewer=viewer)
    plans = list(in_each(opened, names, partial(_viewed, viewer=viewer), what))
    more = shared((item.name, item.tracked) for item in plans)
    if viewer.is_complete:
        for name, found in foreign_hosts((item.name, item.names) for item in plans).items():
            more.setdefault(name, []).extend(found)
    plans = [again(item.name, more[item.name]) if item.name in more else item for item in plans]
    if plans and set(opened.names()) <= set(names):
        matched = frozenset[SetAside]().union(*(item.matched for item in plans))
        projects = opened.projects()
        read = [project for folder in dict.fromkeys(("", *projects.folders)) if (project := projects.at(folder))]
        if left := [item for project in read for item in unused(project, matched, viewer.rules, every_rule)]:
            plans[0] = again(plans[0].name, [*more.get(plans[0].name, ()), *left])
    return plans


def _viewed(opened: OpenProject, name: str, more: Iterable[Finding] = (), *, viewer: Viewer[View]) -> ViewedPlan[View]:
    try:
        judged = plan_environment(opened, name, viewer.rules, kubernetes=viewer.kubernetes)
    except GitopsError as error:
        if viewer.failed is None:
            raise
        return ViewedPlan(name=name, view=viewer.failed(name, error), ok=False)
    judged = extended(opened, judged, (*more, *(unchanged_values(opened, name) if viewer.is_complete else ())))
    return ViewedPlan(
        name=name,
        view=viewer.view(judged),
        ok=judged.ok,
        tracked=tuple(tracked(judged.plan)),
        names=own_names(judged.plan) if viewer.is_complete else OwnNames(),
        matched=frozenset(entry for entry in exceptions(opened.project(name)) if judged.matches(entry)),
    )


def every_rule() -> tuple[Rule, ...]:
    """The rules of `validate`."""
    # Imported here because a command that does not validate needs none of their modules.
    from gitops_gen.rules.all import RULES

    return RULES

"""The plans of all environments of a project, each reduced to what is shown of it: a fleet needs little memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, TypeVar

from gitops_gen.errors import GitopsError
from gitops_gen.project.fleet import in_each
from gitops_gen.project.opening import OpenProject
from gitops_gen.rules.between import findings_between
from gitops_gen.rules.copied import NamedValues, copied_values, named_values
from gitops_gen.rules.exceptions import exceptions, unused
from gitops_gen.rules.hosts import OwnNames, foreign_hosts, own_names
from gitops_gen.rules.overlays import unchanged_values
from gitops_gen.rules.planning import extended, plan_environment
from gitops_gen.rules.rule import Finding, Rule
from gitops_gen.rules.sharing import TrackedObject, shared, tracked
from gitops_gen.rules.sync import SYNC_RULES, JudgedPlan, SetAside
from gitops_gen.sync.between import ApplicationNeed, needs_between
from gitops_gen.sync.outside import Outside, outside_of

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
    values: NamedValues = field(default_factory=dict)
    outside: Outside | None = None
    #: what it needs of the others
    needs: tuple[ApplicationNeed, ...] = ()
    #: the entries of rules.ignore that match a finding of the plan
    matched: frozenset[SetAside] = frozenset()


def views(opened: OpenProject, names: Sequence[str], viewer: Viewer[View], what: str) -> list[ViewedPlan[View]]:
    """The plan of each named environment, as it is shown; of all when none is named. `what` is shown as progress.

    Raises `UsageError`; without `failed` also `ProblemsError` (inputs, values, rendered output) and `ChartError` (what
    the chart refuses).
    """
    return together(opened, each_alone(opened, names or opened.names(), viewer, what), viewer)


def each_alone(opened: OpenProject, names: Sequence[str], viewer: Viewer[View], what: str) -> list[ViewedPlan[View]]:
    """The same without what is wrong between the environments. Raises as `views` does."""
    return list(in_each(opened, names, partial(_viewed, viewer=viewer), what))


def together(opened: OpenProject, plans: list[ViewedPlan[View]], viewer: Viewer[View]) -> list[ViewedPlan[View]]:
    """The plans of `each_alone`, each with what is wrong between it and the others. Raises as `views` does."""
    again = partial(_viewed, opened, viewer=viewer)
    needs = needs_between(item.outside for item in plans if item.outside)
    more = _between(opened, plans, needs, viewer)
    plans = [again(item.name, more[item.name]) if item.name in more else item for item in plans]
    plans = _with_needs(plans, needs)
    if plans and set(opened.names()) <= {item.name for item in plans}:
        matched = frozenset[SetAside]().union(*(item.matched for item in plans))
        projects = opened.projects()
        read = [project for folder in dict.fromkeys(("", *projects.folders)) if (project := projects.at(folder))]
        if left := [item for project in read for item in unused(project, matched, viewer.rules, every_rule)]:
            plans[0] = again(plans[0].name, [*more.get(plans[0].name, ()), *left])
    return plans


def _between(
    opened: OpenProject, plans: Sequence[ViewedPlan[View]], needs: Iterable[ApplicationNeed], viewer: Viewer[View]
) -> dict[str, list[Finding]]:
    """For each environment what is wrong between it and others."""
    parts = [shared((item.name, item.tracked) for item in plans), findings_between(needs)]
    if viewer.is_complete:
        parts.append(foreign_hosts((item.name, item.names) for item in plans))
        parts.append(copied_values(opened, ((item.name, item.values) for item in plans)))
    found: dict[str, list[Finding]] = {}
    for name, findings in (item for part in parts for item in part.items()):
        found.setdefault(name, []).extend(findings)
    return found


def _with_needs(plans: list[ViewedPlan[View]], needs: Iterable[ApplicationNeed]) -> list[ViewedPlan[View]]:
    of: dict[str, list[ApplicationNeed]] = {}
    for need in needs:
        of.setdefault(need.consumer, []).append(need)
    return [replace(item, needs=tuple(of[item.name])) if item.name in of else item for item in plans]


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
        values=named_values(opened, name) if viewer.is_complete else {},
        outside=outside_of(judged.plan),
        matched=frozenset(entry for entry in exceptions(opened.project(name)) if judged.matches(entry)),
    )


def every_rule() -> tuple[Rule, ...]:
    """The rules of `validate`."""
    # Imported here because a command that does not validate needs none of their modules.
    from gitops_gen.rules.all import RULES

    return RULES

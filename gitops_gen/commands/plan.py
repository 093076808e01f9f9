"""`plan`: the sync of an environment, wave by wave, with the proof of its order and the longest time a revert may
wait.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gitops_gen.errors import GitopsError
from gitops_gen.project.opening import OpenProject
from gitops_gen.rules.fleet import Viewer, views
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.sync.between import ApplicationNeed

View = TypeVar("View")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plans(Generic[View]):
    """The plans that could be made, as they are shown."""

    views: tuple[View, ...]
    #: whether every plan is one that ends
    ok: bool
    #: what is wrong with the environments that have none
    errors: tuple[GitopsError, ...]
    #: what the planned environments need of each other
    needs: tuple[ApplicationNeed, ...]


def plan(opened: OpenProject, names: Sequence[str], view: Callable[[JudgedPlan], View]) -> Plans[View]:
    """The plan of each named environment, as `view` shows it; of all when none is named. What stops one environment,
    such as a chart that does not render, stops no other.

    Raises `UsageError`, and `ProblemsError` for a project that cannot be read.
    """
    viewer: Viewer[View | GitopsError] = Viewer(view=view, failed=_error)
    found = views(opened, names, viewer, "planning")
    return Plans(
        views=tuple(item.view for item in found if not isinstance(item.view, GitopsError)),
        ok=all(item.ok for item in found),
        errors=tuple(item.view for item in found if isinstance(item.view, GitopsError)),
        needs=tuple(need for item in found for need in item.needs),
    )


def _error(_: str, error: GitopsError) -> GitopsError:
    return error

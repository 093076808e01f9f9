"""`plan`: the sync of an environment, wave by wave, with the proof of its order and the longest time a revert may
wait.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from gitops_gen.project.opening import OpenProject
from gitops_gen.rules.fleet import ViewedPlan, Viewer, views
from gitops_gen.rules.sync import JudgedPlan

View = TypeVar("View")


def plan(opened: OpenProject, names: Sequence[str], view: Callable[[JudgedPlan], View]) -> list[ViewedPlan[View]]:
    """The plan of each named environment, as `view` shows it; of all when none is named.

    Raises `UsageError`, `ProblemsError` (inputs, values, rendered output) and `ChartError` (what the chart refuses).
    """
    return views(opened, names, Viewer(view=view), "planning")

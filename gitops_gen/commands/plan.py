"""`plan`: the sync of an environment, wave by wave, with the proof of its order and the longest time a revert may
wait.
"""

from collections.abc import Sequence

from gitops_gen.project.workspace import OpenProject
from gitops_gen.rules.planning import plan_environment
from gitops_gen.rules.sync import JudgedPlan


def plan(workspace: OpenProject, names: Sequence[str] = ()) -> tuple[JudgedPlan, ...]:
    """The plan of each named environment; of all when none is named.

    Raises `UsageError`, `ProblemsError` (inputs, values, rendered output) and `ChartError` (what the chart refuses).
    """
    return tuple(plan_environment(workspace, name) for name in names or workspace.names())

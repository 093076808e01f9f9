"""`plan`: the sync of an environment, wave by wave, with the proof of its order and the longest time a revert may
wait.
"""

from collections.abc import Sequence
from dataclasses import replace

from gitops_gen.project.workspace import OpenProject
from gitops_gen.rules.planning import plan_environments, set_aside
from gitops_gen.rules.sync import JudgedPlan, unused


def plan(workspace: OpenProject, names: Sequence[str] = ()) -> tuple[JudgedPlan, ...]:
    """The plan of each named environment; of all when none is named.

    Raises `UsageError`, `ProblemsError` (inputs, values, rendered output) and `ChartError` (what the chart refuses).
    """
    plans = plan_environments(workspace, names or workspace.names())
    if plans and set(workspace.names()) <= {judged.plan.name for judged in plans}:
        found = tuple(finding for _, finding in unused(plans, set_aside(workspace.project())))
        plans[0] = replace(plans[0], findings=(*plans[0].findings, *found))
    return tuple(plans)

"""`plan`: the sync of an environment, wave by wave, with the proof of its order and the longest time a revert may
wait.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gitops_gen.project.workspace import OpenProject
from gitops_gen.rules.planning import plan_environments, set_aside
from gitops_gen.rules.rule import Finding
from gitops_gen.rules.sync import JudgedPlan, unused


def plan(workspace: OpenProject, names: Sequence[str] = ()) -> tuple[JudgedPlan, ...]:
    """The plan of each named environment; of all when none is named.

    Raises `UsageError`, `ProblemsError` (inputs, values, rendered output) and `ChartError` (what the chart refuses).
    """
    plans = plan_environments(workspace, names or workspace.names())
    if plans and set(workspace.names()) <= {judged.plan.name for judged in plans}:
        plans[0] = replace(plans[0], findings=(*plans[0].findings, *_unused(workspace, plans)))
    return tuple(plans)


def _unused(workspace: OpenProject, plans: Sequence[JudgedPlan]) -> Iterator[Finding]:
    """The entries of `rules.ignore` that set nothing aside, of each project what its own gitops.yaml says."""
    projects = workspace.projects()
    for project in (projects.at(folder) for folder in dict.fromkeys(("", *projects.folders))):
        if project is not None:
            inside = [judged for judged in plans if judged.plan.name.startswith(project.folder)]
            own = replace(project, documents=project.documents[-1:])
            for _, finding in unused(inside, set_aside(own)):
                yield replace(finding, source=own.file)

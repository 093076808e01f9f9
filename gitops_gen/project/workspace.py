"""A project opened for a command: its folder, its charts, and its path in its git repository."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gitops_gen.errors import Problem, ProblemsError, UsageError, fail_if_any
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import prefix
from gitops_gen.git.sparse import NOTHING, Absent, absent_files, checking_out
from gitops_gen.helm.choice import open_engine
from gitops_gen.models.layout import ENVIRONMENTS, ManifestPaths
from gitops_gen.names import did_you_mean, is_dns_label
from gitops_gen.project.chart_places import chart_places
from gitops_gen.project.charts import Charts
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.inputs import ChangedInputs, Inputs
from gitops_gen.project.pinned_charts import PinnedCharts
from gitops_gen.project.reading import (
    ProjectFile,
    environment_names,
    find_project,
    is_environment,
    read_environment,
    read_project,
)
from gitops_gen.project.resolver import resolve
from gitops_gen.runtime.activity import counted, timed


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenProject:
    """What every command starts from. `base` is the commit that a command decides on: its history ends there."""

    folder: Path
    inputs: Inputs
    charts: Charts
    paths: ManifestPaths
    engine: str = ""
    base: str = "HEAD"
    absent: Absent = NOTHING

    @property
    def is_drafted(self) -> bool:
        """Whether the inputs have changes that are not written."""
        return isinstance(self.inputs, ChangedInputs)

    def with_changes(self, texts: Mapping[str, str | None]) -> "OpenProject":
        """The project as these texts (None: no such file) would make it. Nothing is written."""
        return replace(self, inputs=ChangedInputs(self.inputs, texts))

    def project(self) -> ProjectFile:
        """The project. Raises `ProblemsError` when gitops.yaml is wrong."""
        project, problems = read_project(self.inputs)
        fail_if_any(problems)
        if project is None:
            raise ProblemsError([Problem(message="gitops.yaml cannot be read")])
        return project

    def names(self) -> list[str]:
        """The environments that are checked out, in name order. Raises `ProblemsError` when a folder cannot be one."""
        names, problems = environment_names(self.inputs)
        fail_if_any(problems)
        return [name for name in names if name not in self.absent.environments]

    @timed("read and resolve an environment")
    def environment(self, name: str) -> ResolvedEnvironment:
        """One environment, resolved. Raises `UsageError` when there is none of that name and `ProblemsError` when it
        is wrong.
        """
        self.require(name)
        return self._resolved(self.project(), name)

    @timed("read and resolve all environments")
    def environments(self) -> tuple[list[ResolvedEnvironment], list[Problem]]:
        """Every environment that can be resolved, in name order, and what is wrong with the others.

        Raises `ProblemsError` as `project` and `names` do.
        """
        project = self.project()
        found: list[ResolvedEnvironment] = []
        problems: list[Problem] = []
        names = self.names()
        for name in counted(names, "reading", len(names)):
            try:
                found.append(self._resolved(project, name))
            except ProblemsError as error:
                problems += error.problems
        return found, problems

    def require(self, name: str) -> None:
        """Raise `UsageError` unless there is an environment of that name."""
        self.require_here(name)
        # Only a name that is wrong costs a look at all of them: a fleet's commands ask for each environment in turn.
        if is_dns_label(name) and is_environment(self.inputs, name):
            return
        names, _ = environment_names(self.inputs)
        if name not in names:
            raise UsageError(f"no environment `{name}`", did_you_mean(name, names))

    def _resolved(self, project: ProjectFile, name: str) -> ResolvedEnvironment:
        files, problems = read_environment(self.inputs, name)
        fail_if_any(problems)
        if files is None:
            raise ProblemsError([Problem(message=f"environment `{name}` cannot be read")])
        return self.charts.with_override_files(resolve(project, files))

    def require_here(self, name: str) -> None:
        """Raise `UsageError` for an environment that is not checked out."""
        if name in self.absent.environments:
            raise UsageError(f"environment `{name}` is not checked out", checking_out(f"{ENVIRONMENTS}/{name}"))

    def require_whole(self) -> None:
        """Raise `UsageError` when some environment is not checked out: what is meant for all would not reach it."""
        if self.absent.environments:
            names = ", ".join(sorted(self.absent.environments))
            raise UsageError(f"not checked out: {names}", "run `git sparse-checkout disable`, or name the environments")


@timed("open the project")
def open_workspace(start: Path, engine: str = "") -> OpenProject:
    """The project that `start` is in. Raises `GitopsError` when there is none, `UsageError` for an unknown engine."""
    folder = find_project(start)
    return OpenProject(
        folder=folder,
        inputs=Root(folder),
        charts=Charts(chart_places(folder), folder, partial(open_engine, engine), PinnedCharts(folder)),
        paths=ManifestPaths(prefix=prefix(folder)),
        engine=engine,
        absent=absent_files(folder),
    )

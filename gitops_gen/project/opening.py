"""A project opened for a command: its folder, its charts, and its path in its git repository."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_gen.errors import Problem, ProblemsError, UsageError, fail_if_any
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import prefix
from gitops_gen.git.sparse import NOTHING, Absent, absent_files, checking_out
from gitops_gen.helm.renderer import open_renderer
from gitops_gen.models.layout import (
    ARGOCD_FOLDER,
    ManifestPaths,
    environment_folder,
    environment_of,
    is_environment_name,
    is_generated_path,
    project_folder,
)
from gitops_gen.names import did_you_mean
from gitops_gen.project.chart_folders import chart_folders
from gitops_gen.project.chart_places import ChartPlaces
from gitops_gen.project.charts import Charts
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.inputs import ChangedInputs, Inputs
from gitops_gen.project.pinned_charts import PinnedCharts
from gitops_gen.project.projects import Projects, readable_projects
from gitops_gen.project.reading import (
    ProjectFile,
    find_project,
    focus,
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
    #: the folder of the project in a workspace that the command was started in, empty or ending in `/`
    focus: str = ""

    @property
    def is_drafted(self) -> bool:
        """Whether the inputs have changes that are not written."""
        return isinstance(self.inputs, ChangedInputs)

    def with_changes(self, texts: Mapping[str, str | None]) -> "OpenProject":
        """The project as these texts (None: no such file) would make it. Nothing is written."""
        inputs = ChangedInputs(self.inputs, texts)
        return replace(self, inputs=inputs, charts=self.charts.for_inputs(inputs))

    def is_generated(self, path: str) -> bool:
        """Whether a path is one of this repository's generated files; another project's are not."""
        inside = path.startswith(f"{ARGOCD_FOLDER}/") or project_folder(environment_of(path)) in self.projects().folders
        return is_generated_path(path) and inside

    def projects(self) -> Projects:
        """The project as it is read now; in a workspace, all projects. Raises `ProblemsError` when the gitops.yaml at
        the top is wrong.
        """
        return readable_projects(self.inputs)

    def chart_folders(self) -> list[str]:
        """The charts of the projects that are folders of the repository; of those that can be read."""
        return sorted({path for project in Projects(self.inputs).every() if (path := project.spec.chart.path)})

    def project(self, environment: str = "") -> ProjectFile:
        """The project that an environment is in; without one what all projects share. Raises `ProblemsError` when its
        gitops.yaml is wrong.
        """
        return self.projects().require(environment)

    def names(self, within: str = "") -> list[str]:
        """The environments that are checked out, in name order; those of the project in the folder `within` alone,
        which is faster than a choice out of all. Raises `ProblemsError` when a folder cannot be one.
        """
        return self._names(self.projects(), within)

    def _names(self, projects: Projects, within: str = "") -> list[str]:
        names, problems = projects.names(within)
        fail_if_any(problems)
        return [name for name in names if name not in self.absent.environments]

    @timed("read and resolve an environment")
    def environment(self, name: str) -> ResolvedEnvironment:
        """One environment, resolved. Raises `UsageError` when there is none of that name and `ProblemsError` when it
        is wrong.
        """
        projects = self.projects()
        self._require(projects, name)
        return self._resolved(projects, name)

    @timed("read and resolve all environments")
    def environments(self) -> tuple[list[ResolvedEnvironment], list[Problem]]:
        """Every environment that can be resolved, in name order, and what is wrong with the others.

        Raises `ProblemsError` as `project` and `names` do.
        """
        projects = self.projects()
        found: list[ResolvedEnvironment] = []
        problems: list[Problem] = []
        names = self._names(projects)
        for name in counted(names, "reading", len(names)):
            try:
                found.append(self._resolved(projects, name))
            except ProblemsError as error:
                problems += error.problems
        return found, problems

    def require(self, name: str) -> None:
        """Raise `UsageError` unless there is an environment of that name."""
        self._require(Projects(self.inputs), name)

    def _require(self, projects: Projects, name: str) -> None:
        self.require_here(name)
        # Only a name that is wrong costs a look at all of them: a fleet's commands ask for each environment in turn.
        if is_environment_name(name) and projects.has(name):
            return
        names, _ = projects.names()
        if name not in names:
            raise UsageError(f"no environment `{name}`", did_you_mean(name, names))

    def _resolved(self, projects: Projects, name: str) -> ResolvedEnvironment:
        found = resolve(projects.require(name), projects.require_files(name))
        return self.charts.with_override_files(found)

    def require_here(self, name: str) -> None:
        """Raise `UsageError` for an environment that is not checked out."""
        if name in self.absent.environments:
            raise UsageError(f"environment `{name}` is not checked out", checking_out(environment_folder(name)))

    def require_whole(self) -> None:
        """Raise `UsageError` when some environment is not checked out: what is meant for all would not reach it."""
        if self.absent.environments:
            names = ", ".join(sorted(self.absent.environments))
            raise UsageError(f"not checked out: {names}", "run `git sparse-checkout disable`, or name the environments")


@timed("open the project")
def open_project(start: Path, engine: str = "") -> OpenProject:
    """The project that `start` is in. Raises `GitopsError` when there is none, `UsageError` for an unknown engine."""
    folder = find_project(start)
    return OpenProject(
        folder=folder,
        inputs=Root(folder),
        charts=Charts(ChartPlaces(chart_folders(folder), PinnedCharts(folder)), folder, open_renderer(engine)),
        paths=ManifestPaths(prefix=prefix(folder)),
        engine=engine,
        absent=absent_files(folder),
        focus=focus(start, folder),
    )

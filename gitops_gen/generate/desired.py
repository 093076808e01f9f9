"""The desired tree: the text of every generated file, computed from the hand-written files. Writes nothing and collects
all problems.
"""

import logging
import posixpath
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from gitops_gen.argocd.manifests import app_project, application, root
from gitops_gen.argocd.overrides import Overrides
from gitops_gen.errors import Problem, ProblemsError, UsageError, fail_if_any
from gitops_gen.generate.destinations import Destinations
from gitops_gen.generate.files import stamp
from gitops_gen.generate.other_projects import OtherProjects
from gitops_gen.generate.value_checks import ValueChecks
from gitops_gen.generate.written import digest
from gitops_gen.git.sparse import Absent, checking_out
from gitops_gen.helm.engine import ChartError
from gitops_gen.models.layout import (
    PROJECT_FILE,
    ROOT_FILE,
    ManifestPaths,
    app_project_path,
    application_path,
    environment_folder,
    project_folder,
    values_path,
)
from gitops_gen.names import did_you_mean
from gitops_gen.project.charts import Charts
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.layers import Values
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.projects import Projects
from gitops_gen.project.reading import ProjectFile, read_text
from gitops_gen.project.resolver import resolve
from gitops_gen.runtime.activity import counted, timed
from gitops_gen.yaml.reader import locate
from gitops_gen.yaml.writer import dump

_log = logging.getLogger(__name__)

CONTENT_LENGTH = 12
COMMAND = "generate"
END = "# End of the values."


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredTree:
    """The desired generated files (path in the project → text) and notices for the user."""

    files: dict[str, str]
    notices: tuple[str, ...]
    #: what is wrong with charts that cannot be had, and the environments without files for that reason
    problems: tuple[Problem, ...] = ()
    without_chart: frozenset[str] = frozenset()


@timed("read, resolve and generate")
def desired_tree(
    opened: OpenProject,
    only: Collection[str] = (),
    resolved: Iterable[ResolvedEnvironment] = (),
    *,
    alone: bool = False,
) -> DesiredTree:
    """The generated files of a project; with `only`, those of these environments.

    Every environment is still read and checked: a rule may need all of them; with `alone` those of other projects are
    not, which in a workspace is faster. Those of `resolved`, whose files are right, are not resolved again, and those
    that are absent from the checkout are neither read nor generated. Raises `ProblemsError` with all problems, and
    `UsageError` for an environment that does not exist or is not checked out. A chart that cannot be had is a problem
    of the result: it stops the environments that need it only.
    """
    builder = _Builder(opened, {item.name: item for item in resolved})
    names = builder.read_names(only, alone=alone)
    for name in counted(names, "generating", len(names)):
        builder.add_environment(name, wanted=not only or name in only)
    builder.problems += builder.check_other_projects()
    _log.info("%d environments", len(names))
    # With no other environment to generate there is nothing to go on with.
    fail_if_any([*builder.problems, *([] if builder.files else builder.values.chart_problems)])
    if not only:
        builder.add_root()
    return DesiredTree(
        files=builder.files,
        notices=tuple(builder.notices()),
        problems=tuple(builder.values.chart_problems),
        without_chart=frozenset(builder.values.without_chart),
    )


@dataclass(slots=True)
class _Builder:
    """Collects files and problems, one environment at a time, so that only texts are kept."""

    opened: OpenProject
    resolved: dict[str, ResolvedEnvironment]
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    destinations: Destinations = field(default_factory=Destinations)
    inputs: Inputs = field(init=False)
    charts: Charts = field(init=False)
    paths: ManifestPaths = field(init=False)
    absent: Absent = field(init=False)
    values: ValueChecks = field(init=False)
    other_projects: OtherProjects = field(init=False)
    overrides: Overrides = field(init=False)
    projects: Projects = field(init=False)
    #: Application → environment
    applications: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        opened = self.opened
        self.inputs, self.charts, self.paths, self.absent = opened.inputs, opened.charts, opened.paths, opened.absent
        self.values = ValueChecks(self.inputs, self.charts)
        self.other_projects = OtherProjects(opened.folder)
        self.overrides = Overrides(self.inputs)
        self.projects = Projects(self.inputs)

    def read_names(self, only: Collection[str], *, alone: bool) -> list[str]:
        folders = sorted({project_folder(name) for name in only}) if alone else []
        parts = [self.projects.names(folder) for folder in folders or [""]]
        found, problems = [name for names, _ in parts for name in names], [item for _, wrong in parts for item in wrong]
        names = [name for name in found if name not in self.absent.environments]
        self.problems += [*problems, *self.partial_charts(), *self.projects.problems]
        for name in only:
            if name in self.absent.environments:
                raise UsageError(f"environment `{name}` is not checked out", checking_out(environment_folder(name)))
            if name not in names:
                raise UsageError(f"no environment `{name}`", did_you_mean(name, self.projects.names()[0]))
        return names

    def partial_charts(self) -> Iterator[Problem]:
        """Problems of charts that are only partly checked out: they may render without an error."""
        for path in {project.spec.chart.path for project in self.projects.every()}:
            if path and self.absent.is_partial(posixpath.normpath(path)):
                yield Problem(file=path, message="is only partly checked out", hint=checking_out(path))

    def add_environment(self, name: str, *, wanted: bool) -> None:
        project, before = self.projects.of(name), len(self.problems)
        try:
            environment = self.resolved.get(name) or self.read(project, name)
            if project is None or environment is None:
                return
            is_read = len(self.problems) == before
            self.problems += self.claim(environment)
            self.problems += self.overrides.problems(project.spec, environment, self.paths)
            if is_read:
                self.problems += self.values.problems(environment, wanted=wanted)
            wanted = wanted and name not in self.values.without_chart
            outputs = dict(environment_files(project, environment, self.paths, self.charts)) if wanted else {}
        except ProblemsError as error:
            self.problems += error.problems
            return
        except ChartError:  # reported with the values
            return
        self.files.update(outputs)
        if not self.problems:  # with one, nothing is written and no note is shown
            self.values.note_credentials(environment)

    def read(self, project: ProjectFile | None, name: str) -> ResolvedEnvironment | None:
        files, problems = self.projects.files(name)
        self.problems += problems
        return self.charts.with_override_files(resolve(project, files)) if project and files else None

    def claim(self, environment: ResolvedEnvironment) -> Iterator[Problem]:
        server = environment.server or environment.server_name
        yield from map(self.at_namespace, self.destinations.claim(environment, server))
        first = self.applications.setdefault(environment.application_name, environment.name)
        if first != environment.name:
            file, message = environment.files[-1], f"the name of its Application is that of `{first}` too"
            hint = "rename the environment or the project"
            yield Problem(file=file, line=1, message=f"{message}: {environment.application_name}", hint=hint)

    def at_namespace(self, problem: Problem) -> Problem:
        return problem.at(problem.file, locate(read_text(self.inputs, problem.file), ("namespace",)))

    def check_other_projects(self) -> Iterator[Problem]:
        # A draft is one environment's change; what two projects do to each other is checked where it is generated.
        if self.projects.top is not None and not self.opened.is_drafted:
            others = self.other_projects.problems(self.projects, self.destinations.owners)
            yield from map(self.at_namespace, others)

    def notices(self) -> list[str]:
        return [*self.other_projects.notices, *self.values.notices, *filter(None, [self.absent.notice])]

    def add_root(self) -> None:
        if self.projects.top is not None:
            self.files[ROOT_FILE] = root_file(self.projects.top, self.paths)


def values_text(values: Values) -> str:
    """Values as YAML in which branches merge as in the inputs: by name, so that a key has one place; with a line
    between entries, and one behind the last, since git takes changes of neighbouring lines for a conflict.
    """
    text = dump(values, sort_keys=True, spaced=True)
    if not values:
        return text
    # Empty lines at the end belong to the last value.
    return f"{text}{END}\n" if text.endswith("\n\n") else f"{text}\n{END}\n"


def root_file(project: ProjectFile, paths: ManifestPaths) -> str:
    """The text of the generated app of apps."""
    return stamp(root(project.spec, paths), [PROJECT_FILE], COMMAND)


def environment_files(
    project: ProjectFile, environment: ResolvedEnvironment, paths: ManifestPaths, charts: Charts
) -> Iterator[tuple[str, str]]:
    """The generated files of one environment: path in the project and text. Raises `ProblemsError`."""
    command = f"{COMMAND} {environment.name}"
    name = environment.name
    values = values_text(environment.values)
    content = _content(environment, values, charts) if environment.sync.content_name else ""
    manifest = application(project.spec, environment, paths, content, charts.linked(environment.chart))
    yield values_path(name), stamp(values, environment.files, command)
    yield application_path(name), stamp(manifest, environment.files, command)
    if not environment.existing_project:
        yield app_project_path(name), stamp(app_project(project.spec, environment), environment.files, command)


def _content(environment: ResolvedEnvironment, values: str, charts: Charts) -> str:
    """A digest of all that is rendered: the chart and the values."""
    return digest(charts.content(environment.chart).encode(), values.encode())[:CONTENT_LENGTH]

"""The projects of a repository as read: the one in it, or those of a workspace, each with what it inherits."""

import posixpath
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache, partial
from typing import Any

from gitops_gen.errors import Problem, ProblemsError, UsageError, fail_if_any
from gitops_gen.git.paths import PathError
from gitops_gen.models.layout import ENVIRONMENT_FILE, ENVIRONMENTS, HAND_WRITTEN, PROJECT_FILE, project_folder
from gitops_gen.models.models import Project, Workspace
from gitops_gen.models.validation import validate
from gitops_gen.names import did_you_mean
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.layers import Values, merge
from gitops_gen.project.reading import (
    EnvironmentFiles,
    InputDocument,
    ProjectFile,
    environment_names,
    is_environment,
    parsed,
    read_environment,
    read_shared,
    read_text,
)
from gitops_gen.yaml.key_paths import KeyPath, dotted
from gitops_gen.yaml.reader import locate

_CLUSTER_FILES = ("schemas", "policies")
_OWN = ("apiVersion", "kind", "name", "projects")
"""What a project does not inherit."""

_MODELS: dict[str, type[Project]] = {"Workspace": Workspace}


class Projects:
    """The projects of one state of a repository. What is wrong with any of them is kept in `problems`."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._read_shared = cache(partial(read_shared, inputs))
        self._read: dict[str, ProjectFile | None] = {}
        self.problems: list[Problem] = []
        #: what all projects share: the project itself where it is the only one
        self.top = self._read_top()

    @property
    def is_workspace(self) -> bool:
        """Whether there is a workspace."""
        return self.top is not None and isinstance(self.top.spec, Workspace)

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """The folders of the projects, each empty or ending in `/`, in name order."""
        if self.top is None or not isinstance(self.top.spec, Workspace):
            return ("",)
        found: dict[str, None] = {}
        for index, pattern in enumerate(self.top.spec.projects):
            matched = list(_matching(self._inputs, pattern))
            found |= dict.fromkeys(matched)
            if not matched and "*" not in pattern:
                message, hint = f"there is no {pattern}/{PROJECT_FILE}", "create it, or remove this"
                self.problems.append(_problem(self.top.documents[0], ("projects", index), message, hint))
        return tuple(sorted(found))

    def of(self, environment: str) -> ProjectFile | None:
        """The project that an environment is in; None when it cannot be read."""
        return self.at(project_folder(environment))

    def require(self, environment: str) -> ProjectFile:
        """The project that an environment is in. Raises `ProblemsError` when it cannot be read."""
        project = self.of(environment)
        if project is None:
            unread = Problem(message=f"the project of `{environment}` cannot be read")
            raise ProblemsError(self.problems or [unread])
        return project

    def require_files(self, environment: str) -> EnvironmentFiles:
        """The hand-written files of one environment. Raises `ProblemsError` when they cannot be read."""
        files, problems = self.files(environment)
        fail_if_any(problems)
        if files is None:
            raise ProblemsError([Problem(message=f"environment `{environment}` cannot be read")])
        return files

    def at(self, folder: str) -> ProjectFile | None:
        """The project in a folder; None when it cannot be read."""
        if not folder or self.top is None:
            return self.top
        if folder not in self._read:
            self._read[folder] = self._read_member(self.top, folder)
        return self._read[folder]

    def every(self) -> list[ProjectFile]:
        """All projects that can be read. Two of one name are a problem: so are their Applications."""
        found = [project for folder in self.folders if (project := self.at(folder))]
        owners: dict[str, str] = {}
        for project in found:
            first = owners.setdefault(project.spec.name, project.file)
            if first != project.file:
                message = f"`{project.spec.name}` is also the name of {first}"
                self.problems.append(_problem(project.documents[-1], ("name",), message, "rename one of them"))
        return found

    def stages(self) -> list[str]:
        """The stages of all projects, in promotion order."""
        specs = [project.spec for project in (self.top, *self.every()) if project]
        return list(dict.fromkeys(stage.name for spec in specs for stage in spec.stages))

    def clusters(self) -> list[str]:
        """The clusters of all projects."""
        specs = [project.spec for project in (self.top, *self.every()) if project]
        return list(dict.fromkeys(name for spec in specs for name in spec.clusters))

    def names(self, within: str = "") -> tuple[list[str], list[Problem]]:
        """The environments of all projects in name order, or of the one in the folder `within`, and what is wrong with
        their folders.
        """
        names, problems = list[str](), list[Problem]()
        for folder in [within] if within else self.folders:
            found, wrong = environment_names(self._inputs, folder)
            names += found
            problems += wrong
        return names, [*problems, *(self._wrongly_shared() if self.is_workspace else ())]

    def has(self, environment: str) -> bool:
        """Whether there is an environment of that name, asked without looking at the others."""
        folder = project_folder(environment)
        is_there = not folder or (self.holds(folder.rstrip("/")) and self._inputs.is_file(folder + PROJECT_FILE))
        return is_there and bool(folder) == self.is_workspace and is_environment(self._inputs, environment)

    def holds(self, folder: str) -> bool:
        """Whether a folder is where the workspace has its projects."""
        patterns = self.top.spec.projects if self.top and isinstance(self.top.spec, Workspace) else ()
        return any(fnmatchcase(folder, pattern) and folder.count("/") == pattern.count("/") for pattern in patterns)

    def files(self, environment: str) -> tuple[EnvironmentFiles | None, list[Problem]]:
        """The hand-written files of one environment, and what is wrong with them."""
        return read_environment(self._inputs, environment, self._read_shared)

    def named(self, name: str) -> ProjectFile:
        """The project of that name or folder. Raises `UsageError` when there is none."""
        every = self.every()
        for project in every:
            if name in (project.spec.name, project.folder.rstrip("/")):
                return project
        raise UsageError(f"no project `{name}`", did_you_mean(name, [item.spec.name for item in every]))

    def meant(self, name: str, focus: str = "") -> list[str]:
        """The environments that a name as it is typed means: `PROJECT/ENV` (by the project's name or folder), or `ENV`,
        which in a workspace is that environment of the project in the folder `focus`, and without one of every project.
        A name that means none is given back.
        """
        if not self.is_workspace:
            return [name]
        project, _, environment = name.rpartition("/")
        if project:
            return [self.named(project).folder + environment]
        return [found for folder in ([focus] if focus else self.folders) if self.has(found := folder + name)] or [name]

    def _wrongly_shared(self) -> Iterator[Problem]:
        """Files in the workspace's own `environments` that nothing reads."""
        for name, files in _folders(self._inputs, ENVIRONMENTS).items():
            for file in sorted({*files} & {*HAND_WRITTEN} - {ENVIRONMENT_FILE}):
                message, hint = "is not read: a release belongs to a project", "move it into a project's folder"
                yield Problem(file=f"{ENVIRONMENTS}/{name}/{file}", line=1, message=message, hint=hint)

    def _read_top(self) -> ProjectFile | None:
        text, data = self._text(PROJECT_FILE)
        if text is None:
            return None
        _, spec, problems = parsed(text, _MODELS.get(str(data.get("kind")), Project))
        self.problems += [problem.at(PROJECT_FILE, problem.line) for problem in problems]
        if spec is None:
            return None
        own = InputDocument(file=PROJECT_FILE, data=data, text=text)
        return ProjectFile(inputs=self._inputs, spec=spec, documents=(own,))

    def _read_member(self, top: ProjectFile, folder: str) -> ProjectFile | None:
        file = folder + PROJECT_FILE
        text, data = self._text(file)
        if text is None:
            return None
        spec, problems = _member(top.documents[0].text, text, folder)
        self.problems += [problem.at(file, problem.line) for problem in problems]
        if spec is None:
            return None
        own = InputDocument(file=file, data=data, text=text)
        return ProjectFile(inputs=self._inputs, spec=spec, documents=(*top.documents, own), folder=folder)

    def _text(self, file: str) -> tuple[str | None, Values]:
        try:
            text = read_text(self._inputs, file)
        except ProblemsError as error:
            self.problems += error.problems
            return None, {}
        return text, parsed(text, None)[0]


def readable_projects(inputs: Inputs) -> Projects:
    """The project, or all of a workspace. Raises `ProblemsError` when the gitops.yaml at the top cannot be read."""
    found = Projects(inputs)
    if found.top is None:
        raise ProblemsError(found.problems or [Problem(message=f"{PROJECT_FILE} cannot be read")])
    return found


def _problem(document: InputDocument, path: KeyPath, message: str, hint: str) -> Problem:
    line = locate(document.text, path)
    return Problem(file=document.file, line=line, key=dotted(path), message=message, hint=hint)


def _matching(inputs: Inputs, pattern: str) -> Iterator[str]:
    parent, _, last = pattern.rpartition("/")
    if "*" not in last:
        yield from [f"{pattern}/"] if inputs.is_file(f"{pattern}/{PROJECT_FILE}") else []
        return
    for name, files in sorted(_folders(inputs, parent).items()):
        if fnmatchcase(name, last) and PROJECT_FILE in files:
            yield f"{parent}/{name}/" if parent else f"{name}/"


def _folders(inputs: Inputs, path: str) -> dict[str, list[str]]:
    try:
        return inputs.folders(path)
    except (OSError, PathError):
        return {}


@lru_cache(maxsize=1024)
def _member(shared: str, own: str, folder: str) -> tuple[Project | None, tuple[Problem, ...]]:
    """A project of a workspace from both texts, and what is wrong with its own."""
    inherited = {key: value for key, value in parsed(shared, None)[0].items() if key not in _OWN}
    data, _, wrong = parsed(own, None)
    if wrong:
        return None, wrong
    _, problems = validate(Project, {**inherited, **data}, "", lambda: own)
    if problems:
        return None, tuple(problems)
    spec, problems = validate(Project, _combined(inherited, data, folder), "", lambda: own)
    return spec, tuple(problems)


def _combined(inherited: Values, own: Values, folder: str) -> Values:
    own = _from_top(own, folder)
    data = merge(inherited, own)
    if chart := own.get("chart"):
        data["chart"] = chart
    stages = {stage["name"]: stage for stage in inherited.get("stages", ())}
    for stage in own.get("stages", ()):
        stages[stage["name"]] = merge(stages.get(stage["name"], {}), stage)
    rules = [*_ignored(inherited), *_ignored(own)]
    return {**data, "stages": [*stages.values()], "rules": {**data.get("rules", {}), "ignore": rules}}


def _from_top(own: Values, folder: str) -> Values:
    """The file of a project with its paths counted from the workspace's folder instead of from its own."""

    def counted(path: str) -> str:
        return posixpath.normpath(folder + path)

    chart = own.get("chart") or {}
    found = {**own, "chart": {**chart, "path": counted(chart["path"])}} if chart.get("path") else dict(own)
    if clusters := own.get("clusters"):
        found["clusters"] = {
            name: {**cluster, **{key: [*map(counted, cluster[key])] for key in _CLUSTER_FILES if cluster.get(key)}}
            for name, cluster in clusters.items()
        }
    return found


def _ignored(data: Values) -> Collection[Any]:
    found: Collection[Any] = data.get("rules", {}).get("ignore", ())
    return found

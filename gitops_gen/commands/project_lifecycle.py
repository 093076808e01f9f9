"""The projects of a workspace: listing, adding, renaming and removing them."""

import posixpath
from dataclasses import dataclass

from gitops_gen.changes.change import Delivery, Draft, Outcome, change
from gitops_gen.changes.lifecycle import born, left_behind, require_permission
from gitops_gen.changes.values.places import NEW_RELEASE
from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.commits import Message
from gitops_gen.models.layout import PROJECT_FILE, hand_written, release_path, short_name
from gitops_gen.models.models import Workspace
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.projects import Projects
from gitops_gen.project.reading import ProjectFile, environment_names, text_if_any
from gitops_gen.yaml.editing.document import set_value


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectRow:
    """One project as `project list` shows it."""

    name: str
    folder: str
    chart: str
    environments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFacts:
    """What a project is given: its folder and chart (empty: as the workspace says), and its environments (none: all of
    the workspace). `release` is the environment whose release they start with.
    """

    name: str
    folder: str = ""
    chart: str = ""
    environments: tuple[str, ...] = ()
    release: str = ""


def list_projects(opened: OpenProject) -> list[ProjectRow]:
    """The projects in name order; one, where there is no workspace. Raises `ProblemsError` for what cannot be read."""
    projects = opened.projects()
    names = opened.names()
    return [_row(project, names) for project in projects.every()]


def _row(project: ProjectFile, names: list[str]) -> ProjectRow:
    chart = project.spec.chart
    return ProjectRow(
        name=project.spec.name,
        folder=project.folder.rstrip("/") or ".",
        chart=chart.path or f"{chart.name} {chart.version}",
        environments=tuple(short_name(name) for name in names if name.startswith(project.folder)),
    )


def add(opened: OpenProject, wanted: ProjectFacts, delivery: Delivery) -> Outcome:
    """A new project of a workspace. Raises `UsageError` for a name or folder that is taken or that the workspace does
    not have, and as `change` does.
    """
    return change(opened, delivery, lambda here: _added(here, wanted))


def rename(opened: OpenProject, old: str, new: str, delivery: Delivery, *, delete_running: bool = False) -> Outcome:
    """Another name for a project, in the folder that it has. To Argo CD that is a removal and an addition of all its
    Applications: raises `GitopsError` when that would delete resources, unless `delete_running`.
    """
    return change(opened, delivery, lambda here: _renamed(here, old, new, delete_running=delete_running))


def remove(opened: OpenProject, name: str, delivery: Delivery, *, delete_running: bool = False) -> Outcome:
    """Remove a project's files. Raises `GitopsError` when Argo CD would delete resources, unless `delete_running`."""
    return change(opened, delivery, lambda here: _removed(here, name, delete_running=delete_running))


def _added(opened: OpenProject, wanted: ProjectFacts) -> Draft:
    projects = _require_workspace(opened)
    folder = wanted.folder.rstrip("/") or _folder(projects, wanted.name)
    file = f"{folder}/{PROJECT_FILE}"
    if not projects.holds(folder):
        raise UsageError(
            f"`{folder}` is not one of the workspace's projects", f"add it to `projects` in {PROJECT_FILE}"
        )
    taken = [item.file for item in projects.every() if item.spec.name == wanted.name or item.file == file]
    if taken:
        raise UsageError(f"there is a project `{wanted.name}` already, in {taken[0]}", "choose another name")
    text = f"apiVersion: gitops-gen/v1\nkind: Project\nname: {wanted.name}\n"
    if wanted.chart:
        text = set_value(text, ("chart", "path"), posixpath.relpath(wanted.chart, folder), file)
    found = [f"{folder}/{name}" for name in wanted.environments or environment_names(opened.inputs)[0]]
    release = text_if_any(opened.inputs, release_path(wanted.release)) if wanted.release else None
    return Draft(
        files={file: text, **{release_path(name): release or NEW_RELEASE for name in found}},
        environments=tuple(found),
        message=_message(f"Add project {wanted.name}", found, "add"),
        summary=(f"Add project {wanted.name} in {folder}",),
        notes=tuple(born(f"{wanted.name}-{short_name(name)}") for name in found),
    )


def _renamed(opened: OpenProject, old: str, new: str, *, delete_running: bool) -> Draft:
    project = _require_workspace(opened).named(old)
    found = _environments(opened, project)
    for item in found:
        require_permission(item, delete_running=delete_running)
    text = text_if_any(opened.inputs, project.file) or ""
    names = [item.name for item in found]
    return Draft(
        files={project.file: set_value(text, ("name",), new, project.file)},
        environments=tuple(names),
        message=_message(f"Rename project {project.spec.name} to {new}", names, "rename"),
        summary=(f"Rename project {project.spec.name} to {new}",),
        notes=(
            *(line for item in found for line in left_behind(item)),
            *(born(f"{new}-{short_name(name)}") for name in names),
            f"it stays in {project.folder}: `git mv` moves it, and `gitops-gen generate` follows; nothing is restarted",
        ),
    )


def _removed(opened: OpenProject, name: str, *, delete_running: bool) -> Draft:
    project = _require_workspace(opened).named(name)
    found = _environments(opened, project)
    for item in found:
        require_permission(item, delete_running=delete_running)
    names = [item.name for item in found]
    paths = [project.file, *(path for item in names for path in hand_written(item))]
    return Draft(
        files={path: None for path in paths if text_if_any(opened.inputs, path) is not None},
        environments=tuple(names),
        message=_message(f"Remove project {project.spec.name}", names, "remove"),
        summary=(f"Remove project {project.spec.name}",),
        notes=tuple(dict.fromkeys(line for item in found for line in left_behind(item))),
    )


def _message(subject: str, names: list[str], verb: str) -> Message:
    return Message(subject=subject, environments=tuple(names), change=f"project {verb}")


def _environments(opened: OpenProject, project: ProjectFile) -> list[ResolvedEnvironment]:
    return [opened.environment(name) for name in opened.names() if name.startswith(project.folder)]


def _require_workspace(opened: OpenProject) -> Projects:
    projects = opened.projects()
    if not projects.is_workspace:
        hint = "`gitops-gen init DIR --workspace` starts a repository with several projects"
        raise GitopsError(f"{PROJECT_FILE} is that of one project", hint)
    return projects


def _folder(projects: Projects, name: str) -> str:
    patterns = projects.top.spec.projects if projects.top and isinstance(projects.top.spec, Workspace) else []
    for pattern in patterns:
        if "*" in pattern:
            return pattern.replace("*", name)
    raise UsageError(f"no entry of `projects` in {PROJECT_FILE} has room for `{name}`", "add its folder there first")

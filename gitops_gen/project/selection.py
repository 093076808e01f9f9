"""Which environments the words and options of a command line mean."""

from collections.abc import Sequence

from gitops_gen.errors import UsageError
from gitops_gen.models.layout import project_folder
from gitops_gen.project.listing import Scope, is_inside, require_known
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.projects import Projects


def selected(opened: OpenProject, names: Sequence[str], scope: Scope) -> tuple[str, ...]:
    """The environments that are named, of those the ones in the scope; none, where all are meant.

    Raises `UsageError` for a project, stage or cluster that does not exist, and where nothing is left.
    """
    scope = focused(opened, names, scope)
    if not names and scope.is_all:
        return ()
    projects = Projects(opened.inputs)
    folder = projects.named(scope.project).folder if scope.project else ""
    wanted = [found for name in names for found in projects.meant(name, opened.focus)] or opened.names(folder)
    if not scope.is_all:
        wanted = _inside(opened, wanted, scope, folder)
    if not wanted:
        raise UsageError(f"no environment {scope.described}", "`gitops-gen env list` shows all of them")
    return tuple(dict.fromkeys(wanted))


def one(opened: OpenProject, name: str) -> str:
    """The one environment that a name means. Raises `UsageError` for a name that means several."""
    found = Projects(opened.inputs).meant(name, opened.focus)
    if len(found) > 1:
        raise UsageError(f"`{name}` is an environment of {len(found)} projects", f"choose one: {', '.join(found)}")
    return found[0]


def new(opened: OpenProject, name: str, like: str = "") -> str:
    """The full name of an environment that is to be made, in the project of `like` when it names none. Raises
    `UsageError` where it is not said in which project.
    """
    if "/" in name or not (projects := opened.projects()).is_workspace:
        return one(opened, name) if "/" in name else name
    if folder := project_folder(like) or opened.focus:
        return folder + name
    known = ", ".join(f"{project.spec.name}/{name}" for project in projects.every())
    raise UsageError(f"`{name}` names no project", f"name it too, one of: {known}")


def focused(opened: OpenProject, names: Sequence[str], scope: Scope) -> Scope:
    """The scope as the folder narrows it that the command was started in."""
    return scope if scope.project or names else scope.within(opened.focus.rstrip("/"))


def _inside(opened: OpenProject, names: Sequence[str], scope: Scope, folder: str) -> list[str]:
    names = [name for name in names if not folder or project_folder(name) == folder]
    if not scope.stage and not scope.cluster:
        return names
    require_known(opened, scope)
    found = map(opened.environment, names)
    return [item.name for item in found if is_inside(scope, item.stage, item.cluster)]

"""A project's past: which commits changed what, and its inputs as they were at one; read from git's objects, with the
working tree left alone.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gitops_gen.errors import Problem, ProblemsError
from gitops_gen.git.history import Commit, Span, commits
from gitops_gen.git.objects import LINK, Objects
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import run
from gitops_gen.models.layout import is_environment_name
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.projects import Projects
from gitops_gen.yaml.reader import load

RENAMED = "env rename"


def changes_of(
    opened: OpenProject, paths: Sequence[str], *, limit: int = 0, since: str = "", until: str = ""
) -> Iterator[Commit]:
    """The changes of files of the project on the branch that Argo CD follows, up to what the command decides on (or
    `until`), without what `since` had already; the newest first. Raises `GitError`.
    """
    project = Projects(opened.inputs).top
    branch = project.spec.revision if project else ""
    span = Span(since=since, until=until or opened.base)
    return commits(opened.folder, paths, span, limit=limit, branch=branch)


def former_name(commit: Commit, name: str) -> str:
    """What the environment `name` was called before the commit, where the commit renamed it; else nothing."""
    for item in (commit, *commit.merged):
        former = item.environments[0] if item.environments else ""
        if item.change == RENAMED and item.environments[1:] == (name,) and is_environment_name(former):
            return former
    return ""


def texts_at(project: Path, commit: str, paths: Sequence[str]) -> dict[str, str | None]:
    """The files as a commit has them (None: not at all), as git would check them out.

    Raises `GitError` when git cannot read them: a file that cannot be read is not a missing one; and
    `ProblemsError` for a symlink.
    """
    return {path: _checked_out(project, commit, path) for path in paths}


def _checked_out(project: Path, commit: str, path: str) -> str | None:
    """Through git's filters, so that a checkout with CRLF gets CRLF."""
    inside = prefix(project) + path
    if not commit or not (entry := run(project, "ls-tree", "--full-tree", commit, "--", inside)):
        return None
    if entry.startswith(LINK):
        raise ProblemsError([Problem(file=path, message=f"is a symlink at {commit[:12]}", hint="edit it by hand")])
    return run(project, "cat-file", "--filters", f"{commit}:{inside}")


def values_at(project: Path, places: Sequence[tuple[str, str]], objects: Objects | None = None) -> list[Any]:
    """The parsed files at (commit, path), {} for what is missing or cannot be read; one git process for all, that of
    `objects` if given. A partial clone fetches what it lacks.
    """
    inside, objects = prefix(project), objects or Objects(project, {})
    entries = [objects.entry(commit, inside + path) for commit, path in places]
    ids = {entry.id for entry in entries if entry and entry.mode != LINK}
    contents = dict(zip(ids, objects.named([*ids]), strict=True))
    found = [contents.get(entry.id) if entry else None for entry in entries]
    return [_parsed(content, path) for content, (_, path) in zip(found, places, strict=True)]


def _parsed(content: bytes | None, path: str) -> Any:
    try:
        return (load(content.decode(), path) if content else None) or {}
    except (ProblemsError, UnicodeDecodeError):
        return {}

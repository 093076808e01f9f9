"""After two people's commits met: inputs merged key by key, generated files made anew."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from gitops_gen.commands.generate import check
from gitops_gen.commands.workspace import open_workspace
from gitops_gen.edit.merge import merged
from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.git.command import blobs
from gitops_gen.git.journal import replace
from gitops_gen.git.repository import prefix
from gitops_gen.spec.files import ENVIRONMENTS, HAND_WRITTEN, PROJECT_FILE
from gitops_gen.spec.validation import dotted
from gitops_gen.tree import blocked, is_generated_path, write

_INPUTS = (PROJECT_FILE, *(f"{ENVIRONMENTS}/*/{name}" for name in HAND_WRITTEN))


def settle(project: Path, conflicts: list[str]) -> None:
    """Make the project right again after a merge that left `conflicts` (paths from the git root).

    Raises `ProblemsError` with every key that both sides changed and every other file in conflict.
    """
    inside = prefix(project)
    problems: list[Problem] = []
    for path in conflicts:
        name = path.removeprefix(inside) if path.startswith(inside) else f"/{path}"
        if not is_generated_path(name):
            problems += _merge_input(project, path, name)
    fail_if_any(problems)
    workspace = open_workspace(project)
    changes = check(workspace).changes
    fail_if_any(blocked(workspace.folder, changes, overwrite=True))
    write(workspace.folder, changes)


def _merge_input(project: Path, path: str, name: str) -> Iterator[Problem]:
    stages = blobs(project, [f":{stage}:{path}" for stage in (1, 2, 3)])
    if not any(fnmatchcase(name, pattern) for pattern in _INPUTS) or None in stages:
        yield Problem(file=name, message="was changed on both sides")
        return
    base, ours, theirs = (stage.decode() for stage in stages if stage is not None)
    result = merged(base, ours, theirs, name)
    replace(project / name, result.text.encode())
    for key in result.conflicts:
        yield Problem(file=name, key=dotted(key), message="was changed on both sides")

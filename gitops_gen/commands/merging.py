"""After two people's commits met: inputs merged key by key, generated files made anew."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from gitops_gen.commands.generate import generate
from gitops_gen.commands.workspace import open_workspace
from gitops_gen.edit.merge import merged
from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.git.command import blobs
from gitops_gen.git.journal import replace
from gitops_gen.git.repository import prefix
from gitops_gen.git.state import mark_resolved, unmerged
from gitops_gen.spec.files import ENVIRONMENTS, HAND_WRITTEN, PROJECT_FILE
from gitops_gen.spec.validation import dotted
from gitops_gen.tree import OWNED

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
    generate(open_workspace(project), overwrite=True)


def is_generated_path(path: str) -> bool:
    """Whether a path of the project is one where only generated files lie."""
    return any(fnmatch(path, pattern) for pattern in OWNED)


def _merge_input(project: Path, path: str, name: str) -> Iterator[Problem]:
    stages = blobs(project, [f":{stage}:{path}" for stage in (1, 2, 3)])
    if not any(fnmatch(name, pattern) for pattern in _INPUTS) or None in stages:
        yield Problem(file=name, message="was changed on both sides")
        return
    base, ours, theirs = (stage.decode() for stage in stages if stage is not None)
    result = merged(base, ours, theirs, name)
    replace(project / name, result.text.encode())
    for key in result.conflicts:
        yield Problem(file=name, key=dotted(key), message="was changed on both sides")


def resolve_generated(project: Path) -> tuple[str, ...]:
    """Tell git that the generated files which a merge left in conflict are right now; gives their paths in the project."""
    inside = prefix(project)
    paths = [path.removeprefix(inside) for path in unmerged(project) if path.startswith(inside)]
    resolved = tuple(path for path in paths if is_generated_path(path))
    if resolved:
        mark_resolved(project, resolved)
    return resolved

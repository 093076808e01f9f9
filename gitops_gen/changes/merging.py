"""Resolving conflicts between two commits: inputs are merged key by key, generated files are generated again."""

from collections.abc import Iterator
from pathlib import Path

from gitops_gen.changes.incoming import said, who_changed
from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.generate.check import check
from gitops_gen.generate.files import blocked, write
from gitops_gen.git.objects import contents_of
from gitops_gen.git.paths import Root
from gitops_gen.git.replay import Sides
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import run
from gitops_gen.models.layout import is_generated_path, is_input_path
from gitops_gen.project.opening import open_project
from gitops_gen.runtime.replacing import replace_file
from gitops_gen.yaml.editing.merge import merged
from gitops_gen.yaml.key_paths import KeyPath, dotted, value_at
from gitops_gen.yaml.reader import load


def settle(project: Path, conflicts: list[str], sides: Sides) -> list[str]:
    """Resolve the `conflicts` (paths from the git root) that a rebase left, and regenerate; returns the paths in the
    project that were written.

    Raises `ProblemsError` with every key that both sides changed and every other file in conflict.
    """
    inside = prefix(project)
    problems: list[Problem] = []
    written: list[str] = []
    for path in conflicts:
        name = path.removeprefix(inside) if path.startswith(inside) else f"/{path}"
        if not is_generated_path(name):
            problems += _merge_input(project, path, name, sides)
        written.append(name)
    fail_if_any(problems)
    opened = open_project(project)
    changes = check(opened).changes
    fail_if_any(blocked(opened.folder, changes, overwrite=True))
    write(opened.folder, changes)
    return [*written, *(item.path for item in changes)]


def _merge_input(project: Path, path: str, name: str, sides: Sides) -> Iterator[Problem]:
    stages = contents_of(project, [f":{stage}:{path}" for stage in (1, 2, 3)])
    if not is_input_path(name) or None in stages:
        yield Problem(file=name, message="was changed on both sides")
        return
    base, ours, theirs = (stage.decode() for stage in stages if stage is not None)
    result = merged(base, ours, theirs, name)
    replace_file(Root(project).target(name), result.text.encode())
    for key in result.conflicts:
        values = said(value_at(load(theirs, name), key)), said(value_at(load(ours, name), key))
        yield Problem(file=name, key=dotted(key), message=_both(project, name, key, sides, values))


def _both(project: Path, name: str, key: KeyPath, sides: Sides, values: tuple[str, str]) -> str:
    mine, theirs = values
    author = run(project, "log", "-1", "--format=%an", sides.mine).strip()
    who = who_changed(project, sides.base, sides.tip, name, key)
    return f"was changed on both sides: {mine} by {author}, {theirs} by {who.described if who else 'others'}"

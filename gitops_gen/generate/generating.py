"""Updates the generated files."""

from collections.abc import Sequence
from dataclasses import replace

from gitops_gen.errors import fail_if_any
from gitops_gen.generate.check import Generation, compared
from gitops_gen.generate.desired import desired_tree
from gitops_gen.generate.files import blocked, sweep, write
from gitops_gen.generate.written import Written
from gitops_gen.git.checkout import resolve
from gitops_gen.git.journal import session
from gitops_gen.project.opening import OpenProject


def generate(opened: OpenProject, environments: Sequence[str] = (), *, overwrite: bool = False) -> Generation:
    """Write every generated file that differs, and remove the orphaned ones.

    Nothing is written when anything is wrong: in the inputs, or because a file is in the way. A file that was edited by
    hand is in the way unless `overwrite`. A chart that cannot be had stops only the environments that need it and is in
    the result's `problems`. Raises `ProblemsError`, `UsageError` and `GitopsError` (the disk).
    """
    with session(opened.folder) as said:
        generation = _generate(opened, environments, overwrite=overwrite)
        resolved = resolve(opened.folder, opened.is_generated)
    return replace(generation, notices=(*said, *generation.notices), resolved=resolved)


def _generate(opened: OpenProject, environments: Sequence[str], *, overwrite: bool) -> Generation:
    desired = desired_tree(opened, environments, alone=True)
    generation = compared(opened, desired, orphans=not environments)
    fail_if_any(blocked(opened.folder, generation.changes, overwrite=overwrite))
    sweep(opened.folder, opened.projects().folders)
    write(opened.folder, generation.changes)
    Written(opened.folder).add({item.path: item.new for item in generation.changes if item.new is not None})
    return generation

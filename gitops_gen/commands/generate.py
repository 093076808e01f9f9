"""`generate`: bring the generated files up to date, or say which ones are not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_gen.errors import fail_if_any
from gitops_gen.generate.desired import DesiredTree, desired_tree
from gitops_gen.generate.files import Change, State, blocked, compare, environment_of, is_generated_path, sweep, write
from gitops_gen.generate.memo import Memo
from gitops_gen.generate.written import Written
from gitops_gen.git.checkout import resolve
from gitops_gen.git.journal import session
from gitops_gen.git.sparse import absent_files
from gitops_gen.git.versions import contents_at
from gitops_gen.project.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """What a run found: the files that differ (and, unless it was a check, now do not), what a person should know, and
    the files that git had in a merge conflict and has no longer.
    """

    changes: tuple[Change, ...]
    unchanged: int
    notices: tuple[str, ...]
    resolved: tuple[str, ...] = ()


def check(workspace: Workspace, environments: Sequence[str] = ()) -> Generation:
    """Which generated files are not as they should be. Writes nothing. Raises `ProblemsError`, `UsageError`."""
    desired = _desired(workspace, environments)
    return _compared(workspace, desired, orphans=not environments)


def generate(workspace: Workspace, environments: Sequence[str] = (), *, overwrite: bool = False) -> Generation:
    """Write every generated file that is not as it should be, and remove the orphaned ones.

    Nothing is written when anything is wrong: in the inputs, or because a file is in the way. A file that was edited by
    hand is in the way unless `overwrite`. Raises `ProblemsError`, `UsageError` and `GitopsError` (the disk).
    """
    with session(workspace.folder) as said:
        generation = _generate(workspace, environments, overwrite=overwrite)
        resolved = resolve(workspace.folder, is_generated_path)
    return replace(generation, notices=(*said, *generation.notices), resolved=resolved)


def _generate(workspace: Workspace, environments: Sequence[str], *, overwrite: bool) -> Generation:
    memo = None if environments else workspace.memo()
    desired = _desired(workspace, environments, memo)
    generation = _compared(workspace, desired, orphans=not environments)
    fail_if_any(blocked(workspace.folder, generation.changes, overwrite=overwrite))
    sweep(workspace.folder)
    Written().add(change.new for change in generation.changes if change.new is not None)
    write(workspace.folder, generation.changes)
    if memo is not None:
        memo.save(desired.entries)
    return generation


def _desired(workspace: Workspace, environments: Sequence[str], memo: Memo | None = None) -> DesiredTree:
    folder, charts, paths = workspace.folder, workspace.charts, workspace.paths
    return desired_tree(folder, charts, paths, environments, memo, absent=workspace.absent)


def _compared(workspace: Workspace, desired: DesiredTree, *, orphans: bool) -> Generation:
    found = compare(workspace.folder, desired.files, settled=desired.settled, orphans=orphans)
    changes = list(_checked_out(workspace, found)) if found else []
    edited = workspace.edited(changes) if changes else set()
    changes = [replace(change, state=State.EDITED) if change.path in edited else change for change in changes]
    unchanged = len(desired.settled) + len(desired.files) - sum(change.new is not None for change in changes)
    return Generation(changes=tuple(changes), unchanged=unchanged, notices=desired.notices)


def _checked_out(workspace: Workspace, changes: Sequence[Change]) -> Iterator[Change]:
    """The changes of what this checkout decides on: an environment that is not here keeps its files, and a generated
    file that is not here is held against the index.
    """
    surely = any(change.state is State.ORPHANED for change in changes)
    absent = absent_files(workspace.checkout, surely=True) if surely else workspace.absent
    kept = contents_at(workspace.checkout, "", sorted(absent.paths & {change.path for change in changes}))
    for change in changes:
        if change.path in kept:
            if kept[change.path] != change.new:
                yield replace(change, state=State.ABSENT, old=kept[change.path])
        elif change.state is not State.ORPHANED or environment_of(change.path) not in absent.environments:
            yield change

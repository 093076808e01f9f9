"""Compares the generated files on disk with the desired ones."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.generate.desired import DesiredTree, desired_tree
from gitops_gen.generate.files import Change, State, compare, owned_files
from gitops_gen.git.sparse import absent_files
from gitops_gen.git.versions import contents_at
from gitops_gen.models.layout import environment_of
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """What a run found: the files that differ (and, unless it was a check, now do not), what a person should know, and
    the files that git had in a merge conflict and has no longer.
    """

    changes: tuple[Change, ...]
    unchanged: int
    notices: tuple[str, ...]
    resolved: tuple[str, ...] = ()
    #: what is wrong with charts that cannot be had: the files of the environments that need them are left as they are
    problems: tuple[Problem, ...] = ()


def _edited(opened: OpenProject, changes: Sequence[Change]) -> set[str]:
    """The paths of the files that somebody edited by hand, of those that differ."""
    # Imported here because most runs find no difference.
    from gitops_gen.generate.provenance import Provenance

    folder, charts, paths = opened.folder, opened.charts, opened.paths
    return Provenance(folder=folder, charts=charts, paths=paths, drafted=opened.is_drafted).edited(changes)


def _checked_out(opened: OpenProject, changes: Sequence[Change]) -> Iterator[Change]:
    """The changes of what this checkout decides on: an environment outside of it keeps its files, and a generated file
    outside of it is compared with the index.
    """
    surely = any(change.state is State.ORPHANED for change in changes)
    absent = absent_files(opened.folder, surely=True) if surely else opened.absent
    kept = contents_at(opened.folder, "", sorted(absent.paths & {change.path for change in changes}))
    for change in changes:
        if change.path in kept:
            if kept[change.path] != change.new:
                yield replace(change, state=State.ABSENT, old=kept[change.path])
        elif change.state is not State.ORPHANED or environment_of(change.path) not in absent.environments:
            yield change


def compared(opened: OpenProject, desired: DesiredTree, *, orphans: bool) -> Generation:
    """The files that differ from the desired ones; with `orphans` also those that no input asks for."""
    every = owned_files(opened.folder, opened.projects().folders) if orphans else ()
    owned = (path for path in every if environment_of(path) not in desired.without_chart)
    found = compare(opened.folder, desired.files, owned)
    changes = list(_checked_out(opened, found)) if found else []
    edited = _edited(opened, changes) if changes else set()
    changes = [replace(change, state=State.EDITED) if change.path in edited else change for change in changes]
    unchanged = len(desired.files) - sum(change.new is not None for change in changes)
    problems = desired.problems
    return Generation(changes=tuple(changes), unchanged=unchanged, notices=desired.notices, problems=problems)


def check(
    opened: OpenProject, environments: Sequence[str] = (), resolved: Iterable[ResolvedEnvironment] = ()
) -> Generation:
    """The generated files that differ from the desired ones; `resolved` as in `desired_tree`. Writes nothing. Raises
    `ProblemsError`, `UsageError`.
    """
    generation = compared(opened, desired_tree(opened, environments, resolved), orphans=not environments)
    fail_if_any(generation.problems)
    return generation


def check_possible(opened: OpenProject, environments: Sequence[str] = (), *, alone: bool = False) -> Generation:
    """The same without the environments whose chart cannot be had: `problems` says why. With `alone` the projects that
    are not named are not read.
    """
    return compared(opened, desired_tree(opened, environments, alone=alone), orphans=not environments)

"""`history`: what changed where, when, by whom, from which release to which; from commits, this tool's or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_gen.changes.project_history import changes_of, former_name, values_at
from gitops_gen.errors import GitopsError
from gitops_gen.git.checkout import read_checkout
from gitops_gen.git.history import Commit
from gitops_gen.git.objects import Objects
from gitops_gen.models.layout import (
    ENVIRONMENTS,
    environment_folder,
    environment_of,
    hand_written,
    is_environment_name,
    project_folder,
    release_path,
    values_path,
)
from gitops_gen.names import did_you_mean
from gitops_gen.project.opening import OpenProject
from gitops_gen.yaml.editing.difference import KeyDifference, differences

_SPAN = 50

_Touched = tuple[Commit, str]
"""A commit, and the name that an environment it changed had after it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """A commit that reached the branch by a merge: its own state was never what the branch had."""

    commit: str
    date: str
    author: str
    subject: str
    change: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What one commit changed in one environment, compared with what the branch was before.

    `release` are the changes of what is promoted, at their paths in release.yaml; `values` those of everything else
    that reaches the chart, by the chart's keys. `change` is what the tool did (`promote`, `set` …), empty when somebody
    else made the commit. `merged` are the commits that a merge brought in for this environment.
    """

    environment: str
    commit: str
    date: str
    author: str
    subject: str
    change: str
    source: str
    release: tuple[KeyDifference, ...]
    values: tuple[KeyDifference, ...]
    merged: tuple[Merged, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Events, the newest first; `complete` is false when older commits are missing from a shallow clone."""

    events: tuple[Event, ...]
    complete: bool


def history(opened: OpenProject, environment: str = "", limit: int = 0, only: Sequence[str] = ()) -> History:
    """The changes of one environment, of `only` these, or of all on the branch that Argo CD follows, at most `limit`
    commits (0: all).

    A merge is one change, and none where it left the environment as it was. One that `env rename --commit` renamed has
    its history under the former name as well. Raises `GitopsError` when neither the project nor its history has the
    environment, or git cannot read the history.
    """
    checkout = read_checkout(opened.folder)
    if not checkout.head:
        return History(events=(), complete=True)
    if not environment:
        found = _all_touched(opened, limit, only)
    elif not (found := _touched(opened, environment, limit) if is_environment_name(environment) else []):
        _require_known(opened, environment)
    objects = Objects(opened.folder, {})
    spans = (found[start : start + _SPAN] for start in range(0, len(found), _SPAN))
    events = (event for span in spans for event in _events(opened, span, objects))
    return History(events=tuple(events), complete=not checkout.is_shallow)


def _require_known(opened: OpenProject, environment: str) -> None:
    if environment not in opened.names():
        hint = did_you_mean(environment, opened.names())
        raise GitopsError(f"no environment `{environment}`, now or in the history", hint)


def _all_touched(opened: OpenProject, limit: int, only: Sequence[str]) -> list[_Touched]:
    projects = opened.projects().folders
    places = [*map(environment_folder, only)] or [folder + ENVIRONMENTS for folder in projects]
    found = changes_of(opened, places, limit=limit)
    inside = ((commit, name) for commit in found for name in _environments(commit))
    return [(commit, name) for commit, name in inside if project_folder(name) in projects and name in (only or (name,))]


def _touched(opened: OpenProject, environment: str, limit: int) -> list[_Touched]:
    """The commits that changed one environment, under its earlier names too, as far as this tool renamed it."""
    name, until, found = environment, opened.base, list[_Touched]()
    while name and until:
        left = limit - len(found) if limit else 0
        segment = list(changes_of(opened, [environment_folder(name)], limit=left, until=until))
        renaming = next((index for index, commit in enumerate(segment) if former_name(commit, name)), len(segment))
        found += [(commit, name) for commit in segment[: renaming + 1]]
        if renaming == len(segment) or (limit and len(found) >= limit):
            break
        name, until = former_name(segment[renaming], name), segment[renaming].parent
    return found


def _events(opened: OpenProject, touched: Sequence[_Touched], objects: Objects) -> Iterator[Event]:
    places = [
        place
        for commit, name in touched
        for path_of in (release_path, values_path)
        for place in (
            (commit.parent or "0", path_of(former_name(commit, name) or name)),
            (commit.id, path_of(name)),
        )
    ]
    read = iter(values_at(opened.folder, places, objects))
    for commit, name in touched:
        release = list(differences(next(read), next(read)))
        values = list(differences(next(read), next(read)))
        if release or values or any(path in commit.paths for path in hand_written(name)):
            yield _event(commit, name, release, values)


def _environments(commit: Commit) -> list[str]:
    """What the commit changed; an environment that it renamed goes by its new name."""
    names = {environment_of(path) for path in commit.paths}
    return sorted(filter(is_environment_name, names - {former_name(commit, name) for name in names}))


def _event(commit: Commit, environment: str, release: list[KeyDifference], values: list[KeyDifference]) -> Event:
    promoted = [item for item in release if item.path[:1] in (("values",), ("chart",))]
    inside = {item.path[1:] for item in promoted}
    others = [item for item in values if not any(item.path[: len(path)] == path for path in inside)]
    return Event(
        environment=environment,
        commit=commit.id,
        date=commit.date,
        author=commit.author,
        subject=commit.subject,
        change=commit.change,
        source=commit.source,
        release=tuple(promoted),
        values=tuple(others),
        merged=tuple(_merged(commit, environment)),
    )


def _merged(commit: Commit, environment: str) -> Iterator[Merged]:
    folder = f"{environment_folder(environment)}/"
    for item in commit.merged:
        if any(path.startswith(folder) for path in item.paths):
            yield Merged(commit=item.id, date=item.date, author=item.author, subject=item.subject, change=item.change)

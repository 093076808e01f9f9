"""`history`: what changed where, when, by whom, from which release to which; from commits, this tool's or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_gen.argocd.manifests import values_path
from gitops_gen.commands.past import values_at
from gitops_gen.commands.promote import release_path, spoken
from gitops_gen.commands.workspace import Workspace
from gitops_gen.edit.difference import Difference, differences
from gitops_gen.errors import GitopsError
from gitops_gen.git.history import Commit, commits
from gitops_gen.git.state import read_checkout
from gitops_gen.spec.files import ENVIRONMENTS

_SPAN = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What one commit changed in one environment.

    `release` are the changes of what is promoted, `values` those of everything else that reaches the chart; both as
    words. `change` is what the tool did (`promote`, `set` …), empty when somebody else made the commit.
    """

    environment: str
    commit: str
    date: str
    author: str
    subject: str
    change: str
    source: str
    release: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Events, the newest first; `complete` is false when older commits are missing from a shallow clone."""

    events: tuple[Event, ...]
    complete: bool


def history(workspace: Workspace, environment: str = "", limit: int = 0) -> History:
    """The changes of one environment or of all, at most `limit` commits back (0: all of them).

    Raises `GitopsError` when neither the project nor its history has the environment, or there is no git.
    """
    checkout = read_checkout(workspace.folder)
    if not checkout.head:
        return History(events=(), complete=True)
    folder = f"{ENVIRONMENTS}/{environment}" if environment else ENVIRONMENTS
    found = list(commits(workspace.folder, [folder], limit=limit))
    if environment and not found and environment not in workspace.names():
        raise GitopsError(f"no environment `{environment}`, now or in the history")
    events = [
        event for start in range(0, len(found), _SPAN) for event in _events(workspace, found[start : start + _SPAN])
    ]
    kept = tuple(event for event in events if environment in ("", event.environment))
    return History(events=kept, complete=not checkout.is_shallow)


def _events(workspace: Workspace, found: Sequence[Commit]) -> Iterator[Event]:
    touched = [(commit, name) for commit in found for name in _environments(commit)]
    places = [
        (at, path)
        for commit, name in touched
        for path in (release_path(name), values_path(name))
        for at in (commit.parent, commit.id)
    ]
    read = iter(values_at(workspace.folder, [(at or "0", path) for at, path in places]))
    for commit, name in touched:
        release = list(differences(next(read), next(read)))
        values = list(differences(next(read), next(read)))
        yield _event(commit, name, release, values)


def _environments(commit: Commit) -> list[str]:
    names = (path.split("/")[1] for path in commit.paths if path.startswith(f"{ENVIRONMENTS}/"))
    return sorted(set(names))


def _event(commit: Commit, environment: str, release: list[Difference], values: list[Difference]) -> Event:
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
        release=tuple(map(spoken, promoted)),
        values=tuple(map(spoken, others)),
    )

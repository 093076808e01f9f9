"""The document of `history`, and commits in other documents."""

from typing import TypedDict

from gitops_gen.commands.history import Event, History, Merged
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument
from gitops_gen.output.json.keys import KeyChange, ReleaseChange, key_changes, release_changes


class CommitEntry(TypedDict):
    """A commit. Author and subject are text of other people."""

    commit: str
    date: str
    """Author date as an ISO 8601 time."""
    author: str
    subject: str
    change: str | None
    """The command that made the commit, such as `promote`; null if somebody else made it."""


class HistoryEvent(CommitEntry):
    """What one commit changed in one environment, compared with the state of the branch before it."""

    environment: str
    source: str | None
    """The commit that a promotion took its release from, or that a rollback undid."""
    release: list[ReleaseChange]
    values: list[KeyChange]
    """Changed chart values that are not in the release."""
    merged: list[CommitEntry]
    """If the commit is a merge: the commits that it brought in for this environment, the newest first."""


class HistoryDocument(VersionedDocument):
    """Output of `history`."""

    complete: bool
    """false if the clone is shallow, so that older changes are missing."""
    events: list[HistoryEvent]
    """The newest first."""


def history_document(history: History) -> HistoryDocument:
    """The changes of environments, by commit."""
    events = [_event(item) for item in history.events]
    return HistoryDocument(schemaVersion=SCHEMA_VERSION, complete=history.complete, events=events)


def _event(item: Event) -> HistoryEvent:
    return HistoryEvent(
        environment=item.environment,
        **_commit(item),
        source=item.source or None,
        release=release_changes(item.release),
        values=key_changes(item.values),
        merged=[_commit(commit) for commit in item.merged],
    )


def _commit(item: Event | Merged) -> CommitEntry:
    return CommitEntry(
        commit=item.commit, date=item.date, author=item.author, subject=item.subject, change=item.change or None
    )

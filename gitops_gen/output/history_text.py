"""The history of environments for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, groupby

from gitops_gen.changes.releases import described
from gitops_gen.commands.history import Event, History, Merged
from gitops_gen.names import printable

_LISTED = 10
"""Up to this many environments of a commit, kinds of changes in it, and commits of a merge are listed one by one."""


def history_lines(history: History) -> Iterator[str]:
    """A line a commit and environment; indented below it what a merge brought in, and the release's steps. A commit
    that changed many environments is one line, with equal changes counted.
    """
    for _, found in groupby(history.events, lambda event: event.commit):
        events = list(found)
        yield from _of_many(events) if len(events) > _LISTED else chain.from_iterable(map(_of_one, events))


def _of_one(event: Event) -> Iterator[str]:
    yield f"{_when(event)}  {event.commit[:12]}  {event.environment}  {_who_and_what(event)}"
    yield from _merged(event.merged)
    yield from _changes(event)


def _of_many(events: list[Event]) -> Iterator[str]:
    first = events[0]
    yield f"{_when(first)}  {first.commit[:12]}  {len(events)} environments  {_who_and_what(first)}"
    yield from _merged([*dict.fromkeys(item for event in events for item in event.merged)])
    counts = Counter(line for event in events for line in _changes(event))
    for line, count in counts.most_common(_LISTED):
        yield f"{line}  in {count} environment{'s' * (count != 1)}"
    if len(counts) > _LISTED:
        yield f"    {len(counts) - _LISTED} more changes; `--output json` lists all"


def _merged(commits: Sequence[Merged]) -> Iterator[str]:
    for item in commits[:_LISTED]:
        yield f"    merged   {_when(item)}  {item.commit[:12]}  {_who_and_what(item)}"
    if len(commits) > _LISTED:
        yield f"    merged   {len(commits) - _LISTED} more commits; `--output json` lists all"


def _changes(event: Event) -> Iterator[str]:
    yield from (f"    release  {printable(described(item))}" for item in event.release)
    yield from (f"    values   {printable(described(item))}" for item in event.values)


def _when(event: Event | Merged) -> str:
    return event.date[:16].replace("T", " ")


def _who_and_what(event: Event | Merged) -> str:
    change = f" [{printable(event.change)}]" if event.change else ""
    return f"{printable(event.author)}  {printable(event.subject)}{change}"

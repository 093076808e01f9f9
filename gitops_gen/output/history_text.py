"""The history of environments for people."""

from collections.abc import Iterator

from gitops_gen.changes.releases import described
from gitops_gen.commands.history import Event, History, Merged
from gitops_gen.names import printable

_MERGED = 10
"""The number of commits of a merge that are listed."""


def history_lines(history: History) -> Iterator[str]:
    """A line a commit and environment; indented below it what a merge brought in, and the release's steps."""
    for event in history.events:
        yield f"{_when(event)}  {event.commit[:12]}  {event.environment}  {_who_and_what(event)}"
        for item in event.merged[:_MERGED]:
            yield f"    merged   {_when(item)}  {item.commit[:12]}  {_who_and_what(item)}"
        if len(event.merged) > _MERGED:
            yield f"    merged   {len(event.merged) - _MERGED} more commits; `--output json` lists all"
        yield from (f"    release  {printable(described(item))}" for item in event.release)
        yield from (f"    values   {printable(described(item))}" for item in event.values)


def _when(event: Event | Merged) -> str:
    return event.date[:16].replace("T", " ")


def _who_and_what(event: Event | Merged) -> str:
    change = f" [{printable(event.change)}]" if event.change else ""
    return f"{printable(event.author)}  {printable(event.subject)}{change}"

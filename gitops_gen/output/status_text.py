"""`status` as text: equal rows are grouped on one line, and long lists are cut."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from gitops_gen.changes.pending_promotions import PendingPromotion
from gitops_gen.changes.releases import described
from gitops_gen.commands.status import Standing, Status
from gitops_gen.output.text import table

_ONE_BY_ONE = 25
"""Up to this many environments are listed one by one; more are grouped by release."""
_ROWS, _WAITING, _FILES = 50, 40, 15
"""The most lines of each kind."""
_MORE = "filter with `--stage` or `--cluster`; `--output json` lists all"


def status_lines(status: Status) -> Iterator[str]:
    """Environments as a table, then whatever is not as it should be."""
    yield from table(("ENVIRONMENT", "STAGE", "CHART", "RELEASE"), _rows(status.environments))
    if left := _left_out(status.environments):
        yield f"and {left} more environments with less common releases: {_MORE}"
    yield from map(_waiting, status.waiting[:_WAITING])
    if len(status.waiting) > _WAITING:
        yield f"waits: {len(status.waiting) - _WAITING} more differences between stages: {_MORE}"
    yield from _files("not committed", status.uncommitted)
    drift = sorted((item.state.value, item.path) for item in status.drift)
    for how, found in groupby(drift, key=lambda item: item[0]):
        yield from _files(how, [path for _, path in found])
    yield from _repository(status)


def _groups(environments: Sequence[Standing]) -> list[list[Standing]]:
    """Environments of one stage, chart and release together, the biggest groups of a long list first."""
    if len(environments) <= _ONE_BY_ONE:
        return [[item] for item in environments]
    found: dict[tuple[str, str, str], list[Standing]] = {}
    for item in environments:
        found.setdefault((item.stage, item.chart.label, _release(item)), []).append(item)
    groups = list(found.values())
    if len(groups) > _ROWS:
        kept = sorted(range(len(groups)), key=lambda index: (-len(groups[index]), index))[:_ROWS]
        groups = [groups[index] for index in sorted(kept)]
    return groups


def _rows(environments: Sequence[Standing]) -> Iterator[Sequence[str]]:
    for group in _groups(environments):
        first = group[0]
        names = _names([item.environment for item in group])
        yield names, first.stage or "-", first.chart.label, _release(first)


def _release(item: Standing) -> str:
    return ", ".join(f"{key} {value}" for key, value in item.release) or "-"


def _left_out(environments: Sequence[Standing]) -> int:
    return len(environments) - sum(map(len, _groups(environments)))


def _names(names: Sequence[str]) -> str:
    """A few names as they are; of many the first ones and how many there are."""
    if len(names) <= 2:  # noqa: PLR2004 - what reads well
        return ", ".join(names)
    return f"{len(names)} environments: {names[0]}, {names[1]} … {names[-1]}"


def _waiting(item: PendingPromotion) -> str:
    besides = f"; {item.other_releases} other releases run in the stage" if item.other_releases else ""
    changes = "; ".join(map(described, item.changes))
    return f"waits: {_names(item.sources)} to {_names(item.targets)}: {changes} ({item.direction}{besides})"


def _files(how: str, paths: Sequence[str]) -> Iterator[str]:
    yield from (f"{how}: {path}" for path in paths[:_FILES])
    if len(paths) > _FILES:
        yield f"{how}: {len(paths) - _FILES} more files"


def _repository(status: Status) -> Iterator[str]:
    if status.unpushed:
        yield f"not pushed: {status.unpushed} commit{'s' * (status.unpushed != 1)} on {status.branch}"
    if status.behind:
        yield f"behind: {status.behind} commit{'s' * (status.behind != 1)} on the remote"
    if status.remote:
        when = status.remote_as_of[:16].replace("T", " ")
        known = f"as of {when} UTC" if when else "as of an unknown time"
        yield f"{status.remote} is known {known}; run `git fetch` to update it"
    if status.operation:
        yield f"in progress: {status.operation}"

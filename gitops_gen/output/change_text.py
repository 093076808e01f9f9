"""What a change came to, for people and for programs."""

from collections.abc import Iterator
from typing import Any

from gitops_gen.commands.change import Outcome
from gitops_gen.commands.history import History
from gitops_gen.commands.status import Status
from gitops_gen.diff.model import Difference
from gitops_gen.output.diff_text import difference_lines
from gitops_gen.output.text import diff_lines, table
from gitops_gen.tree import is_generated_path


def outcome_notes(outcome: Outcome) -> Iterator[str]:
    """What happened, in words."""
    yield from outcome.summary
    yield from (f"warning: {text}" for text in outcome.warnings)
    yield from (f"note: {text}" for text in outcome.notes)
    if not outcome.changes:
        yield "nothing changes"
    elif outcome.dry_run:
        yield "nothing was written (dry run)"
    if outcome.commit:
        where = f" on the new branch {outcome.branch}" if outcome.branch else ""
        yield f"committed {outcome.commit[:12]}{where}"
    if pushed := outcome.pushed:
        again = f" at attempt {pushed.attempts}: others were faster" if pushed.attempts > 1 else ""
        yield f"pushed {pushed.commit[:12]} to {pushed.remote}/{pushed.branch}{again}"
        yield from (f"{pushed.remote} says: {line}" for line in pushed.said)
        if not pushed.followed:
            yield "your checkout stays behind: files in it are being edited; run `git pull --rebase --autostash`"


def outcome_lines(outcome: Outcome, *, colour: bool = False) -> Iterator[str]:
    """The inputs' difference, then what it has Argo CD apply; the generated files' where that is not known."""
    rendered = outcome.rendered
    known = rendered is None or isinstance(rendered, Difference)
    yield from diff_lines(item for item in outcome.changes if not known or not is_generated_path(item.path))
    if isinstance(rendered, str):
        yield f"no rendered difference: {rendered}"
    elif rendered is not None:
        yield ""
        yield from difference_lines(rendered, colour=colour)


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """The same as data, without the files' texts."""
    return {
        "summary": outcome.summary,
        "warnings": outcome.warnings,
        "notes": outcome.notes,
        "dryRun": outcome.dry_run,
        "commit": outcome.pushed.commit if outcome.pushed else outcome.commit,
        "branch": outcome.branch,
        "pushed": outcome.pushed,
        "rendered": outcome.rendered,
        "files": [{"path": item.path, "state": item.state} for item in outcome.changes],
    }


def history_lines(history: History) -> Iterator[str]:
    """A line a commit and environment, with the release's steps indented below it."""
    for event in history.events:
        what = f" [{event.change}]" if event.change else ""
        when = event.date[:16].replace("T", " ")
        yield f"{when}  {event.commit[:12]}  {event.environment}  {event.author}  {event.subject}{what}"
        yield from (f"    release  {text}" for text in event.release)
        yield from (f"    values   {text}" for text in event.values)


def status_lines(status: Status) -> Iterator[str]:
    """Environments as a table, then whatever is not as it should be."""
    header = ("ENVIRONMENT", "STAGE", "CHART", "RELEASE")
    rows = [
        (row.environment, row.stage or "-", row.chart, ", ".join(row.release) or "-") for row in status.environments
    ]
    yield from table(header, rows)
    for item in status.waiting:
        yield f"waits: {item.source} to {item.target}: {'; '.join(item.changes)}"
    yield from (f"not committed: {path}" for path in status.uncommitted)
    yield from (f"{how}: {path}" for path, how in status.drift)
    if status.unpushed:
        yield f"not pushed: {status.unpushed} commit{'s' * (status.unpushed != 1)} on {status.branch}"
    if status.behind:
        yield f"behind: {status.behind} commit{'s' * (status.behind != 1)} on the remote"
    if status.operation:
        yield f"in progress: {status.operation}"

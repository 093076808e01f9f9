"""The document of `generate`, and the files in other documents."""

from collections.abc import Iterable
from typing import Literal, TypeAlias, TypedDict

from gitops_gen.commands.generate import Generation
from gitops_gen.generate.files import Change, State
from gitops_gen.output.json.document import SCHEMA_VERSION, Note, VersionedDocument, notes_of
from gitops_gen.output.json.problems import ProblemEntry, problem_entries

StateName: TypeAlias = Literal["missing", "stale", "edited", "conflict", "orphaned", "foreign", "absent"]
STATES: dict[State, StateName] = {
    State.MISSING: "missing",
    State.STALE: "stale",
    State.EDITED: "edited",
    State.CONFLICT: "conflict",
    State.ORPHANED: "orphaned",
    State.FOREIGN: "foreign",
    State.ABSENT: "absent",
}
ActionName: TypeAlias = Literal["created", "updated", "removed"]


class FileState(TypedDict):
    """A generated file that was not as it should be."""

    path: str
    """Path in the project."""
    state: StateName
    """`stale`: an input changed. `edited`: changed by hand. `conflict`: has conflict markers of git. `orphaned`: no
    input requires it. `foreign`: not written by gitops-gen. `absent`: stale, and not in this sparse checkout."""


class GenerateDocument(VersionedDocument):
    """Output of `generate`."""

    written: bool
    """Whether the files were written; false with `--check`."""
    files: list[FileState]
    unchanged: int
    """Number of files that were up to date."""
    resolved: list[str]
    """Files whose merge conflict was resolved by generating them again."""
    notes: list[Note]
    problems: list[ProblemEntry]
    """What is wrong with charts that cannot be had; the environments that need them are not generated."""


def generate_document(result: Generation, *, written: bool) -> GenerateDocument:
    """What was generated, or with `--check` what is not up to date."""
    return GenerateDocument(
        schemaVersion=SCHEMA_VERSION,
        written=written,
        files=file_states(result.changes),
        unchanged=result.unchanged,
        resolved=list(result.resolved),
        notes=notes_of(result.notices),
        problems=problem_entries(result.problems),
    )


def file_states(changes: Iterable[Change]) -> list[FileState]:
    """Generated files with their states."""
    return [FileState(path=item.path, state=STATES[item.state]) for item in changes]


def action(change: Change) -> ActionName:
    """What a change does to its file."""
    if change.new is None:
        return "removed"
    return "created" if change.old is None else "updated"

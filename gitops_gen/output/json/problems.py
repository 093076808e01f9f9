"""The document of a command that failed, and problems in other documents."""

from collections.abc import Iterable
from typing import TypedDict

from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class ProblemEntry(TypedDict):
    """One mistake in the input."""

    file: str | None
    line: int | None
    """Counted from 1."""
    key: str | None
    """Path of the key in the file, or the option."""
    message: str
    hint: str | None
    """What to do next."""
    rule: str | None
    """The id of the rule that found it."""


class ErrorEntry(TypedDict):
    """Why a command failed."""

    message: str
    hint: str | None
    """What to do next."""
    problems: list[ProblemEntry]
    """Every mistake in the input that was found; empty if the input is not the cause."""


class ErrorDocument(VersionedDocument):
    """Output of every command that fails. The exit code says more: 1 for an expected failure, 2 for a command line that
    is wrong, 3 for a bug, 130 for an interrupt.
    """

    error: ErrorEntry


def error_document(error: GitopsError) -> ErrorDocument:
    """An expected failure."""
    problems = error.problems if isinstance(error, ProblemsError) else ()
    return failure(str(error), error.hint, problems)


def failure(message: str, hint: str = "", problems: Iterable[Problem] = ()) -> ErrorDocument:
    """Any failure."""
    entry = ErrorEntry(message=message, hint=hint or None, problems=problem_entries(problems))
    return ErrorDocument(schemaVersion=SCHEMA_VERSION, error=entry)


def problem_entries(problems: Iterable[Problem]) -> list[ProblemEntry]:
    """Problems by their parts."""
    return [
        ProblemEntry(
            file=item.file or None,
            line=item.line,
            key=item.key or None,
            message=item.message,
            hint=item.hint or None,
            rule=item.rule or None,
        )
        for item in problems
    ]

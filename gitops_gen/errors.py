"""Problems and errors. A `Problem` is a message with its place and a hint; errors carry problems to the one place that
prints them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

REPORTED = 50
"""Problems of one file that are reported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One fault of the input.

    `file` is a path as the user would type it; `line` counts from 1; `key` is a dotted path inside the file; `hint`
    is the next step or command; `rule` is the id of the rule that found it, where one did.
    """

    message: str
    file: str = ""
    line: int | None = None
    key: str = ""
    hint: str = ""
    rule: str = ""

    def at(self, file: str, line: int | None) -> "Problem":
        """A copy of the problem with file and line."""
        return replace(self, file=file, line=line)

    def keyed(self, key: str) -> "Problem":
        """A copy of the problem with a key."""
        return replace(self, key=key)

    @property
    def place(self) -> str:
        """`file:line`, `file`, or nothing."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file


class GitopsError(Exception):
    """An expected failure: printed as a message with a hint, never as a traceback."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(GitopsError):
    """The command line is wrong, for example names something that does not exist."""

    exit_code = 2


class ProblemsError(GitopsError):
    """The input is wrong: carries every problem that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.file, p.line or 0, p.key, p.message)))
        super().__init__(f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}")

    def __reduce__(self) -> tuple[type["ProblemsError"], tuple[tuple[Problem, ...]]]:
        """A worker process hands it over by its problems."""
        return ProblemsError, (self.problems,)


def fail_if_any(problems: Iterable[Problem]) -> None:
    """Raise `ProblemsError` when there is at least one problem."""
    if found := list(problems):
        raise ProblemsError(found)


def fail_with(errors: Iterable[GitopsError]) -> None:
    """Raise what several environments failed with: the error itself where all have the same, else `ProblemsError`."""
    distinct = {_problems(error): error for error in errors}
    if len(distinct) == 1:
        raise next(iter(distinct.values()))
    fail_if_any(problem for problems in distinct for problem in problems)


def _problems(error: GitopsError) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, ProblemsError) else (Problem(message=str(error), hint=error.hint),)


def first_problems(problems: Iterable[Problem], file: str) -> Iterator[Problem]:
    """The first problems of a file, and a last one that says that there are more. Nobody reads thousands of them, and
    finding the line of each and a name like each takes time.
    """
    every = iter(problems)
    yield from islice(every, REPORTED)
    if next(every, None):
        yield Problem(file=file, message=f"has more problems; the first {REPORTED} are reported")

"""Running git: the only module that starts it. Nothing that a user typed may reach it as an option, so callers put
`--` before paths and pass names through `checkout.revision` first.

A checkout may come from a stranger. So no program runs that it could choose: hooks, the file system monitor, and what
.gitattributes names (filters, merge drivers, textconv) are off. The user's own commit and push (`own=True`) run them.
"""

import logging
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gitops_gen.errors import GitopsError
from gitops_gen.runtime.programs import Dialogue, ProcessError
from gitops_gen.runtime.programs import run as run_program

_log = logging.getLogger(__name__)

# Set by git for its hooks and `rebase --exec`; a command that was given a folder means the repository in that folder.
_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")

_SETTINGS = {
    # A clean-up that git starts in the background would outlive the command and hold its lock.
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.safecrlf": "false",
    "core.quotePath": "false",
}
_NO_PROGRAMS = {"core.hooksPath": os.devnull, "core.fsmonitor": "false"}
_DRIVERS = r"^(filter\..*\.(clean|smudge|process)|merge\..*\.driver)$"
_OFF = {
    # An empty command is none (https://git-scm.com/docs/gitattributes#_filter); `required` would make that an error.
    "filter": {"clean": "", "smudge": "", "process": "", "required": "false"},
    # What git does without a driver; an empty command would take one side.
    "merge": {"driver": "git merge-file --quiet %A %O %B"},
}
_PLAIN_DIFF = ("--no-ext-diff", "--no-textconv")

NO_GIT = "git cannot be run: install git, version 2.30 or newer"
NO_PROGRAM = 127  # what a shell answers, https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html

inherited_files: set[int] = set()
"""Open files that every git process gets as well: while one of them lives, so does the lock on the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The result of a git command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.out.decode(errors="surrogateescape")


class GitError(GitopsError):
    """A git command failed: the command and git's message."""

    def __init__(self, arguments: tuple[str, ...], answer: Answer) -> None:
        said = answer.err.strip() or answer.text.strip() or _end(answer.code)
        super().__init__(f"git {_verb(arguments)}: {said.removeprefix('fatal: ')}")
        self.answer = answer


def _verb(arguments: tuple[str, ...]) -> str:
    """The command of git, behind its settings (`-c NAME=VALUE`)."""
    words = iter(arguments)
    return next((word for word in words if word != "-c" or not next(words, "")), "")


def _end(code: int) -> str:
    return f"ended by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"


def ask(
    folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, own: bool = False
) -> Answer:
    """Run `git` in `folder`, without checking its exit code. `own` marks a step of the user's own commit or push.

    Where git is not installed the answer is a failure as well, so that what can do without it does.
    """
    git = _gitpython()
    argv = _command(folder, arguments, own=own)
    extra: dict[str, Any] = {} if os.name == "nt" else {"pass_fds": tuple(inherited_files)}
    with tempfile.TemporaryFile() as source, _timed(arguments):
        source.write(stdin)
        source.seek(0)
        try:
            code, out, err = git.Git(folder).execute(
                argv,
                istream=source,
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env=env,
                **extra,
            )
        except git.GitCommandNotFound:
            return Answer(code=NO_PROGRAM, out=b"", err=NO_GIT)
    return Answer(code=int(code or 0), out=_bytes(out), err=_bytes(err).decode(errors="replace"))


def _gitpython() -> Any:
    """The package. By default it refuses its import where git is not installed.

    https://gitpython.readthedocs.io/en/stable/reference.html#module-git
    """
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import git

    return git


def _bytes(stream: Any) -> bytes:
    return stream if isinstance(stream, bytes) else str(stream or "").encode()


def run(
    folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, own: bool = False
) -> str:
    """Run `git` in `folder` and return what it printed. Raises `GitError` when it exits with anything but 0."""
    answer = ask(folder, *arguments, stdin=stdin, env=env, own=own)
    if answer.code:
        raise GitError(arguments, answer)
    return answer.text


def listing(folder: Path, *arguments: str) -> str:
    """The same for a question that every run asks, without GitPython: its import takes longer than the answer. Raises
    `ProcessError`.
    """
    with _timed(arguments):
        return run_program(["git", "-C", os.fspath(folder), *_options(_SETTINGS | _NO_PROGRAMS), *arguments])


def converse(folder: Path, *arguments: str, env: Mapping[str, str]) -> Dialogue:
    """A running `git` that answers one question after the other. Raises `GitopsError` when git cannot be run."""
    _forget_hook()
    try:
        with _timed(arguments):
            return Dialogue(["git", *arguments], cwd=folder, env=os.environ | env)
    except ProcessError as error:
        raise GitopsError("`git` cannot be run", "install git, version 2.30 or newer") from error


def _command(folder: Path, arguments: tuple[str, ...], *, own: bool) -> list[str]:
    settings = _SETTINGS if own else {**_SETTINGS, **_NO_PROGRAMS, **_drivers_off(os.fspath(folder))}
    verb, *rest = arguments
    plain = _PLAIN_DIFF if verb == "diff" else ()
    return ["git", *_options(settings), "--literal-pathspecs", verb, *plain, *rest]


def _options(settings: Mapping[str, str]) -> list[str]:
    _forget_hook()
    return ["--no-optional-locks", *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]


@lru_cache(maxsize=8)
def _drivers_off(folder: str) -> dict[str, str]:
    """Settings that switch off the programs that .gitattributes can name: those that the configuration has.

    Attributes themselves stay: without them, line ends would differ from those in the checkout.
    """
    try:
        listed = listing(Path(folder), "config", "--null", "--name-only", "--get-regexp", _DRIVERS)
    except ProcessError:
        return {}  # there are none
    drivers = {name.rpartition(".")[0] for name in listed.split("\0") if name}
    return {
        f"{driver}.{key}": value for driver in drivers for key, value in _OFF[driver.partition(".")[0].lower()].items()
    }


@contextmanager
def _timed(arguments: tuple[str, ...]) -> Iterator[None]:
    """Log the command's verb, and how long it took."""
    start = time.monotonic()
    try:
        yield
    finally:
        verb = next((word for word in arguments if not word.startswith("-") and "=" not in word), arguments[0])
        _log.debug("git %s … %d ms", verb, (time.monotonic() - start) * 1000)


def _forget_hook() -> None:
    """Remove git's environment variables that a hook inherits: the folder selects the repository."""
    for name in _INHERITED:
        os.environ.pop(name, None)

"""What a command that fails prints: as text on standard error, or with `--output json` or `yaml` as a document on
standard output; and its exit code.
"""

import errno
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from io import StringIO

import click

from gitops_gen.cli.printing import print_document, print_message
from gitops_gen.cli.settings import Settings
from gitops_gen.errors import GitopsError, ProblemsError
from gitops_gen.output.json.document import FORMATS
from gitops_gen.output.json.problems import ErrorDocument, error_document, failure

INTERRUPTED = 130
_USAGE, _BUG = 2, 3
_LOGIN = re.compile(r"://[^/@\s]*@")


def report(error: BaseException, arguments: Sequence[str], settings: Settings) -> int:
    """Print why the command failed, and return its exit code."""
    without_output = isinstance(error, OSError) and _is_output(error)
    error = _expected(error)
    output = settings.output or typed_output(arguments)
    if output not in FORMATS or without_output:
        return _print_text(error, arguments, settings)
    print_document(_document(error), output)
    if is_bug(error):
        _print_bug(error, arguments, settings)
    return exit_code(error)


_OUTSIDE = {
    errno.ENOSPC: "free some space on the disk, then run the command again",
    errno.EDQUOT: "free some space on the disk, then run the command again",
    errno.EFBIG: "raise the limit of a file's size (`ulimit -f`), then run the command again",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`), then run the command again",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "free some memory, then run the command again",
    errno.EAGAIN: "raise the limit of processes (`ulimit -u`), then run the command again",
    errno.EROFS: "make the file system writable, then run the command again",
    errno.EACCES: "grant the permission, then run the command again",
    errno.EPERM: "grant the permission, then run the command again",
    errno.EIO: "check the disk, then run the command again",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ELOOP: "remove the symlink that leads to itself",
}
"""Errors of the operating system that are no bug, each with what to do."""


def _expected(error: BaseException) -> BaseException:
    """An error of the operating system as an expected failure; any other error as it is."""
    if isinstance(error, MemoryError):
        return GitopsError("there is not enough memory", _OUTSIDE[errno.ENOMEM])
    if not isinstance(error, OSError):
        return error
    if isinstance(error, shutil.Error):  # has a list with an entry for each file that was not copied
        return GitopsError(f"files cannot be copied: {error.args[0][0][-1]}", _OUTSIDE[errno.ENOSPC])
    reason = error.strerror or str(error)
    if _is_output(error):
        _discard_output()
        hint = "only the output is missing: what the command changes is done"
        return GitopsError(f"standard output cannot be written: {reason}", hint)
    if error.errno not in _OUTSIDE:
        return error
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return GitopsError(f"{place}{reason}", _OUTSIDE[error.errno])


def _discard_output() -> None:
    """Let Python's own flush at the end succeed: a second failure would change the exit code to 120.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _is_output(error: OSError) -> bool:
    """Whether the error is of printing, which every command does after its work."""
    from traceback import walk_tb

    return any(frame.f_globals.get("__name__") == "click.utils" for frame, _ in walk_tb(error.__traceback__))


def typed_output(arguments: Sequence[str]) -> str:
    """The value of `--output` in a command line that click refused before it read that."""
    words, found = list(arguments), ""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--":
            break
        if word in ("-o", "--output"):
            found = following
        elif word.startswith("--output="):
            found = word.removeprefix("--output=")
        elif re.fullmatch(r"-[qv]*o.+", word):
            found = word.partition("o")[2]
    return found


def exit_code(error: BaseException) -> int:
    """1 for an expected failure, 2 for usage, 3 for a bug, 130 for an interrupt."""
    if isinstance(error, GitopsError):
        return error.exit_code
    if isinstance(error, click.ClickException):
        return _USAGE
    return _BUG if is_bug(error) else INTERRUPTED


def is_bug(error: BaseException) -> bool:
    """Whether nobody expected this error."""
    return not isinstance(error, GitopsError | click.ClickException | click.Abort | KeyboardInterrupt)


def _document(error: BaseException) -> ErrorDocument:
    if isinstance(error, GitopsError):
        return error_document(error)
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        return failure(error.format_message(), f"see `{context.command_path} --help`" if context else "")
    if is_bug(error):
        return failure(f"{type(error).__name__}: {error}", "this is a bug in gitops-gen: see standard error")
    return failure("interrupted")


def _print_text(error: BaseException, arguments: Sequence[str], settings: Settings) -> int:
    if isinstance(error, click.ClickException):
        _print_usage(error)
    elif isinstance(error, GitopsError):
        for line in _lines(error):
            print_message(line)
    elif is_bug(error):
        _print_bug(error, arguments, settings)
    else:
        print_message("interrupted")
    return exit_code(error)


def _print_usage(error: click.ClickException) -> None:
    usage = StringIO()
    error.show(usage)
    for line in usage.getvalue().splitlines():
        print_message(line)


def _lines(error: GitopsError) -> Iterator[str]:
    if isinstance(error, ProblemsError):
        from gitops_gen.output.text import problem_lines

        for problem in error.problems:
            yield from problem_lines(problem)
    yield f"error: {error}"
    if error.hint:
        yield f"    {error.hint}"


def _print_bug(error: BaseException, arguments: Sequence[str], settings: Settings) -> None:
    import traceback

    lines = "".join(traceback.format_exception(error)).split("\n")
    for line in (*lines, *bug_lines(arguments, settings)):
        print_message(line)


def bug_lines(arguments: Sequence[str], settings: Settings) -> Iterator[str]:
    """What a report of a bug needs besides the traceback: versions, platform, the command without secrets."""
    import platform

    from gitops_gen import __version__

    yield f"this is a bug in gitops-gen; please report it{_where()} with the output above and these lines:"
    python = platform.python_version()
    yield f"  gitops-gen {__version__}, Python {python}, Helm {_helm_version(settings)}, {_git_version()}"
    yield f"  {platform.platform()}"
    yield f"  command: {shlex.join(['gitops-gen', *masked(arguments)])}"


def masked(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments with nothing secret: `set` takes values, and a URL may hold a password."""
    sets_values = "set" in arguments
    for word in arguments:
        key, equals, _ = word.partition("=")
        if word.startswith("--") and equals:
            option, rest = key, word[len(key) + 1 :]
            key, equals, _ = rest.partition("=")
            yield f"{option}={key}=***" if sets_values and equals else _LOGIN.sub("://***@", word)
        else:
            yield f"{key}=***" if sets_values and equals else _LOGIN.sub("://***@", word)


def _where() -> str:
    """The place for reports that the installed package names."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        urls = dict(line.split(", ", 1) for line in metadata("gitops-gen").get_all("Project-URL") or ())
    except PackageNotFoundError:
        return ""
    found = urls.get("Issues") or urls.get("Source")
    return f" at {found}" if found else " where you got it from"


def _helm_version(settings: Settings) -> str:
    from gitops_gen.helm.choice import open_engine

    try:
        engine = open_engine(settings.engine)
    except Exception as error:  # noqa: BLE001 - a report is printed even when Helm is the cause
        return f"unknown ({error})"
    return f"{engine.version} ({engine.name})"


def _git_version() -> str:
    from gitops_gen.runtime.programs import run as run_program

    try:
        return run_program(["git", "--version"]).strip()
    except Exception as error:  # noqa: BLE001 - a report is printed even when git is the cause
        return f"git unknown ({error})"

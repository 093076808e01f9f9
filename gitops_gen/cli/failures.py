"""What a command that fails prints: as text on standard error, or with `--output json` or `yaml` as a document on
standard output; and its exit code.
"""

import re
import shlex
from collections.abc import Iterator, Sequence

import click

from gitops_gen.cli.settings import Settings
from gitops_gen.errors import GitopsError, ProblemsError
from gitops_gen.output.json.document import FORMATS, formatted
from gitops_gen.output.json.problems import ErrorDocument, error_document, failure

INTERRUPTED = 130
_USAGE, _BUG = 2, 3
_LOGIN = re.compile(r"://[^/@\s]*@")


def report(error: BaseException, arguments: Sequence[str], settings: Settings) -> int:
    """Print why the command failed, and return its exit code."""
    output = settings.output or typed_output(arguments)
    if output not in FORMATS:
        return _print_text(error, arguments, settings)
    click.echo(formatted(_document(error), output), nl=False)
    if is_bug(error):
        _print_bug(error, arguments, settings)
    return exit_code(error)


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
        error.show()
    elif isinstance(error, GitopsError):
        for line in _lines(error):
            click.echo(line, err=True)
    elif is_bug(error):
        _print_bug(error, arguments, settings)
    else:
        click.echo("interrupted", err=True)
    return exit_code(error)


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

    click.echo("".join(traceback.format_exception(error)), err=True)
    click.echo("\n".join(bug_lines(arguments, settings)), err=True)


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
    from pathlib import Path

    from gitops_gen.git.runner import ask

    try:
        return ask(Path.cwd(), "--version").text.strip()
    except Exception as error:  # noqa: BLE001 - a report is printed even when git is the cause
        return f"git unknown ({error})"

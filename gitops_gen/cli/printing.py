"""Printing: the only module that writes to standard output and standard error."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import click

Result = TypeVar("Result")


def print_message(text: str) -> None:
    """Words for people, on standard error."""
    from gitops_gen.output.terminal import message_lines

    for line in message_lines(text):
        click.echo(line, err=True)


def print_lines(lines: Iterable[str]) -> None:
    """Lines of a result for people, on standard output."""
    from gitops_gen.output.terminal import shown

    text = "\n".join(map(shown, lines))
    if text:
        click.echo(text, color=is_coloured())


def print_data(text: str) -> None:
    """Data on standard output: unchanged when a program reads it; in a terminal no character of it acts."""
    from gitops_gen.output.terminal import shown

    click.echo("\n".join(map(shown, text.split("\n"))) if is_terminal() else text, nl=False)


def print_result(
    result: Result,
    output: str,
    lines: Callable[[Result], Iterable[str]],
    document: Callable[[Result], Mapping[str, object]],
) -> None:
    """A result as `lines` make it for people, or as the document that `--output` names."""
    print_lines(lines(result)) if output == "text" else print_document(document(result), output)


def print_document(document: Mapping[str, object], output: str) -> None:
    """A result as JSON or YAML, on standard output."""
    from gitops_gen.output.json.document import formatted

    print_data(formatted(document, output))


def print_over(text: str) -> None:
    """Our own text with control characters that overwrite the current line, on standard error."""
    click.echo(text, nl=False, err=True, color=True)


def is_progress_shown() -> bool:
    """Whether standard error is a terminal that can overwrite a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def is_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


def is_coloured() -> bool:
    """Whether results are printed with colours: https://no-color.org."""
    return is_terminal() and not os.environ.get("NO_COLOR")

"""What the verbs that change something share: options for how far a change goes, and showing what it came to."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.app import Settings, print_data, print_lines

if TYPE_CHECKING:
    from gitops_gen.commands.change import Delivery, Outcome

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def delivery_options(*, commits: bool = True, branch: bool = False) -> Decorator:
    """`--dry-run`, `--commit` and `--push`; with `branch`, `--branch NAME` as well."""
    options = [
        click.option("--dry-run", is_flag=True, help="Show what would change; write nothing."),
        click.option("--commit/--no-commit", default=not commits, help="Commit what changes, and nothing else."),
        click.option("--push", is_flag=True, help="Commit and push; when others were faster, on top of theirs."),
    ]
    if branch:
        options.append(click.option("--branch", metavar="NAME", default="", help="Commit on a new branch instead."))

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def deliver(dry_run: bool, commit: bool, push: bool, branch: str = "") -> "Delivery":
    """The options as the commands take them."""
    from gitops_gen.commands.change import Delivery

    return Delivery(dry_run=dry_run, commit=commit, push=push, branch=branch)


def show(settings: Settings, outcome: "Outcome", output: str) -> int:
    """Print what a change came to: for people the words on standard error and the difference on standard output."""
    from gitops_gen.output.change_text import outcome_data, outcome_lines, outcome_notes

    for line in outcome_notes(outcome):
        settings.note(line)
    if output == "text":
        print_lines(outcome_lines(outcome, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")))
    else:
        print_data(outcome_data(outcome), output)
    return 0

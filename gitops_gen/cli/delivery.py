"""What the verbs that change something share: options for how far a change goes, and showing what it came to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.printing import is_coloured, print_document, print_lines
from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from gitops_gen.changes.change import Delivery, Outcome

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def delivery_options(*, commits: bool = True) -> Decorator:
    """How far a change goes: `--dry-run`, `--commit`, `--branch`, `--push`, and what its commit says.

    The function gets `dry_run`, `commit` and `push`; `deliver` adds the others.
    """
    options = [
        click.option("--dry-run", is_flag=True, help="Show what would change; write nothing."),
        click.option("--commit/--no-commit", default=not commits, help="Commit what changes, and nothing else."),
        click.option("--push", is_flag=True, help="Commit on top of what the remote has now, and push."),
        click.option(
            "--branch",
            metavar="NAME",
            expose_value=False,
            callback=_remember,
            help="Commit on a new branch instead.",
        ),
        click.option(
            "-m",
            "--message",
            metavar="TEXT",
            multiple=True,
            expose_value=False,
            callback=_remember,
            help="The commit's subject; again for a paragraph below it.",
        ),
    ]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep what no verb needs to know: `deliver` asks for it."""
    if value == "":  # an empty variable in a script must not mean the branch that is checked out
        raise click.BadParameter("is empty", context, parameter)
    context.meta[f"{__name__}.{parameter.name}"] = value


def deliver(dry_run: bool, commit: bool, push: bool) -> "Delivery":
    """The options as the commands take them."""
    from gitops_gen.changes.change import Delivery

    meta = click.get_current_context().meta
    branch, message = (meta.get(f"{__name__}.{name}") for name in ("branch", "message"))
    return Delivery(dry_run=dry_run, commit=commit, push=push, branch=branch or "", message=tuple(message or ()))


def show(settings: Settings, outcome: "Outcome", output: str) -> int:
    """Print what a change came to: for people the words on standard error and the difference on standard output."""
    from gitops_gen.output.change_text import outcome_lines, outcome_notes

    for line in outcome_notes(outcome):
        settings.note(line)
    if output == "text":
        print_lines(outcome_lines(outcome, colour=is_coloured()))
    else:
        from gitops_gen.output.json.outcome import outcome_document

        print_document(outcome_document(outcome), output)
    return 0

"""What the verbs that change something share: options for how far a change goes, and showing what it came to."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.app import output_option, pass_settings
from gitops_gen.cli.printing import is_coloured, print_document, print_lines
from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from gitops_gen.changes.change import Outcome

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

delete_running_option = click.option("--delete-running", is_flag=True, help="Allow Argo CD to delete its resources.")


def delivery_options(*, commits: bool = True) -> Decorator:
    """How far a change goes: `--dry-run`, `--commit`, `--branch`, `--push`, and what its commit says. The function gets
    `delivery`.
    """
    options = [
        click.option("--dry-run", is_flag=True, help="Show what would change; write nothing."),
        click.option("--commit/--no-commit", default=not commits, help="Commit what changes, and nothing else."),
        click.option("--push", is_flag=True, help="Commit on top of what the remote has now, and push."),
        click.option("--branch", metavar="NAME", callback=_not_empty, help="Commit on a new branch instead."),
        click.option(
            "-m",
            "--message",
            metavar="TEXT",
            multiple=True,
            help="The commit's subject; again for a paragraph below it.",
        ),
    ]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def delivering(
            *args: Any,
            dry_run: bool,
            commit: bool,
            push: bool,
            branch: str | None,
            message: tuple[str, ...],
            **others: Any,
        ) -> Any:
            from gitops_gen.changes.change import Delivery

            delivery = Delivery(dry_run=dry_run, commit=commit, push=push, branch=branch or "", message=message)
            return function(*args, delivery=delivery, **others)

        for option in reversed(options):
            delivering = option(delivering)
        return delivering

    return decorate


def changes(*, commits: bool = True) -> Decorator:
    """A verb that changes something: its options for that and `--output`. The function gets `settings` and `delivery`,
    and gives the outcome, which is printed.
    """

    def decorate(function: Callable[..., "Outcome"]) -> Callable[..., Any]:
        @wraps(function)
        def changing(settings: Settings, *args: Any, output: str, **others: Any) -> int:
            return show(settings, function(settings, *args, **others), output)

        return delivery_options(commits=commits)(output_option(pass_settings(changing)))

    return decorate


def _not_empty(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    if value == "":  # an empty variable in a script must not mean the branch that is checked out
        raise click.BadParameter("is empty", context, parameter)
    return value


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

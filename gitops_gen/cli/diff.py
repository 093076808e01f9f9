"""The verb `diff`."""

from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.app import cli, output_formats, pass_settings, scope_options
from gitops_gen.cli.printing import is_coloured, print_data, print_document, print_lines
from gitops_gen.cli.settings import Settings, Wanted

if TYPE_CHECKING:
    from gitops_gen.compare.model import Difference
    from gitops_gen.project.listing import Scope

_BROKEN = 2


@cli.command()
@click.argument("words", metavar="[REF] [REF] [ENV]...", nargs=-1)
@click.option("--only", metavar="ENV", multiple=True, help="Compare only ENV, even if a branch has its name.")
@scope_options
@click.option("--env", "environments", nargs=2, metavar="A B", help="Compare two environments with each other.")
@click.option("--summary", is_flag=True, help="One line for the environments that have the same counts and effects.")
@click.option("--merge-base", is_flag=True, help="Compare with the merge base, as a pull request does.")
@output_formats("markdown", "html")
@click.option(
    "--max-size",
    type=click.IntRange(min=1000),
    default=65536,
    show_default=True,
    metavar="BYTES",
    help="Limit of a comment in markdown: GitHub's; GitLab takes 1000000.",
)
@click.option("--no-cache", is_flag=True, help="Render everything; do not use the cache.")
@pass_settings
def diff(settings: Settings, /, summary: bool, output: str, max_size: int, **question: Any) -> int:
    """Show what changes in the cluster between two commits: rendered, without cluster or network.

    Without REF, the working tree is compared with HEAD; with one REF, with that revision. With ENV, only those
    environments are compared. A word that is both a revision and an environment is an error that names both ways to
    type it. Values are not validated against the chart's schema: use `generate --check`.

    Exits 0 without differences, 1 with differences, and 2 when an environment does not render in its current state or
    nothing could be compared. CI should fail on 2.

    \b
    gitops-gen diff
    gitops-gen diff staging production             # these environments, working tree against HEAD
    gitops-gen diff v1.4.0 main --summary          # a line an environment: counts and effects
    gitops-gen diff v1.4.0 --only production
    gitops-gen diff --merge-base origin/main HEAD --output markdown    # for a pull request
    gitops-gen diff --env staging production       # one environment with another
    """
    if summary and output not in ("text", "json", "yaml"):
        raise click.UsageError("--summary is printed as text, json or yaml")
    from gitops_gen.commands.diff import left_out

    difference = _difference(settings, **question)
    _print_summary(difference, output) if summary else _print(difference, output, max_size)
    if notice := left_out(settings.directory.absolute(), difference):
        settings.note(f"note: {notice}")
    if difference:
        settings.note("note: values are not validated against the chart's schema: use `gitops-gen generate --check`")
    return _BROKEN if difference.is_broken else 1 if difference else 0


def _difference(
    settings: Settings,
    *,
    words: tuple[str, ...],
    only: tuple[str, ...],
    scope: "Scope",
    environments: tuple[str, str] | None,
    merge_base: bool,
    no_cache: bool,
) -> "Difference":
    from gitops_gen.commands.diff import Question, diff
    from gitops_gen.compare.fleet import Engines
    from gitops_gen.errors import GitopsError

    if not scope.is_all:
        only = settings.selected(settings.opened(), Wanted(only, scope))
    question = Question(words=words, only=only, merge_base=merge_base, environments=environments or None)
    engines = Engines(engine=settings.engine, cached=not no_cache)
    try:
        return diff(settings.directory.absolute(), question, engines)
    except GitopsError as error:
        # Not 1: nothing was compared, so no difference was found.
        error.exit_code = _BROKEN
        raise


def _print_summary(difference: "Difference", output: str) -> None:
    from gitops_gen.output.diff_summary import summary_lines

    if output == "text":
        print_lines(summary_lines(difference))
        return
    from gitops_gen.output.json.diff import diff_summary_document

    print_document(diff_summary_document(difference), output)


def _print(difference: "Difference", output: str, max_size: int) -> None:
    if output in ("json", "yaml"):
        from gitops_gen.output.json.diff import diff_document

        print_document(diff_document(difference), output)
    elif output == "text":
        from gitops_gen.output.diff_text import difference_lines

        print_lines(difference_lines(difference, colour=is_coloured()))
    elif output == "markdown":
        from gitops_gen.output.diff_markdown import markdown

        print_data(markdown(difference, max_size))
    else:
        from gitops_gen.output.diff_html import page

        print_data(page(difference))

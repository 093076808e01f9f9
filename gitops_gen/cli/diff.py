"""The verb `diff`."""

import os
import sys
from typing import TYPE_CHECKING

import click

from gitops_gen.cli.app import Settings, cli, pass_settings, print_data

if TYPE_CHECKING:
    from gitops_gen.chart.beside import RendererBeside
    from gitops_gen.diff.model import Difference


@cli.command()
@click.argument("refs", metavar="[REF] [REF]", nargs=-1)
@click.option("--env", "environments", nargs=2, metavar="A B", help="Compare two environments with each other.")
@click.option("--merge-base", is_flag=True, help="Start where the two parted: what a pull request brings.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    show_default=True,
    help="How to print the result.",
)
@click.option(
    "--max-size",
    type=click.IntRange(min=1000),
    default=65536,
    show_default=True,
    metavar="BYTES",
    help="Limit of a comment in markdown: GitHub's; GitLab takes 1000000.",
)
@click.option("--no-cache", is_flag=True, help="Render everything, and keep nothing for the next time.")
@pass_settings
def diff(
    settings: Settings,
    refs: tuple[str, ...],
    environments: tuple[str, str] | None,
    merge_base: bool,
    output: str,
    max_size: int,
    no_cache: bool,
) -> int:
    """Show what changes in the cluster between two commits: rendered, without cluster or network.

    Without REF the working tree is compared with HEAD, with one REF with that. Exits 1 when there is a difference.
    Values that the chart's schema refuses are rendered like others: `generate --check` finds them.

    \b
    gitops-gen diff
    gitops-gen diff v1.4.0 main
    gitops-gen diff --merge-base origin/main HEAD --output markdown    # for a pull request
    gitops-gen diff --env staging production
    """
    if len(refs) > (1 if environments else 2):
        raise click.UsageError("too many REFs: two at most, one with --env")
    early = _renderer(settings.engine, cached=not no_cache)
    from gitops_gen.commands.diff import Question, left_out
    from gitops_gen.commands.diff import diff as command
    from gitops_gen.diff.fleet import Engines

    question = Question(refs=refs, merge_base=merge_base, environments=environments or None)
    engines = Engines(engine=settings.engine, cached=not no_cache)
    difference = command(settings.directory.absolute(), question, engines, early)
    _print(difference, output, max_size)
    if notice := left_out(settings.directory.absolute(), question):
        settings.note(f"note: {notice}")
    if difference:
        settings.note("note: values are not held to the chart's schema here: `gitops-gen generate --check` does that")
    return 1 if difference else 0


def _renderer(engine: str, *, cached: bool) -> "RendererBeside | None":
    """One that makes itself ready while this process imports what it needs."""
    from gitops_gen.chart.beside import RendererBeside
    from gitops_gen.chart.cache import open_renderer
    from gitops_gen.chart.choice import may_be_beside

    return RendererBeside(lambda: open_renderer(engine, cached=cached)) if may_be_beside() else None


def is_terminal() -> bool:
    """Whether a person is looking."""
    return sys.stdout.isatty()


def _print(difference: "Difference", output: str, max_size: int) -> None:
    if output == "json":
        print_data(difference, "json")
    elif output == "text":
        from gitops_gen.output.diff_text import difference_lines

        colour = is_terminal() and not os.environ.get("NO_COLOR")
        for line in difference_lines(difference, colour=colour):
            click.echo(line, color=colour)
    elif output == "markdown":
        from gitops_gen.output.diff_markdown import markdown

        click.echo(markdown(difference, max_size), nl=False)
    else:
        from gitops_gen.output.diff_html import page

        click.echo(page(difference), nl=False)

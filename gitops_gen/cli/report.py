"""The verb `report`."""

from typing import TYPE_CHECKING

import click

from gitops_gen.cli.app import cli, pass_settings
from gitops_gen.cli.printing import print_lines
from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from gitops_gen.output.report.data import ReportParts


@cli.command()
@click.option(
    "-o",
    "--file",
    "target",
    type=click.Path(),
    default="report.html",
    show_default=True,
    metavar="FILE|DIR",
    help="The file to write; in a folder index.html.",
)
@click.option(
    "--compare",
    "pairs",
    nargs=2,
    multiple=True,
    metavar="OLD NEW",
    help="Include what would change between two revisions; again for more.",
)
@click.option(
    "--commits",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    metavar="NUMBER",
    help="How many of the last commits to show; 0: all.",
)
@pass_settings
def report(settings: Settings, target: str, pairs: tuple[tuple[str, str], ...], commits: int) -> int:
    """Write a page that shows the whole project: one file that loads nothing, for a browser or as an artifact of CI.

    It shows the release of each environment, what is not promoted and since when, the last changes, each sync as waves
    with the longest wait of a revert, the Secrets, the findings of `validate`, and what differs between revisions.

    \b
    gitops-gen report
    gitops-gen report -o page.html --compare HEAD~1 HEAD
    """
    from gitops_gen.commands.report import write_report
    from gitops_gen.output.report.data import report_data
    from gitops_gen.output.report.page import START, report_page

    page = report_page(report_data(_parts(settings, pairs, commits)))
    file = write_report(settings.named(target), page, START)
    print_lines([f"wrote {file}"])
    return 0


def _parts(settings: Settings, pairs: tuple[tuple[str, str], ...], commits: int) -> "ReportParts":
    from gitops_gen.commands.diff import Question
    from gitops_gen.commands.diff import diff as compare
    from gitops_gen.commands.history import History, history
    from gitops_gen.commands.status import status
    from gitops_gen.commands.validate import survey
    from gitops_gen.compare.fleet import Engines
    from gitops_gen.output.report.data import ReportParts, report_plan
    from gitops_gen.project.listing import list_environments

    opened = settings.overview()
    standing = status(opened)
    validation, plans = survey(opened, view=report_plan)
    engines = Engines(engine=settings.engine, cached=True)
    folder = settings.directory.absolute()
    return ReportParts(
        project=opened.project().spec.name,
        repository=opened.project().spec.repository,
        rows=list_environments(opened),
        status=standing,
        history=history(opened, limit=commits) if standing.in_git else History(events=(), complete=True),
        validation=validation,
        plans=plans,
        differences=[
            compare(folder, Question(words=pair, only=(), merge_base=False, environments=None), engines)
            for pair in pairs
        ],
    )

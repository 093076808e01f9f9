"""The verbs about charts."""

import click

from gitops_gen.cli.app import cli, output_option, pass_settings
from gitops_gen.cli.group import Group
from gitops_gen.cli.printing import print_document, print_lines
from gitops_gen.cli.settings import Settings


@cli.group(cls=Group)
def chart() -> None:
    """Pull charts, so that they can be checked and rendered.

    \b
    gitops-gen chart pull
    """


@chart.command()
@click.argument("refs", metavar="[REF]...", nargs=-1)
@output_option
@pass_settings
def pull(settings: Settings, refs: tuple[str, ...], output: str) -> int:
    """Run `helm pull` for each chart of a Helm repository that an environment uses and that is not pulled.

    With REF, also for the charts that environments use at that revision, which `diff REF` renders.

    \b
    gitops-gen chart pull                # in CI, before `generate --check`
    gitops-gen chart pull origin/main    # before `diff origin/main`
    """
    from gitops_gen.commands.chart_pull import pull as command
    from gitops_gen.output.json.chart_pull import chart_pull_document

    pulled = command(settings.workspace(), refs)
    print_lines(pulled) if output == "text" else print_document(chart_pull_document(pulled), output)
    if not pulled:
        settings.note("no chart of a Helm repository is missing")
    return 0

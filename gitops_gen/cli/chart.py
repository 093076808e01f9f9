"""The verbs about charts."""

import click

from gitops_gen.cli.app import cli, output_option, pass_settings
from gitops_gen.cli.group import Group
from gitops_gen.cli.printing import print_document, print_lines
from gitops_gen.cli.settings import Settings


@cli.group(cls=Group)
def chart() -> None:
    """Bring charts and their dependencies here, so that they can be checked and rendered.

    \b
    gitops-gen chart pull
    gitops-gen chart vendor
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

    pulled = command(settings.opened(), refs)
    print_lines(pulled) if output == "text" else print_document(chart_pull_document(pulled), output)
    if not pulled:
        settings.note("no chart of a Helm repository is missing")
    return 0


@chart.command()
@output_option
@pass_settings
def vendor(settings: Settings, output: str) -> int:
    """Put the dependencies of the charts in this repository into their charts/, to be committed.

    Versions are those of Chart.lock where that fits Chart.yaml; else the newest ones in the ranges of Chart.yaml, and
    Chart.lock is written. Dependencies with `repository: file://…` alone need none of it.

    \b
    gitops-gen chart vendor    # after an edit of `dependencies` in Chart.yaml
    """
    from gitops_gen.commands.chart_vendor import vendor as command
    from gitops_gen.output.json.chart_vendor import chart_vendor_document

    done = command(settings.opened())
    print_lines(done.files) if output == "text" else print_document(chart_vendor_document(done), output)
    for note in done.notes or (() if done.files else ("no chart lacks a dependency",)):
        settings.note(note)
    return 0

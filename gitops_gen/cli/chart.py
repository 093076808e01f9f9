"""The verbs about charts."""

from gitops_gen.cli.app import Settings, cli, pass_settings, print_lines
from gitops_gen.cli.group import Group


@cli.group(cls=Group)
def chart() -> None:
    """Bring charts here, so that they are checked and rendered.

    \b
    gitops-gen chart pull
    """


@chart.command()
@pass_settings
def pull(settings: Settings) -> int:
    """Run `helm pull` for each chart of a Helm repository that some environment takes and that is not here.

    \b
    gitops-gen chart pull    # in CI, before `generate --check` and `diff`
    """
    from gitops_gen.commands.chart_pull import pull as command

    pulled = command(settings.workspace())
    print_lines(pulled)
    if not pulled:
        settings.note("no chart of a Helm repository is missing here")
    return 0

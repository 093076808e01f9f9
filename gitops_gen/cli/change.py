"""The verbs that change environments, and those that look at what was changed: set, promote, rollback, history, status,
adopt.
"""

import click

from gitops_gen.cli.app import (
    Settings,
    cli,
    environment_argument,
    output_option,
    pass_settings,
    print_data,
    print_lines,
)
from gitops_gen.cli.delivery import deliver, delivery_options, show


@cli.command("set")
@click.argument("words", metavar="ENV KEY=VALUE...", nargs=-1, required=True)
@click.option("--stage", metavar="STAGE", default="", help="Every environment of a stage, instead of ENV.")
@click.option("--all", "everywhere", is_flag=True, help="Every environment, instead of ENV.")
@click.option("--unset", metavar="KEY", multiple=True, help="Remove KEY, so that a weaker layer or the chart decides.")
@click.option("--release", "layer", flag_value="RELEASE", help="Put it into release.yaml: it is promoted.")
@click.option("--environment", "layer", flag_value="ENVIRONMENT", help="Put it into environment.yaml: it stays.")
@delivery_options()
@output_option
@pass_settings
def set_command(
    settings: Settings,
    words: tuple[str, ...],
    stage: str,
    everywhere: bool,
    unset: tuple[str, ...],
    layer: str | None,
    dry_run: bool,
    commit: bool,
    push: bool,
    output: str,
) -> int:
    """Set chart values of ENV in the file that they belong to; comments and all other bytes stay.

    \b
    gitops-gen set dev app.image.tag=1.4.2
    gitops-gen set dev app.image.tag=1.4.2 worker.replicas=2 --commit
    gitops-gen set dev app.image.tag=1.4.2 --push -m "OPS-12: fix the login"
    gitops-gen set production app.replicas=5 --environment --branch more-replicas --push
    gitops-gen set --stage production app.logLevel=INFO --environment
    gitops-gen set dev --unset app.environment
    """
    from gitops_gen.commands import set_values as command
    from gitops_gen.commands.explain import parse_key
    from gitops_gen.commands.values_text import Assignment, parse_assignment

    named = not stage and not everywhere
    if (stage and everywhere) or (named and "=" in words[0]):
        raise click.UsageError("name one environment, or use --stage STAGE or --all")
    target = command.Target(environment=words[0] if named else "", stage=stage)
    assignments = [parse_assignment(word) for word in words[named:]]
    assignments += [Assignment(path=parse_key(key), text=None) for key in unset]
    if not assignments:
        raise click.UsageError("nothing to set: add KEY=VALUE or --unset KEY")
    chosen = command.Layer[layer] if layer else None
    outcome = command.set_values(settings.workspace(), target, assignments, deliver(dry_run, commit, push), chosen)
    return show(settings, outcome, output)


@cli.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--only", metavar="KEY", multiple=True, help="Promote this key of the release only, such as app.image.")
@click.option("--force", is_flag=True, help="Leave the order of the stages aside.")
@delivery_options()
@output_option
@pass_settings
def promote(
    settings: Settings,
    source: str,
    target: str,
    only: tuple[str, ...],
    force: bool,
    dry_run: bool,
    commit: bool,
    push: bool,
    output: str,
) -> int:
    """Give TO the release that FROM runs; both are environments or stages.

    \b
    gitops-gen promote staging production --dry-run
    gitops-gen promote staging production-eu --commit
    gitops-gen promote staging production --branch promote-1.4 --push
    """
    from gitops_gen.commands.promote import Promotion
    from gitops_gen.commands.promote import promote as command

    promotion = Promotion(source=source, target=target, only=only, force=force)
    return show(settings, command(settings.workspace(), promotion, deliver(dry_run, commit, push)), output)


@cli.command()
@environment_argument
@click.option("--to", metavar="COMMIT", default="", help="Undo every change of ENV after COMMIT.")
@click.option("--undo", metavar="COMMIT", default="", help="Undo COMMIT only, and keep what came after it.")
@delivery_options(commits=False)
@output_option
@pass_settings
def rollback(
    settings: Settings,
    environment: str,
    to: str,
    undo: str,
    dry_run: bool,
    commit: bool,
    push: bool,
    output: str,
) -> int:
    """Undo the last change of ENV in one commit, whatever else was committed since.

    \b
    gitops-gen rollback production --dry-run
    gitops-gen rollback production --push
    gitops-gen rollback production --to v1.4.0
    """
    from gitops_gen.commands.rollback import Rollback
    from gitops_gen.commands.rollback import rollback as command

    if to and undo:
        raise click.UsageError("--to and --undo exclude each other")
    request = Rollback(environment=environment, to=to, undo=undo)
    return show(settings, command(settings.workspace(), request, deliver(dry_run, commit, push)), output)


@cli.command()
@click.argument("environment", metavar="[ENV]", required=False, default="")
@click.option(
    "-n", "--max-count", "limit", type=click.IntRange(min=0), default=0, help="Look at this many commits only."
)
@output_option
@pass_settings
def history(settings: Settings, environment: str, limit: int, output: str) -> int:
    """Show what changed in ENV (or in all), when, by whom, and from which release to which.

    \b
    gitops-gen history production
    gitops-gen history --output json -n 20
    """
    from gitops_gen.commands.history import history as command
    from gitops_gen.output.change_text import history_lines

    result = command(settings.workspace(), environment, limit)
    print_lines(history_lines(result)) if output == "text" else print_data(result, output)
    if not result.complete:
        settings.note("the clone is shallow: older changes are missing; run `git fetch --unshallow`")
    return 0


@cli.command()
@output_option
@pass_settings
def status(settings: Settings, output: str) -> int:
    """Show what runs which release, what waits for promotion, and what is not committed, pushed or generated.

    \b
    gitops-gen status
    gitops-gen status --output json
    """
    from gitops_gen.commands.status import status as command
    from gitops_gen.output.change_text import status_lines

    result = command(settings.workspace())
    print_lines(status_lines(result)) if output == "text" else print_data(result, output)
    return 0


@cli.command()
@environment_argument
@delivery_options()
@output_option
@pass_settings
def adopt(settings: Settings, environment: str, dry_run: bool, commit: bool, push: bool, output: str) -> int:
    """Fold a hand edit of ENV's generated values.yaml back into the inputs.

    \b
    gitops-gen adopt staging --dry-run
    gitops-gen adopt staging --commit
    """
    from gitops_gen.commands.adopt import adopt as command

    return show(settings, command(settings.workspace(), environment, deliver(dry_run, commit, push)), output)

"""The verbs that change environments: set, promote, rollback, history, status, env add/clone/rename/remove, adopt."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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
from gitops_gen.cli.build import env

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
@delivery_options(branch=True)
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
    branch: str,
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
    return show(settings, command(settings.workspace(), promotion, deliver(dry_run, commit, push, branch)), output)


@cli.command()
@environment_argument
@click.option("--to", metavar="COMMIT", default="", help="Undo every change of ENV after COMMIT.")
@click.option("--undo", metavar="COMMIT", default="", help="Undo COMMIT only, and keep what came after it.")
@delivery_options(commits=False, branch=True)
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
    branch: str,
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
    return show(settings, command(settings.workspace(), request, deliver(dry_run, commit, push, branch)), output)


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


def fact_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What an environment can be given."""
    for option in (
        click.option("--release-of", metavar="ENV", default="", help="Start with the release of ENV."),
        click.option("--secret-path", metavar="PATH", default="", help="Prefix of its entries in the secret store."),
        click.option("--namespace", metavar="NAME", default="", help="Its namespace, if not the project's pattern."),
        click.option("--cluster", metavar="CLUSTER", default="", help="One of the project's clusters."),
        click.option("--stage", metavar="STAGE", default="", help="One of the project's stages."),
    ):
        function = option(function)
    return function


@env.command("add")
@click.argument("name", metavar="NAME")
@fact_options
@delivery_options()
@output_option
@pass_settings
def env_add(
    settings: Settings,
    name: str,
    stage: str,
    cluster: str,
    namespace: str,
    secret_path: str,
    release_of: str,
    dry_run: bool,
    commit: bool,
    push: bool,
    output: str,
) -> int:
    """Add an environment.

    \b
    gitops-gen env add production-us --stage production --release-of production
    """
    from gitops_gen.commands.environment_lifecycle import Facts, add

    facts = Facts(stage=stage, cluster=cluster, namespace=namespace, secret_path=secret_path, release=release_of)
    return show(settings, add(settings.workspace(), name, facts, deliver(dry_run, commit, push)), output)


@env.command("clone")
@click.argument("source", metavar="FROM")
@click.argument("name", metavar="NEW")
@fact_options
@click.option("--host", "hosts", metavar="OLD=NEW", multiple=True, help="A host of FROM, and NEW's instead.")
@click.option("--shared", is_flag=True, help="Share FROM's secret path and hosts.")
@delivery_options()
@output_option
@pass_settings
def env_clone(
    settings: Settings,
    source: str,
    name: str,
    stage: str,
    cluster: str,
    namespace: str,
    secret_path: str,
    release_of: str,
    hosts: tuple[str, ...],
    shared: bool,
    dry_run: bool,
    commit: bool,
    push: bool,
    output: str,
) -> int:
    """Make NEW with everything that FROM has but what must differ; what that is, is asked for.

    \b
    gitops-gen env clone production production-us --cluster us-1 --host api.example.com=api.example.us
    """
    from gitops_gen.commands.environment_lifecycle import Facts, clone

    if any("=" not in host for host in hosts):
        raise click.UsageError("--host takes OLD=NEW")
    facts = Facts(
        stage=stage,
        cluster=cluster,
        namespace=namespace,
        secret_path=secret_path,
        release=release_of,
        hosts=dict(host.split("=", 1) for host in hosts),
        shared=shared,
    )
    return show(settings, clone(settings.workspace(), source, name, facts, deliver(dry_run, commit, push)), output)


_told = click.option("--delete-running", "told", is_flag=True, help="Yes, let Argo CD delete what runs there.")


@env.command("rename")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--keep-namespace", is_flag=True, help="Stay in the namespace of OLD.")
@_told
@delivery_options()
@output_option
@pass_settings
def env_rename(
    settings: Settings,
    old: str,
    new: str,
    keep_namespace: bool,
    told: bool,
    dry_run: bool,
    commit: bool,
    push: bool,
    output: str,
) -> int:
    """Rename an environment; says what becomes of what runs there.

    \b
    gitops-gen env rename staging preproduction --delete-running --dry-run
    """
    from gitops_gen.commands.environment_lifecycle import rename

    delivery = deliver(dry_run, commit, push)
    outcome = rename(settings.workspace(), old, new, delivery, keep_namespace=keep_namespace, told=told)
    return show(settings, outcome, output)


@env.command("remove")
@environment_argument
@_told
@delivery_options()
@output_option
@pass_settings
def env_remove(
    settings: Settings, environment: str, told: bool, dry_run: bool, commit: bool, push: bool, output: str
) -> int:
    """Remove an environment's files; says what becomes of what runs there.

    \b
    gitops-gen env remove staging --delete-running --dry-run
    """
    from gitops_gen.commands.environment_lifecycle import remove

    delivery = deliver(dry_run, commit, push)
    return show(settings, remove(settings.workspace(), environment, delivery, told=told), output)

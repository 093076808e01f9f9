"""The verb `env` and what it does: list, add, clone, rename, remove."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.app import cli, environment_argument, output_option, pass_settings, scope_options
from gitops_gen.cli.delivery import changes, delete_running_option
from gitops_gen.cli.group import Group
from gitops_gen.cli.printing import print_result
from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from gitops_gen.changes.change import Delivery, Outcome
    from gitops_gen.commands.environment_lifecycle import Facts
    from gitops_gen.project.listing import Scope


@cli.group("env", cls=Group)
def env() -> None:
    """Environments: list, add, clone, rename, remove."""


@env.command("list")
@scope_options
@output_option
@pass_settings
def env_list(settings: Settings, scope: "Scope", output: str) -> int:
    """List the environments: stage, cluster, namespace, chart.

    \b
    gitops-gen env list
    gitops-gen env list --stage production
    gitops-gen env list --output json
    """
    from gitops_gen.output.environment_text import environment_table
    from gitops_gen.output.json.environments import environments_document
    from gitops_gen.project.listing import list_environments
    from gitops_gen.project.selection import focused

    opened = settings.overview()
    rows = list_environments(opened, focused(opened, (), scope))
    print_result(rows, output, environment_table, environments_document)
    return 0


def fact_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What an environment can be given. The function gets `facts`."""

    @wraps(function)
    def given(
        *args: Any, stage: str, cluster: str, namespace: str, secret_path: str, release_of: str, **others: Any
    ) -> Any:
        from gitops_gen.commands.environment_lifecycle import Facts

        facts = Facts(stage=stage, cluster=cluster, namespace=namespace, secret_path=secret_path, release=release_of)
        return function(*args, facts=facts, **others)

    for option in (
        click.option("--release-of", metavar="ENV", default="", help="Start with the release of ENV."),
        click.option("--secret-path", metavar="PATH", default="", help="Prefix of its entries in the secret store."),
        click.option("--namespace", metavar="NAME", default="", help="Its namespace, if not the project's pattern."),
        click.option("--cluster", metavar="CLUSTER", default="", help="One of the project's clusters."),
        click.option("--stage", metavar="STAGE", default="", help="One of the project's stages."),
    ):
        given = option(given)
    return given


@env.command("add")
@click.argument("name", metavar="NAME")
@fact_options
@changes()
def env_add(settings: Settings, name: str, facts: "Facts", delivery: "Delivery") -> "Outcome":
    """Add an environment.

    \b
    gitops-gen env add production-us --stage production --release-of production
    """
    from gitops_gen.commands.environment_lifecycle import add
    from gitops_gen.project.selection import new, one

    opened = settings.opened()
    name = new(opened, name)
    if facts.release:
        facts = replace(facts, release=one(opened, facts.release))
    return add(opened, name, facts, delivery)


@env.command("clone")
@click.argument("source", metavar="FROM")
@click.argument("name", metavar="NEW")
@fact_options
@click.option("--host", "hosts", metavar="OLD=NEW", multiple=True, help="Replace a host of FROM by one of NEW.")
@click.option("--shared", is_flag=True, help="Share FROM's secret path and hosts.")
@changes()
def env_clone(
    settings: Settings,
    source: str,
    name: str,
    facts: "Facts",
    hosts: tuple[str, ...],
    shared: bool,
    delivery: "Delivery",
) -> "Outcome":
    """Copy FROM to NEW. Values that must differ are required as options.

    \b
    gitops-gen env clone production production-us --cluster us-1 --host api.example.com=api.example.us
    """
    from gitops_gen.commands.environment_lifecycle import clone
    from gitops_gen.project.selection import new

    if any("=" not in host for host in hosts):
        raise click.UsageError("--host takes OLD=NEW")
    facts = replace(facts, hosts=dict(host.split("=", 1) for host in hosts), shared=shared)
    opened, source = settings.chosen(source)
    name = new(opened, name, like=source)
    return clone(opened, source, name, facts, delivery)


@env.command("rename")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--keep-namespace", is_flag=True, help="Keep the namespace of OLD.")
@delete_running_option
@changes()
def env_rename(
    settings: Settings, old: str, new: str, keep_namespace: bool, delete_running: bool, delivery: "Delivery"
) -> "Outcome":
    """Rename an environment, and show what Argo CD does with its resources.

    \b
    gitops-gen env rename staging preproduction --delete-running --dry-run
    """
    from gitops_gen.commands.environment_lifecycle import rename
    from gitops_gen.project import selection

    opened, old = settings.chosen(old)
    new = selection.new(opened, new, like=old)
    return rename(opened, old, new, delivery, keep_namespace=keep_namespace, delete_running=delete_running)


@env.command("remove")
@environment_argument
@delete_running_option
@changes()
def env_remove(settings: Settings, environment: str, delete_running: bool, delivery: "Delivery") -> "Outcome":
    """Remove an environment's files, and show what Argo CD does with its resources.

    \b
    gitops-gen env remove staging --delete-running --dry-run
    """
    from gitops_gen.commands.environment_lifecycle import remove

    return remove(*settings.chosen(environment), delivery, delete_running=delete_running)

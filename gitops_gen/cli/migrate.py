"""`migrate`: from the original Kustomize deployment to the chart."""

from typing import IO, TYPE_CHECKING

import click

from gitops_gen.cli.app import ReadableFile, cli, environment_argument, output_formats, pass_settings
from gitops_gen.cli.delivery import delivery_options, show
from gitops_gen.cli.printing import print_data, print_document, print_lines
from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from gitops_gen.changes.change import Delivery
    from gitops_gen.migration.model import Migration


@cli.command()
@environment_argument
@click.option(
    "--live", metavar="FILE", type=ReadableFile("rb"), required=True, help="What kubectl exported; - reads it."
)
@click.option("--argocd", "mode", flag_value="argocd", default="argocd", help="Argo CD applies the chart (default).")
@click.option("--helm", "mode", flag_value="helm", help="Helm 4 applies the chart.")
@click.option("--write", "writes", is_flag=True, help="Set the values that the data need, in environment.yaml.")
@delivery_options()
@output_formats(
    "sh",
    "restore",
    help_text="How to print the plan; sh: a script of it; restore: the live objects, to be applied on the way back.",
)
@pass_settings
def migrate(
    settings: Settings, environment: str, live: IO[bytes], mode: str, writes: bool, delivery: "Delivery", output: str
) -> int:
    """Plan the migration from the original Kustomize deployment to ENV, with its volumes, and print the commands.

    No command is run against a cluster: an export of the namespace shows the outcome for each live object, and which
    values its volumes need. The plan contains backup, migration, checks and rollback. Exits 1 while values must be set
    or something blocks.

    \b
    kubectl -n api-forge-prod get deploy,svc,cm,pvc,netpol,job,ing,sa -o yaml > live.yaml
    gitops-gen migrate production --live live.yaml
    gitops-gen migrate production --live live.yaml --write --commit
    gitops-gen migrate production --live live.yaml --output sh > migrate.sh
    gitops-gen migrate production --live live.yaml --helm
    """
    from gitops_gen.commands import migrate as command
    from gitops_gen.migration.model import Mode

    if not writes and (delivery.dry_run or delivery.commits or delivery.message):
        raise click.UsageError("--dry-run, --commit, --branch, --push and --message need --write")
    if writes and output in ("sh", "restore"):
        raise click.UsageError(f"--write prints what it wrote, not --output {output}")
    export, chosen = command.Export(content=live.read(), file=live.name), Mode(mode)
    if writes:
        _, outcome = command.write_overrides(settings.opened(), environment, export, chosen, delivery)
        return show(settings, outcome, output)
    if output == "restore":
        print_data(command.restore(settings.opened(), environment, export, chosen))
        return 0
    plan = command.migrate(settings.opened(), environment, export, chosen)
    if output == "sh":
        command.require_ready(plan)
    _print(plan, output)
    return 0 if plan.ready else 1


def _print(plan: "Migration", output: str) -> None:
    from gitops_gen.output.json.migration import migration_document
    from gitops_gen.output.migrate_script import script_lines
    from gitops_gen.output.migrate_text import migration_lines

    if output in ("json", "yaml"):
        print_document(migration_document(plan), output)
    elif output == "sh":
        print_data("".join(f"{line}\n" for line in script_lines(plan)))
    else:
        print_lines(migration_lines(plan))

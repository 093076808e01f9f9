"""Groups of verbs. The root group knows each verb by its name, one line and the module that defines it, and imports a
module only when its verb is used, so that `--help` and completion answer at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VERBS = {
    "init": ("build", "Make a complete repository: chart, environments, CI files."),
    "generate": ("build", "Write the generated files that are not up to date."),
    "render": ("build", "Print the manifests of an environment."),
    "explain": ("build", "Show which file and line sets each value."),
    "secrets": ("build", "Show which keys of Secrets are read, and what provides them."),
    "plan": ("plan", "Show how Argo CD will sync, and prove that it ends."),
    "rules": ("plan", "List the rules about a sync, or explain one."),
    "diff": ("diff", "Show what changes in the cluster between two commits."),
    "set": ("change", "Set chart values in the file that they belong to."),
    "promote": ("change", "Copy a release to another environment or stage."),
    "rollback": ("change", "Undo the last change of an environment."),
    "history": ("change", "Show what changed, when, by whom, from which release to which."),
    "status": ("change", "Show the release of each environment, and what is not promoted."),
    "adopt": ("change", "Move an edit of a generated file into the inputs."),
    "env": ("environments", "List, add, clone, rename, remove environments."),
    "migrate": ("migrate", "Plan the migration from the Kustomize deployment to the chart."),
    "chart": ("chart", "Pull the charts of Helm repositories."),
    "cluster": ("cluster", "Print the API versions of a cluster, for gitops.yaml."),
    "schema": ("build", "Print the JSON Schema of a hand-written file."),
    "completion": ("build", "Print the completion script of a shell."),
}
"""Each verb's module in this package, and its line in the list, in the order in which a newcomer meets them."""


class Group(click.Group):
    """Commands in the order of their registration, a nearest match for a misspelt one, and names that are completed."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, which completes the names that it takes."""
        command = super().get_command(ctx, cmd_name)
        if command:
            from gitops_gen.cli.complete import complete_names

            complete_names(command)
        return command

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Registration order instead of the alphabet."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Add "did you mean" to click's own error."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            from gitops_gen.names import did_you_mean

            raise click.UsageError(f"No such command `{args[0]}`: {did_you_mean(args[0], known)}", ctx)
        return super().resolve_command(ctx, args)


class VerbGroup(Group):
    """The verbs of the table: listed and completed from there, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The table's order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, which its module registers here."""
        if cmd_name in VERBS:
            import_module(f"gitops_gen.cli.{VERBS[cmd_name][0]}")
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table, as the help shows it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The verbs that begin with what was typed, else the options."""
        from click.shell_completion import CompletionItem

        verbs = [CompletionItem(name, help=VERBS[name][1]) for name in VERBS if name.startswith(incomplete)]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

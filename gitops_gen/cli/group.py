"""Groups of verbs, and the options that every verb accepts before and after it.

The root group knows each verb by its name, one line and the module that defines it, and imports a module only when its
verb is used, so that `--help` and completion answer at once.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VERBS = {
    "init": ("build", "Make a complete repository: chart, environments, CI files."),
    "generate": ("build", "Write the generated files that are not up to date."),
    "render": ("build", "Print the manifests of an environment, or write those of many."),
    "explain": ("build", "Show which file and line sets each value."),
    "secrets": ("build", "Show which keys of Secrets are read, and what provides them."),
    "plan": ("plan", "Show how Argo CD will sync, and prove that it ends."),
    "validate": ("validate", "Find what would fail in the cluster, before the push."),
    "rules": ("plan", "List the rules of plan and validate, or explain one."),
    "diff": ("diff", "Show what changes in the cluster between two commits."),
    "set": ("change", "Set chart values in the file that they belong to."),
    "promote": ("change", "Copy a release to another environment or stage."),
    "rollback": ("change", "Undo the last change of an environment."),
    "history": ("change", "Show what changed, when, by whom, from which release to which."),
    "status": ("change", "Show the release of each environment, and what is not promoted."),
    "report": ("report", "Write a page for a browser that shows the whole project."),
    "adopt": ("change", "Move an edit of a generated file into the inputs."),
    "env": ("environments", "List, add, clone, rename, remove environments."),
    "project": ("projects", "List, add, rename, remove projects of a workspace."),
    "migrate": ("migrate", "Plan the migration from the Kustomize deployment to the chart."),
    "chart": ("chart", "Pull the charts of Helm repositories."),
    "cluster": ("cluster", "Print the API versions of a cluster, for gitops.yaml."),
    "schema": ("build", "Print the JSON Schema of a hand-written file."),
    "completion": ("build", "Print the completion script of a shell."),
}
"""Each verb's module in this package, and its line in the list, in the order in which a newcomer meets them."""


FORMATS = ("text", "json", "yaml", "markdown", "html", "mermaid", "sh", "restore", "sarif", "junit", "github", "gitlab")
"""What `--output` takes before a verb; which of them a verb has is checked when the verb is parsed."""


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Keep an option in the settings; one that was not typed leaves what was typed before the verb."""
    if value and parameter.name:
        setattr(context.ensure_object(Settings), parameter.name, value)
    return value


class GlobalOption(click.Option):
    """An option before and after the verb. Only the help of `gitops-gen` itself explains it."""

    def __init__(self, *names: str, **attributes: Any) -> None:
        super().__init__(names, callback=_remember, expose_value=False, **attributes)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The line in the help, which a verb's help has not."""
        return None if ctx.parent else super().get_help_record(ctx)


class OutputOption(click.Option):
    """`--output` of a verb with the formats that it has; the default is what was typed before the verb."""

    def __init__(self, names: Sequence[str], **attributes: Any) -> None:
        super().__init__(names, callback=_remember, default="text", show_default=True, **attributes)

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:  # noqa: FBT002 - click's signature
        """The format that was typed before the verb, else text."""
        settings = ctx.find_object(Settings)
        return settings.output if settings and settings.output else super().get_default(ctx, call)


def _global_options(*, with_output: bool) -> list[click.Parameter]:
    output = GlobalOption("-o", "--output", type=click.Choice(FORMATS), metavar="FORMAT", help=_OUTPUT_HELP)
    folder = click.Path(file_okay=False, exists=True)
    return [
        GlobalOption("-C", "folder", type=folder, is_eager=True, metavar="DIR", help=_FOLDER_HELP),
        GlobalOption("--engine", type=click.Choice(["embedded", "binary"]), help=_ENGINE_HELP),
        *([output] if with_output else []),
        GlobalOption("-q", "--quiet", is_flag=True, help="Print only results and errors."),
        GlobalOption("-v", "--verbose", is_flag=True, help="Print what runs and how long it takes."),
    ]


_FOLDER_HELP = "Work in DIR: other paths that you type are relative to it."
_OUTPUT_HELP = "How to print the result: text, json, yaml; some commands have more."
_ENGINE_HELP = "How to run Helm: inside this process (default) or as `helm`."
_EPILOG = "Options of all commands, before or after the command: -C DIR, --engine, -q, -v; see gitops-gen --help."


class Verb(click.Command):
    """A command with the global options."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.params += _global_options(with_output=False)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an `--output` before a command that has none."""
        rest = super().parse_args(ctx, args)
        settings = ctx.find_object(Settings)
        if settings and settings.output and not any(isinstance(item, OutputOption) for item in self.params):
            raise click.UsageError(f"`{ctx.command_path}` has no --output", ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with its log and progress, after a clean-up of what killed commands left."""
        from gitops_gen.cli.progress import watched
        from gitops_gen.runtime.scratch import sweep

        sweep()
        with watched(ctx.ensure_object(Settings)):
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """One line about the global options."""
        formatter.write_paragraph()
        formatter.write_text(_EPILOG)


class Group(click.Group):
    """Commands in the order of their registration, a nearest match for a misspelt one, and names that are completed."""

    command_class = Verb

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.params += _global_options(with_output=True)

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

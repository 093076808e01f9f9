"""The root command with the options that stand before a verb, and what verbs share: arguments, completion, printing."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from gitops_gen import __version__
from gitops_gen.cli.group import VerbGroup

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.project.workspace import OpenProject


class Settings:
    """The options that stand before the verb."""

    def __init__(self, directory: str, engine: str, *, quiet: bool, verbose: bool) -> None:
        self._directory, self.engine, self.quiet, self.verbose = directory, engine, quiet, verbose

    @property
    def directory(self) -> "Path":
        """The folder that `-C` chose."""
        from pathlib import Path

        return Path(self._directory)

    def workspace(self) -> "OpenProject":
        """The project that the command works on."""
        from gitops_gen.project.workspace import open_workspace

        self._listen()
        return open_workspace(self.directory.absolute(), self.engine)

    def overview(self) -> "OpenProject":
        """The project for a command that shows all environments: says which of them are not here."""
        workspace = self.workspace()
        if workspace.absent.notice:
            self.note(f"note: {workspace.absent.notice}")
        return workspace

    def _listen(self) -> None:
        """Log to standard error: warnings; with --verbose what they do; --quiet: errors."""
        import logging

        from gitops_gen.output.terminal import LogFormatter

        level = logging.ERROR if self.quiet else logging.DEBUG if self.verbose else logging.WARNING
        handler = logging.StreamHandler()
        handler.setFormatter(
            LogFormatter("%(relativeCreated)d ms: %(message)s" if self.verbose else "note: %(message)s")
        )
        logging.basicConfig(handlers=[handler])
        logging.getLogger("gitops_gen").setLevel(level)

    def note(self, text: str) -> None:
        """Something for people, on standard error."""
        if not self.quiet:
            print_message(text)


def print_message(text: str) -> None:
    """Words for people, on standard error."""
    from gitops_gen.output.terminal import message_lines

    for line in message_lines(text):
        click.echo(line, err=True)


def print_lines(lines: Iterable[str]) -> None:
    """Lines of a result for people, on standard output."""
    from gitops_gen.output.terminal import shown

    text = "\n".join(map(shown, lines))
    if text:
        click.echo(text, color=is_coloured())


def print_raw(text: str) -> None:
    """Data on standard output, unchanged when a program reads it; in a terminal no character of it acts."""
    from gitops_gen.output.terminal import shown

    click.echo("\n".join(map(shown, text.split("\n"))) if is_terminal() else text, nl=False)


def is_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


def is_coloured() -> bool:
    """Whether results are printed with colours: https://no-color.org."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def print_data(value: Any, output: str) -> None:
    """A result as JSON or YAML, on standard output."""
    from gitops_gen.output.data import formatted

    print_raw(formatted(value, output))


output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "yaml"]),
    default="text",
    show_default=True,
    help="How to print the result.",
)
environment_argument = click.argument("environment", metavar="ENV")
environments_argument = click.argument("environments", metavar="[ENV]...", nargs=-1)
pass_settings = click.pass_obj


def scope_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--stage` and `--cluster`: which environments a listing is about."""
    for option in (
        click.option("--cluster", metavar="CLUSTER", default="", help="Only the environments of a cluster."),
        click.option("--stage", metavar="STAGE", default="", help="Only the environments of a stage."),
    ):
        function = option(function)
    return function


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="gitops-gen %(version)s")
@click.option(
    "-C",
    "directory",
    type=click.Path(file_okay=False, exists=True),
    default=".",
    metavar="DIR",
    help="Work in DIR.",
)
@click.option(
    "--engine",
    type=click.Choice(["embedded", "binary"]),
    default=None,
    help="How to run Helm: inside this process (default) or as `helm`.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only results and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.pass_context
def cli(context: click.Context, directory: str, engine: str | None, quiet: bool, verbose: bool) -> None:
    """Generate the git repository that Argo CD syncs, from a few small files per environment.

    \b
    Start a repository:             gitops-gen init my-gitops
    Write what changed:             gitops-gen generate
    Fail in CI on stale files:      gitops-gen generate --check
    Prove that the sync ends:       gitops-gen plan production
    Change a value:                 gitops-gen set dev app.image.tag=1.4.2 --commit
    Promote a release:              gitops-gen promote dev staging
    Undo a change:                  gitops-gen rollback production --dry-run
    See what the cluster will get:  gitops-gen diff
    See where a value comes from:   gitops-gen explain production app.replicas
    """
    context.obj = Settings(directory, engine or "", quiet=quiet, verbose=verbose)

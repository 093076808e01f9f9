"""The root command with the options before a verb, and what verbs share: arguments, completion, printing."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from gitops_gen import __version__
from gitops_gen.cli.group import VerbGroup

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.project.workspace import OpenProject


class Settings:
    """The options before the verb."""

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
        """The project for a command that shows all environments: says which of them this checkout does not have."""
        workspace = self.workspace()
        if workspace.absent.notice:
            self.note(f"note: {workspace.absent.notice}")
        return workspace

    def _listen(self) -> None:
        """Log to standard error: warnings; with --verbose what they do; --quiet: errors."""
        import logging

        level = logging.ERROR if self.quiet else logging.DEBUG if self.verbose else logging.WARNING
        logging.basicConfig(format="%(relativeCreated)d ms: %(message)s" if self.verbose else "note: %(message)s")
        logging.getLogger("gitops_gen").setLevel(level)

    def note(self, text: str) -> None:
        """Something for people, on standard error."""
        if not self.quiet:
            click.echo(text, err=True)


def print_lines(lines: Iterable[str]) -> None:
    """Lines of a result, on standard output."""
    text = "\n".join(lines)
    if text:
        click.echo(text)


def print_data(value: Any, output: str) -> None:
    """A result as JSON or YAML, on standard output."""
    from gitops_gen.output.data import formatted

    click.echo(formatted(value, output), nl=False)


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

"""The root command, and what commands share: arguments, completion."""

from collections.abc import Callable
from functools import wraps
from typing import IO, TYPE_CHECKING, Any

import click

from gitops_gen import __version__
from gitops_gen.cli.group import OutputOption, VerbGroup
from gitops_gen.cli.settings import Settings, Wanted

if TYPE_CHECKING:
    from gitops_gen.project.listing import Scope


def output_formats(*more: str, help_text: str = "How to print the result.") -> Callable[..., Any]:
    """`--output` of a verb: text, json, yaml and `more`. The function gets `output`."""
    formats = click.Choice(["text", "json", "yaml", *more])
    return click.option("-o", "--output", cls=OutputOption, type=formats, help=help_text)


output_option = output_formats()
environment_argument = click.argument("environment", metavar="ENV")
pass_settings = click.make_pass_decorator(Settings, ensure=True)


class ReadableFile(click.File):
    """A file that is read, `-` for standard input: none that the checkout leads elsewhere with a symlink or a pipe."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IO[Any]:
        """The open file."""
        if isinstance(value, str) and value != "-":
            settings = ctx.ensure_object(Settings) if ctx else Settings()
            value = str(settings.named(value).checked())
        return super().convert(value, param, ctx)


def scope_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--project`, `--stage` and `--cluster`: which environments a verb is about. The function gets `scope`."""

    @wraps(function)
    def scoped(*args: Any, project: str, stage: str, cluster: str, **others: Any) -> Any:
        from gitops_gen.project.listing import Scope

        return function(*args, scope=Scope(project=project, stage=stage, cluster=cluster), **others)

    for option in (
        click.option("--project", metavar="PROJECT", default="", help="Only a project of a workspace."),
        click.option("--cluster", metavar="CLUSTER", default="", help="Only the environments of a cluster."),
        click.option("--stage", metavar="STAGE", default="", help="Only the environments of a stage."),
    ):
        scoped = option(scoped)
    return scoped


def wanted_environments(function: Callable[..., Any]) -> Callable[..., Any]:
    """`ENV...` and the options that narrow them. The function gets `wanted`."""

    @wraps(function)
    def wanting(*args: Any, environments: tuple[str, ...], scope: "Scope", **others: Any) -> Any:
        return function(*args, wanted=Wanted(environments, scope), **others)

    return click.argument("environments", metavar="[ENV]...", nargs=-1)(scope_options(wanting))


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="gitops-gen %(version)s")
def cli() -> None:
    """Generate the git repository that Argo CD syncs, from a few small files per environment.

    \b
    Start a repository:             gitops-gen init my-gitops
    Write what changed:             gitops-gen generate
    Find what would fail:           gitops-gen validate
    Prove that the sync ends:       gitops-gen plan production
    Change a value:                 gitops-gen set dev app.image.tag=1.4.2 --commit
    Promote a release:              gitops-gen promote dev staging
    Undo a change:                  gitops-gen rollback production --dry-run
    See what the cluster will get:  gitops-gen diff
    See where a value comes from:   gitops-gen explain production app.replicas
    """

"""The verbs that make a repository and look at it: init, generate, render, explain, secrets, schema, completion."""

from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

import click

from gitops_gen.cli.app import (
    ReadableFile,
    cli,
    environment_argument,
    output_option,
    pass_settings,
    wanted_environments,
)
from gitops_gen.cli.printing import print_data, print_document, print_lines, print_result
from gitops_gen.cli.settings import Settings, Wanted
from gitops_gen.errors import fail_if_any, fail_with

if TYPE_CHECKING:
    from gitops_gen.commands.generate import Generation

SHELLS = ("bash", "zsh", "fish")


@cli.command()
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option(
    "--chart",
    metavar="CHART",
    help="A chart to copy instead of api-forge's: its folder, its .tgz, or URL/NAME[:VERSION] with the URL of its "
    "repository.",
)
@click.option("--workspace", is_flag=True, help="Several services with one chart and one root; it begins with two.")
@click.option("--name", default="", help="The project's name; default: the chart's folder.")
@click.option(
    "--environment",
    "environments",
    multiple=True,
    metavar="NAME[=STAGE]",
    help="An environment and its stage, in promotion order; again for each. Default: dev, staging, production.",
)
@click.option("--namespace", default="", metavar="TEXT", help="Default: {project}-{environment}.")
@click.option("--cluster", default="", metavar="NAME", help="Name of the cluster; default: main.")
@click.option("--server", default="", metavar="URL", help="Its API server; default: Argo CD's own cluster.")
@click.option(
    "--repository",
    metavar="URL",
    default="",
    help="This repository's URL as Argo CD reads it; default: the clone's origin, without credentials.",
)
@click.option(
    "--install",
    metavar="SOURCE",
    default="",
    help="Argument of `pip install` in CI; default: the source of this installation, else a wheel in the project.",
)
@output_option
@pass_settings
def init(settings: Settings, /, directory: str, chart: str | None, output: str, **wishes: Any) -> int:
    """Make a complete repository in DIR: chart, environments, CI files, README.

    DIR is a new folder, a fresh clone, or a new folder in a repository. Existing files are not changed.

    \b
    gitops-gen init my-gitops
    gitops-gen init my-gitops --chart ../charts/shop --repository https://github.com/shop/gitops.git
    gitops-gen init my-gitops --chart oci://ghcr.io/shop/charts/shop:1.4.0
    gitops-gen init services/shop --name shop --environment test=dev --environment live=production
    gitops-gen init my-gitops --workspace
    gitops-gen init my-gitops --cluster eu-1 --server https://10.0.0.1:6443 --namespace "{project}-{stage}"
    """
    from gitops_gen.commands.init import initialize
    from gitops_gen.output.init_text import finding_lines, next_lines
    from gitops_gen.output.json.initialization import init_document
    from gitops_gen.starter.project import Wishes

    made = initialize(
        settings.directory / directory,
        Wishes(**wishes),
        chart=chart if chart and "://" in chart else settings.directory / chart if chart else None,
        engine=settings.engine,
    )
    if output != "text":
        print_document(init_document(made), output)
        return 1 if made.problems else 0
    print_lines(made.listing)
    for note in made.notes:
        settings.note(f"note: {note}")
    if made.problems:
        settings.note(
            "note: the project is created; set the values that the chart requires, then run `gitops-gen generate` in it"
        )
    fail_if_any(made.problems)
    for line in (*finding_lines(made), *next_lines(made)):
        settings.note(line)
    return 0


@cli.command()
@wanted_environments
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Write nothing; exit 1 naming each stale, edited, missing or orphaned file.",
)
@click.option("--diff", "show_diff", is_flag=True, help="Show what changes in each file.")
@click.option("--overwrite", is_flag=True, help="Discard edits made by hand in generated files.")
@output_option
@pass_settings
def generate(
    settings: Settings, wanted: Wanted, only_check: bool, show_diff: bool, overwrite: bool, output: str
) -> int:
    """Write the generated files that are not up to date; all environments, or those named.

    \b
    gitops-gen generate
    gitops-gen generate production --diff
    gitops-gen generate --check            # for CI
    """
    from gitops_gen.commands import generate as command
    from gitops_gen.output import text
    from gitops_gen.output.json.files import generate_document

    opened = settings.opened()
    names = settings.selected(opened, wanted)
    if only_check:
        result = command.check_possible(opened, names, alone=True)
    else:
        result = command.generate(opened, names, overwrite=overwrite)
    for notice in result.notices:
        settings.note(f"note: {notice}")
    if output == "text":
        _print_generated(settings, result, done=not only_check, show_diff=show_diff)
    else:
        print_document(generate_document(result, written=not only_check), output)
    for hint in text.check_hints(result.changes) if only_check else text.removal_notes(result.changes):
        settings.note(hint)
    if output == "text":
        fail_if_any(result.problems)
    return 1 if result.problems or (only_check and result.changes) else 0


def _print_generated(settings: Settings, result: "Generation", *, done: bool, show_diff: bool) -> None:
    from gitops_gen.output import text

    print_lines(text.change_lines(result.changes, done=done))
    print_lines(text.diff_lines(result.changes) if show_diff else ())
    if result.resolved:
        files = ", ".join(result.resolved)
        settings.note(f"resolved the merge conflict in {files}: generated again from the merged inputs")
    if result.unchanged:
        settings.note(f"{result.unchanged} file{'s' * (result.unchanged != 1)} up to date")


@cli.command()
@wanted_environments
@click.option("--all", "every", is_flag=True, help="Every environment; needs --output-dir.")
@click.option("--output-dir", metavar="DIR", default="", help="Write DIR/ENV.yaml instead of printing.")
@click.option("--objects", is_flag=True, help="With --output-dir: a file for each object, DIR/ENV/KIND-NAME.yaml.")
@pass_settings
def render(settings: Settings, wanted: Wanted, every: bool, output_dir: str, objects: bool) -> int:
    """Print the manifests of ENV as Argo CD will apply them, or write those of many environments.

    \b
    gitops-gen render dev
    gitops-gen render --all --output-dir manifests
    gitops-gen render production | kubectl diff -n api-forge-production -f -
    """
    from gitops_gen.commands import render as command

    if output_dir:
        opened = settings.opened()
        names = opened.names() if every else settings.selected(opened, wanted)
        written, errors = command.render_to(opened, names, settings.named(output_dir), objects=objects)
        settings.note(f"{written} file{'s' * (written != 1)} written")
        fail_with(errors)
        return 0
    if every or objects or len(wanted.names) != 1 or not wanted.scope.is_all:
        raise click.UsageError("name one environment, or write several with --output-dir DIR")
    print_data(command.render(*settings.chosen(wanted.names[0])))
    return 0


@cli.command()
@environment_argument
@click.argument("key", required=False, default="")
@output_option
@pass_settings
def explain(settings: Settings, environment: str, key: str, output: str) -> int:
    """Show which file and line sets each value of ENV: one KEY, or all overrides.

    \b
    gitops-gen explain production
    gitops-gen explain production app.replicas
    """
    from gitops_gen.commands.explain import explain as command
    from gitops_gen.output.environment_text import explanation_lines
    from gitops_gen.output.json.explanation import explanation_document

    opened, environment = settings.chosen(environment)
    result = command(opened, environment, key)
    print_result(result, output, explanation_lines, partial(explanation_document, environment))
    return 0


@cli.command()
@wanted_environments
@output_option
@click.option(
    "--check",
    "existing",
    type=ReadableFile(encoding="utf-8"),
    metavar="FILE",
    help="Fail for what is not in this list of what exists: a line each, ENTRY[#PROPERTY] of the store or "
    "secret:NAME[/KEY] of the namespace.",
)
@click.option("--script", is_flag=True, help="Print the commands that fill the store, each value from a file.")
@pass_settings
def secrets(settings: Settings, wanted: Wanted, output: str, existing: TextIO | None, script: bool) -> int:
    """Show each key of each Secret that ENV needs, who reads it, and what provides it. Names only, never values.

    \b
    gitops-gen secrets production
    gitops-gen secrets production --check existing.txt
    gitops-gen secrets production --script > fill.sh
    gitops-gen secrets --output json
    """
    from gitops_gen.commands import secrets as command
    from gitops_gen.output.json.secrets import secrets_document
    from gitops_gen.output.secret_script import script_lines
    from gitops_gen.output.secret_text import secret_lines

    opened = settings.opened()
    found = command.secrets(opened, settings.selected(opened, wanted))
    if existing:
        count = command.check(found, existing.read(), existing.name)
        print_lines([f"all that is needed is among the {count} names of {existing.name}"])
        return 0
    if script:
        print_lines(script_lines(found))
        return 0
    if output != "text":
        print_document(secrets_document(found), output)
        return 0
    for index, environment in enumerate(found):
        print_lines([*([""] if index else []), *secret_lines(environment)])
    return 0


@cli.command()
@click.argument("kind", type=click.Choice(["project", "workspace", "environment", "release"]))
@pass_settings
def schema(settings: Settings, kind: str) -> int:
    """Print the JSON Schema of a hand-written file, with the chart's own schema under `values`.

    \b
    gitops-gen schema environment > .gitops-gen/environment.schema.json
    """
    from gitops_gen.errors import GitopsError
    from gitops_gen.project import schemas as command

    is_inside = False
    try:
        opened = settings.opened()
        is_inside = opened.projects().is_workspace
        chart_schema = command.chart_schema(opened)
    except GitopsError as error:
        settings.note(f"note: without the chart's schema: {error}")
        chart_schema = None
    print_document(command.schema(kind, chart_schema, is_inside=is_inside), "json")
    return 0


@cli.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the completion script of a shell.

    \b
    gitops-gen completion bash > /etc/bash_completion.d/gitops-gen
    gitops-gen completion zsh > "${fpath[1]}/_gitops-gen"
    gitops-gen completion fish > ~/.config/fish/completions/gitops-gen.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    print_data(kind(cli, {}, "gitops-gen", "_GITOPS_GEN_COMPLETE").source() + "\n")
    return 0

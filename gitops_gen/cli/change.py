"""The verbs that change environments, and those that look at what was changed: set, promote, rollback, history, status,
adopt.
"""

from typing import TYPE_CHECKING

import click

from gitops_gen.cli.app import cli, output_option, pass_settings, scope_options, wanted_environments
from gitops_gen.cli.delivery import changes
from gitops_gen.cli.printing import print_result
from gitops_gen.cli.settings import Settings, Wanted

if TYPE_CHECKING:
    from gitops_gen.changes.change import Delivery, Outcome
    from gitops_gen.changes.values.assignments import Assignment
    from gitops_gen.commands.set_values import Selection
    from gitops_gen.project.listing import Scope
    from gitops_gen.project.opening import OpenProject


@cli.command("set")
@click.argument("words", metavar="[ENV] KEY=VALUE...", nargs=-1)
@click.option("--stage", metavar="STAGE", default="", help="Every environment of a stage, instead of ENV.")
@click.option("--all", "everywhere", is_flag=True, help="Every environment, instead of ENV.")
@click.option("--project", metavar="PROJECT", default="", help="With --stage or --all: of this project of a workspace.")
@click.option("--unset", metavar="KEY", multiple=True, help="Remove KEY, so that a weaker layer or the chart decides.")
@click.option("--string", "strings", metavar="KEY=VALUE", multiple=True, help="Set just this text, as a string.")
@click.option("--json", "jsons", metavar="KEY=JSON", multiple=True, help="Set a value of any type, written as JSON.")
@click.option("--file", "files", metavar="KEY=PATH", multiple=True, help="Set the text of a file, as a string.")
@click.option("--move", metavar="KEY", multiple=True, help="Move KEY to --release or --environment, comments too.")
@click.option("--release", "layer", flag_value="RELEASE", help="Put it into release.yaml: it is promoted.")
@click.option("--environment", "layer", flag_value="ENVIRONMENT", help="Put it into environment.yaml: it stays.")
@changes()
def set_command(
    settings: Settings,
    /,
    words: tuple[str, ...],
    stage: str,
    everywhere: bool,
    project: str,
    layer: str | None,
    delivery: "Delivery",
    **forms: tuple[str, ...],
) -> "Outcome":
    """Set chart values of ENV in the file that they belong to. Comments and formatting are kept.

    The tag or digest of an image, and any key that a release sets, goes into release.yaml, which `promote` copies.
    Everything else stays in environment.yaml; with --stage or --all, in the defaults of gitops.yaml.

    VALUE gets the type that the chart declares. Without a declared type, a version such as a tag stays a string, and
    so does text that a template would print differently: 1.10, 0812345, 1e3, yes. `null` is null. --string, --json and
    --file set the type explicitly. PATH is relative to the current folder (or to -C DIR).

    \b
    gitops-gen set dev app.image.tag=1.4.2
    gitops-gen set dev app.image.tag=1.4.2 worker.replicas=2 --commit
    gitops-gen set dev app.image.tag=1.4.2 --push -m "OPS-12: fix the login"
    gitops-gen set production app.replicas=5 --branch more-replicas --push
    gitops-gen set --stage production app.logLevel=INFO
    gitops-gen set dev --string app.podAnnotations.build=0812345
    gitops-gen set dev --json 'app.nodeSelector={"disk": "ssd"}'
    gitops-gen set production 'ingress.tls[0].secretName=api-tls'
    gitops-gen set dev --unset app.environment
    gitops-gen set dev --move app.environment --release
    """
    from gitops_gen.commands import set_values as command

    named = not stage and not everywhere
    if (stage and everywhere) or (named and (not words or "=" in words[0])):
        raise click.UsageError("name one environment, or use --stage STAGE or --all")
    assignments = _assignments(settings, words[named:], moves=bool(layer), **forms)
    if not assignments:
        raise click.UsageError("nothing to set: add KEY=VALUE, --unset KEY or --move KEY")
    opened, chosen = settings.opened(), command.InputFile[layer] if layer else None
    target = _target(opened, words[0] if named else "", stage, project)
    return command.set_values(opened, target, assignments, delivery, chosen)


def _assignments(
    settings: Settings,
    words: tuple[str, ...],
    *,
    moves: bool,
    strings: tuple[str, ...],
    jsons: tuple[str, ...],
    files: tuple[str, ...],
    move: tuple[str, ...],
    unset: tuple[str, ...],
) -> "list[Assignment]":
    """What the words and the options of each form set."""
    from gitops_gen.changes.values.assignments import Form, parse_assignment, parse_file, parse_key_only, parse_word

    return [
        *(parse_word(word, moves=moves) for word in words),
        *(parse_assignment(word, Form.STRING) for word in strings),
        *(parse_assignment(word, Form.JSON) for word in jsons),
        *(parse_file(word, settings.directory) for word in files),
        *(parse_key_only(key, Form.MOVED) for key in move),
        *(parse_key_only(key, Form.REMOVED) for key in unset),
    ]


def _target(opened: "OpenProject", environment: str, stage: str, project: str) -> "Selection":
    """One environment, or those of a stage (all without one); in a project's folder, of that project."""
    from gitops_gen.commands.set_values import Selection
    from gitops_gen.project.selection import one

    if environment:
        return Selection(environment=one(opened, environment))
    within = project or opened.focus.rstrip("/")
    folder = opened.projects().named(within).folder if within else ""
    return Selection(stage=stage, project=folder)


@cli.command()
@click.argument("source", metavar="FROM")
@click.argument("targets", metavar="TO...", nargs=-1, required=True)
@click.option("--stage", "reads_targets", flag_value="stage", help="TO are stages: all their environments change.")
@click.option("--env", "reads_targets", flag_value="environment", help="TO are environments.")
@click.option("--from-stage", "reads_source", flag_value="stage", help="FROM is a stage.")
@click.option("--from-env", "reads_source", flag_value="environment", help="FROM is an environment.")
@click.option("--only", metavar="KEY", multiple=True, help="Promote this key of the release only, such as app.image.")
@click.option("--only-project", metavar="PROJECT", multiple=True, help="Only this project of a workspace.")
@click.option("--force", is_flag=True, help="Ignore the order of the stages.")
@changes()
def promote(
    settings: Settings,
    source: str,
    targets: tuple[str, ...],
    reads_targets: str | None,
    reads_source: str | None,
    only: tuple[str, ...],
    only_project: tuple[str, ...],
    force: bool,
    delivery: "Delivery",
) -> "Outcome":
    """Copy the release of FROM to each TO. Both are environments or stages.

    The name of a stage means all its environments; they change in one commit. A name of both an environment and a stage
    is an error, unless that stage has no other environment: use --stage or --env (--from-stage or --from-env for FROM).
    Settings belong to their environment and are never promoted. In a workspace each project goes from its own FROM to
    its own TO, all in one commit.

    \b
    gitops-gen promote staging production --stage --dry-run     # every environment of the stage
    gitops-gen promote staging production --env --commit        # that environment alone
    gitops-gen promote staging production-eu --commit
    gitops-gen promote staging production-eu production --env --commit
    gitops-gen promote dev staging --only app.image
    gitops-gen promote staging production-eu --branch promote-1.4 --push
    """
    from gitops_gen.commands.promote import Promotion
    from gitops_gen.commands.promote import promote as command
    from gitops_gen.project.members import Meaning

    promotion = Promotion(
        source=source,
        targets=targets,
        reads_source=Meaning(reads_source or ""),
        reads_targets=Meaning(reads_targets or ""),
        only=only,
        projects=only_project,
        force=force,
        details=settings.verbose,
    )
    return command(settings.opened(), promotion, delivery)


@cli.command()
@wanted_environments
@click.option("--to", metavar="COMMIT", default="", help="Undo every change of ENV after COMMIT.")
@click.option("--undo", metavar="COMMIT", default="", help="Undo COMMIT only, and keep what came after it.")
@changes(commits=False)
def rollback(settings: Settings, wanted: Wanted, to: str, undo: str, delivery: "Delivery") -> "Outcome":
    """Undo the last change of ENV in one commit, even if other environments changed since.

    The last change is that of the branch that Argo CD follows. A merge counts as one change, or as none if it did not
    change ENV. A rollback of a rollback restores what the first one undid. Of several environments, such as those that
    were promoted together, the last change is undone in each that it changed.

    \b
    gitops-gen rollback production --dry-run
    gitops-gen rollback production --push
    gitops-gen rollback production --to v1.4.0
    gitops-gen rollback --stage production    # what was promoted together
    """
    from gitops_gen.commands.rollback import Rollback
    from gitops_gen.commands.rollback import rollback as command

    if to and undo:
        raise click.UsageError("--to and --undo exclude each other")
    opened = settings.opened()
    names = settings.selected(opened, wanted)
    if not names:
        raise click.UsageError("name an environment, or use --stage STAGE or --project PROJECT")
    request = Rollback(environments=names, to=to, undo=undo)
    return command(opened, request, delivery)


@cli.command()
@click.argument("environment", metavar="[ENV]", required=False, default="")
@click.option("-n", "--max-count", "limit", type=click.IntRange(min=0), default=0, help="Limit the number of commits.")
@scope_options
@output_option
@pass_settings
def history(settings: Settings, environment: str, limit: int, scope: "Scope", output: str) -> int:
    """Show what changed in ENV (or in all), when, by whom, and from which release to which.

    It is the history of the branch that Argo CD follows. A merge counts as one change, with its commits
    listed below it, or as none if it did not change ENV.

    \b
    gitops-gen history production
    gitops-gen history --output json -n 20
    """
    from gitops_gen.commands.history import history as command
    from gitops_gen.output.history_text import history_lines
    from gitops_gen.output.json.history import history_document

    opened = settings.opened()
    names = settings.selected(opened, Wanted((environment,) if environment else (), scope))
    result = command(opened, names[0] if len(names) == 1 else "", limit, names)
    print_result(result, output, history_lines, history_document)
    if not result.complete:
        settings.note("the clone is shallow: older changes are missing; run `git fetch --unshallow`")
    return 0


@cli.command()
@scope_options
@output_option
@pass_settings
def status(settings: Settings, scope: "Scope", output: str) -> int:
    """Show the release of each environment, and what is not promoted, committed, pushed or generated.

    Many environments of one release are shown on one line. A waiting release is called an upgrade or a downgrade if its
    tags are versions. The remote is shown as of the last fetch, push or clone; nothing is fetched.

    \b
    gitops-gen status
    gitops-gen status --stage production
    gitops-gen status --output json
    """
    from gitops_gen.commands.status import status as command
    from gitops_gen.output.json.status import status_document
    from gitops_gen.output.status_text import status_lines
    from gitops_gen.project.selection import focused

    opened = settings.overview()
    print_result(command(opened, focused(opened, (), scope)), output, status_lines, status_document)
    return 0


@cli.command()
@wanted_environments
@changes()
def adopt(settings: Settings, wanted: Wanted, delivery: "Delivery") -> "Outcome":
    """Move edits of generated files into the inputs; of all environments, or those named.

    Values go into the file that they belong to, edits of the Application or AppProject into `argocd` in
    environment.yaml. If an edit cannot be expressed in the inputs, it is reported and nothing is written.

    \b
    gitops-gen adopt staging --dry-run
    gitops-gen adopt staging --commit
    gitops-gen adopt                       # for CI, after a bot's commit
    """
    from gitops_gen.commands.adopt import adopt as command

    opened = settings.opened()
    names = settings.selected(opened, wanted)
    return command(opened, names, delivery)

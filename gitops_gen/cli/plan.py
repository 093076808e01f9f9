"""The verbs that prove a sync before the push: plan, rules."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from gitops_gen.cli.app import ReadableFile, cli, output_formats, output_option, pass_settings, wanted_environments
from gitops_gen.cli.printing import print_document, print_lines
from gitops_gen.cli.settings import Settings, Wanted
from gitops_gen.errors import UsageError, fail_with

if TYPE_CHECKING:
    from gitops_gen.rules.sync import JudgedPlan
    from gitops_gen.sync.between import ApplicationNeed


@cli.command()
@wanted_environments
@click.option("--all", "every", is_flag=True, help="Every environment (also the default).")
@click.option(
    "--rendered",
    type=ReadableFile(encoding="utf-8"),
    metavar="FILE",
    help="Manifests from elsewhere; `-` is standard input.",
)
@click.option("--namespace", metavar="NAME", default="", help="With --rendered: where namespaced objects go.")
@click.option("--sync-timeout", metavar="DURATION", help="With --rendered: Argo CD's sync timeout, such as 30m.")
@output_formats("mermaid")
@pass_settings
def plan(
    settings: Settings,
    wanted: Wanted,
    every: bool,
    rendered: TextIO | None,
    namespace: str,
    sync_timeout: str | None,
    output: str,
) -> int:
    """Show how Argo CD will sync, wave by wave, and prove that it ends; exit 1 when it does not.

    Also shows the longest time until Argo CD picks up a revert, and how it adds up. Of more than ten
    environments it shows the results, with the longest wait, and with -v each plan.

    \b
    gitops-gen plan
    gitops-gen plan production --output mermaid
    helm template shop ./shop | gitops-gen plan --rendered - --sync-timeout 30m
    """
    from gitops_gen.commands.plan import plan as command
    from gitops_gen.rules.planning import plan_rendered

    view = _view(output)
    if rendered is None:
        opened = settings.opened() if wanted.names else settings.overview()
        names = () if every else settings.selected(opened, wanted)
        plans = command(opened, names, view)
        if output in ("json", "yaml"):  # one document: what is wrong
            fail_with(plans.errors)
        views, ok, errors, needs = [*plans.views], plans.ok, plans.errors, plans.needs
    elif wanted.names or every:
        raise UsageError("--rendered plans one file, not environments", "leave out the environments or --rendered")
    else:
        judged = plan_rendered([(rendered.read(), rendered.name)], namespace=namespace, sync_timeout=sync_timeout)
        views, ok, errors, needs = [view(judged)], judged.ok, (), ()
    _print_plans(views, needs, output, every=settings.verbose)
    fail_with(errors)
    return 0 if ok else 1


def _view(output: str) -> Callable[["JudgedPlan"], Any]:
    """What is printed of a plan, as a worker process can hand it over."""
    from gitops_gen.output.json.plan import plan_entry
    from gitops_gen.output.plan_text import plan_text

    if output in ("json", "yaml"):
        return plan_entry
    return _mermaid if output == "mermaid" else plan_text


def _mermaid(judged: "JudgedPlan") -> list[str]:
    from gitops_gen.output.plan_mermaid import mermaid_lines

    return list(mermaid_lines(judged))


def _print_plans(views: list[Any], needs: "Sequence[ApplicationNeed]", output: str, *, every: bool) -> None:
    from gitops_gen.output.json.plan import plan_document
    from gitops_gen.output.plan_text import APART, need_lines, summary_lines

    if output in ("json", "yaml"):
        print_document(plan_document(views, needs), output)
        return
    every = every or len(views) <= APART
    if output == "text" and not every:
        print_lines(summary_lines(views))
    else:
        for index, shown in enumerate(views):
            print_lines([*([""] if index else []), *(shown if output == "mermaid" else shown.lines)])
    if needs and output == "text":
        print_lines(["", *need_lines(needs, every=every)])


@cli.command()
@click.argument("rule_id", metavar="[ID]", required=False, default="")
@output_option
@pass_settings
def rules(_settings: Settings, rule_id: str, output: str) -> int:
    """List the rules of `plan` and `validate`, or explain one.

    \b
    gitops-gen rules
    gitops-gen rules deadlock
    """
    from gitops_gen.output.json.rules import rules_document
    from gitops_gen.output.rule_text import rule_lines, rule_table
    from gitops_gen.rules.all import RULES, rule_named

    chosen = [rule_named(rule_id)] if rule_id else RULES
    if output != "text":
        print_document(rules_document(chosen), output)
    else:
        print_lines(rule_lines(chosen[0]) if rule_id else rule_table(chosen))
    return 0

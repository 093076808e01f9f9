"""The verb `validate`."""

from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.app import cli, output_formats, pass_settings, wanted_environments
from gitops_gen.cli.printing import is_coloured, print_data, print_document, print_lines
from gitops_gen.cli.settings import Settings, Wanted
from gitops_gen.errors import UsageError

if TYPE_CHECKING:
    from gitops_gen.rules.validation import Validation


@cli.command()
@wanted_environments
@click.option("--changed", metavar="REF", default="", help="Only environments that differ from where REF was left.")
@click.option("--baseline", metavar="FILE", default="", help="Accept the findings in FILE, an earlier JSON output.")
@click.option("--rendered", metavar="PATH", default="", help="Manifests from elsewhere: a file, a folder, or `-`.")
@click.option(
    "--application", metavar="FILE", default="", help="An Application, and what it renders: a chart or folder here."
)
@click.option("--namespace", metavar="NAME", default="", help="With --rendered: where namespaced objects go.")
@click.option(
    "--sync-timeout", metavar="DURATION", help="With --rendered or --application: Argo CD's sync timeout, such as 30m."
)
@click.option("--kubernetes", metavar="VERSION", default="", help="Judge for this version, such as 1.37.")
@click.option("--notes", is_flag=True, help="Show what is worth knowing, too.")
@output_formats("sarif", "junit", "github", "gitlab")
@pass_settings
def validate(settings: Settings, /, wanted: Wanted, baseline: str, notes: bool, output: str, **source: Any) -> int:
    """Find what Argo CD, Kubernetes or the pods would refuse: in files, values and rendered manifests.

    Checks that generated files are up to date, the hand-written files, and the manifests of each environment (all, or
    those named) by every rule; `gitops-gen rules` lists them. Exits 1 when there is an error; warnings and notes do not
    fail.

    \b
    gitops-gen validate
    gitops-gen validate production --kubernetes 1.37    # may we upgrade?
    gitops-gen validate --changed origin/main           # what this branch touches
    gitops-gen validate --output sarif > findings.sarif
    gitops-gen validate --output json > baseline.json   # accept the findings of today
    gitops-gen validate --baseline baseline.json
    gitops-gen validate --application argocd/applications/production.yaml --sync-timeout 30m
    helm template shop ./shop | gitops-gen validate --rendered - --sync-timeout 30m
    """
    from gitops_gen.commands.validate import without_baseline

    result, prefix = _judged(settings, wanted, **source)
    if baseline:
        result = without_baseline(result, settings.directory, baseline)
    _print(result, output, prefix=prefix, notes=notes)
    return 0 if result.ok else 1


def _judged(
    settings: Settings,
    wanted: Wanted,
    *,
    changed: str,
    rendered: str,
    application: str,
    namespace: str,
    sync_timeout: str | None,
    kubernetes: str,
) -> "tuple[Validation, str]":
    """The findings, and where the project is in its repository."""
    from gitops_gen.commands import validate as command

    folder = settings.directory
    if (rendered or application) and (wanted.names or changed or (rendered and application)):
        raise UsageError("--rendered and --application validate files, not environments", "leave out one of the two")
    if application:
        found = command.validate_application(folder, application, kubernetes=kubernetes, sync_timeout=sync_timeout)
        return found, ""
    if rendered:
        texts = command.read_manifests(folder, rendered)
        found = command.validate_rendered(texts, namespace=namespace, kubernetes=kubernetes, sync_timeout=sync_timeout)
        return found, ""
    if wanted.names and changed:
        raise UsageError("--changed chooses the environments", "leave out --changed or the environments")
    opened = settings.opened() if wanted.names else settings.overview()
    names = settings.selected(opened, wanted)
    if changed:
        found = command.validate_changed(opened, changed, kubernetes=kubernetes)
    else:
        found = command.validate(opened, names, kubernetes=kubernetes)
    return found, opened.paths.prefix


def _print(result: "Validation", output: str, *, prefix: str, notes: bool) -> None:
    if output == "text":
        from gitops_gen.output.findings.text import validation_lines

        print_lines(validation_lines(result, notes=notes, colour=is_coloured()))
    elif output in ("json", "yaml"):
        from gitops_gen.output.json.validation import validation_document

        print_document(validation_document(result), output)
    else:
        print_data(_report(result, output, prefix))


def _report(result: "Validation", output: str, prefix: str) -> str:
    """The findings in the format of a service."""
    import json

    if output == "junit":
        from gitops_gen.output.findings.junit import junit

        return junit(result, prefix)
    if output == "github":
        from gitops_gen.output.findings.github import annotations

        return "".join(f"{line}\n" for line in annotations(result, prefix))
    if output == "gitlab":
        from gitops_gen.models.layout import PROJECT_FILE
        from gitops_gen.output.findings.gitlab import code_quality

        return json.dumps(code_quality(result, prefix, PROJECT_FILE), indent=2) + "\n"
    from gitops_gen.output.findings.sarif import sarif
    from gitops_gen.rules.all import RULES

    return json.dumps(sarif(result, RULES, prefix), indent=2) + "\n"

"""The verbs about clusters."""

import sys

import click

from gitops_gen.cli.app import cli, output_option, pass_settings
from gitops_gen.cli.group import Group
from gitops_gen.cli.printing import print_document, print_lines
from gitops_gen.cli.settings import Settings


@cli.group(cls=Group)
def cluster() -> None:
    """Describe the clusters of gitops.yaml.

    \b
    gitops-gen cluster api-versions crds/
    """


@cluster.command(name="api-versions")
@click.argument("sources", metavar="FILE|FOLDER|-...", nargs=-1, required=True)
@output_option
@pass_settings
def api_versions(settings: Settings, sources: tuple[str, ...], output: str) -> int:
    """Print the API versions for `clusters.NAME.apiVersions` in gitops.yaml.

    From files or folders with CustomResourceDefinitions; `-` reads the output of `kubectl api-resources` (or
    `api-versions`) from standard input.

    \b
    gitops-gen cluster api-versions crds/ other.yaml
    kubectl api-resources | gitops-gen cluster api-versions -
    """
    from gitops_gen.commands import cluster_api_versions as command
    from gitops_gen.output.json.api_versions import api_versions_document

    found = set(command.from_kubectl(sys.stdin.read())) if "-" in sources else set()
    files = [settings.named(source) for source in sources if source != "-"]
    found |= set(command.from_files(files)) if files else set()
    if output == "text":
        print_lines(["apiVersions:", *(f"- {version}" for version in sorted(found))])
    else:
        print_document(api_versions_document(sorted(found)), output)
    return 0

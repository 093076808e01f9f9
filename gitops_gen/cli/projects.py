"""The verb `project` and what it does: list, add, rename, remove."""

from typing import TYPE_CHECKING

import click

from gitops_gen.cli.app import cli, output_option, pass_settings
from gitops_gen.cli.delivery import changes, delete_running_option
from gitops_gen.cli.group import Group
from gitops_gen.cli.printing import print_result
from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from gitops_gen.changes.change import Delivery, Outcome


@cli.group("project", cls=Group)
def project() -> None:
    """Projects of a workspace: list, add, rename, remove."""


@project.command("list")
@output_option
@pass_settings
def project_list(settings: Settings, output: str) -> int:
    """List the projects: folder, chart, environments.

    \b
    gitops-gen project list
    gitops-gen project list --output json
    """
    from gitops_gen.commands.project_lifecycle import list_projects
    from gitops_gen.output.environment_text import project_table
    from gitops_gen.output.json.projects import projects_document

    print_result(list_projects(settings.opened()), output, project_table, projects_document)
    return 0


@project.command("add")
@click.argument("name", metavar="NAME")
@click.option("--path", metavar="DIR", default="", help="Its folder; default: NAME in the first entry with `*`.")
@click.option("--chart", metavar="DIR", default="", help="Its chart's folder; default: the workspace's chart.")
@click.option("--environment", "environments", metavar="NAME", multiple=True, help="Default: all of the workspace.")
@click.option("--release-of", metavar="ENV", default="", help="Start with the release of ENV.")
@changes()
def project_add(
    settings: Settings,
    name: str,
    path: str,
    chart: str,
    environments: tuple[str, ...],
    release_of: str,
    delivery: "Delivery",
) -> "Outcome":
    """Add a project to a workspace. It asks nothing.

    \b
    gitops-gen project add billing
    gitops-gen project add billing --environment dev --release-of api/dev --commit --output json
    """
    from gitops_gen.commands.project_lifecycle import ProjectFacts, add
    from gitops_gen.project.selection import one

    opened = settings.opened()
    release = one(opened, release_of) if release_of else ""
    wanted = ProjectFacts(name=name, folder=path, chart=chart, environments=environments, release=release)
    return add(opened, wanted, delivery)


@project.command("rename")
@click.argument("old", metavar="PROJECT")
@click.argument("new", metavar="NEW")
@delete_running_option
@changes()
def project_rename(settings: Settings, old: str, new: str, delete_running: bool, delivery: "Delivery") -> "Outcome":
    """Rename a project, and show what Argo CD does with its resources. Its folder stays.

    \b
    gitops-gen project rename web site --delete-running --dry-run
    """
    from gitops_gen.commands.project_lifecycle import rename

    return rename(settings.opened(), old, new, delivery, delete_running=delete_running)


@project.command("remove")
@click.argument("name", metavar="PROJECT")
@delete_running_option
@changes()
def project_remove(settings: Settings, name: str, delete_running: bool, delivery: "Delivery") -> "Outcome":
    """Remove a project's files, and show what Argo CD does with its resources.

    \b
    gitops-gen project remove web --delete-running --dry-run
    """
    from gitops_gen.commands.project_lifecycle import remove

    return remove(settings.opened(), name, delivery, delete_running=delete_running)

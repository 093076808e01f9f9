"""Shell completion of names. A parameter is completed by what its help calls it (ENV, STAGE,
KEY, REF…), so that every verb that takes such a name completes it. Nothing here loads Helm; outside of a project, or in
a broken one, nothing is offered.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitops_gen.cli.settings import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Names = Callable[[click.Context, Path], Iterable[str]]


def _project(directory: Path) -> dict[str, Any]:
    from gitops_gen.git.paths import Root
    from gitops_gen.models.layout import PROJECT_FILE
    from gitops_gen.project.reading import find_project, read_text
    from gitops_gen.yaml.reader import load

    found = load(read_text(Root(find_project(directory)), PROJECT_FILE), PROJECT_FILE)
    return found if isinstance(found, dict) else {}


def environments(_context: click.Context, directory: Path) -> list[str]:
    """The environments of the project; in a workspace with their projects' names."""
    from gitops_gen.git.paths import Root
    from gitops_gen.models.layout import short_name
    from gitops_gen.project.projects import Projects
    from gitops_gen.project.reading import find_project, focus

    top = find_project(directory)
    projects, within = Projects(Root(top)), focus(directory, top)
    found = [name for name in projects.names()[0] if name.startswith(within)]
    if within or not projects.is_workspace:
        return [name.removeprefix(within) for name in found]
    return [f"{project.spec.name}/{short_name(name)}" for name in found if (project := projects.of(name))]


def projects(_context: click.Context, directory: Path) -> list[str]:
    """The projects of a workspace."""
    from gitops_gen.git.paths import Root
    from gitops_gen.project.projects import Projects
    from gitops_gen.project.reading import find_project

    return [project.spec.name for project in Projects(Root(find_project(directory))).every()]


def stages(_context: click.Context, directory: Path) -> list[str]:
    """The stages, in promotion order."""
    return [stage["name"] for stage in _project(directory).get("stages") or []]


def clusters(_context: click.Context, directory: Path) -> list[str]:
    """The clusters of the project."""
    return sorted(_project(directory).get("clusters") or {})


def environments_and_stages(context: click.Context, directory: Path) -> list[str]:
    """Environments, then stages of another name; only stages or environments where an option says so."""
    wanted = "reads_targets" if context.params.get("source") else "reads_source"
    if only := context.params.get(wanted):
        return (stages if only == "stage" else environments)(context, directory)
    return list(dict.fromkeys([*environments(context, directory), *stages(context, directory)]))


def keys(context: click.Context, directory: Path) -> list[str]:
    """The keys of the chart's values.yaml, and those that the environments set."""
    from gitops_gen.git.paths import Root
    from gitops_gen.models.layout import hand_written
    from gitops_gen.project.chart_folders import chart_folders
    from gitops_gen.project.environment import ChartSource
    from gitops_gen.project.projects import Projects
    from gitops_gen.project.reading import find_project, focus, text_if_any

    root = find_project(directory)
    chart = (_project(directory).get("chart") or {}).get("path")
    found = set(_leaves(_values(chart_folders(root).values_text(ChartSource(path=chart))))) if chart else set()
    projects = Projects(Root(root))
    for typed in _named(context) or environments(context, directory):
        for path in (path for name in projects.meant(typed, focus(directory, root)) for path in hand_written(name)):
            found.update(_leaves(_values(text_if_any(Root(root), path) or "").get("values") or {}))
    return sorted(found)


def _named(context: click.Context) -> list[str]:
    """The environment that was typed before the key, if one was."""
    words = context.params.get("words") or ()
    name = context.params.get("environment") or (words[0] if words else "")
    return [name] if name else []


def _values(text: str) -> dict[str, Any]:
    from gitops_gen.yaml.reader import load

    found = load(text, "")
    return found if isinstance(found, dict) else {}


def _leaves(values: dict[str, Any]) -> Iterator[str]:
    from gitops_gen.yaml.key_paths import leaves, typed_key

    return map(typed_key, leaves(values))


def assignments(context: click.Context, directory: Path) -> list[str]:
    """The environment first, then `KEY=`."""
    if not (context.params.get("words") or context.params.get("stage") or context.params.get("everywhere")):
        return environments(context, directory)
    return [f"{key}=" for key in keys(context, directory)]


def rule_ids(_context: click.Context, _directory: Path) -> list[str]:
    """The rules about a sync."""
    from gitops_gen.rules.all import RULES

    return [rule.id for rule in RULES]


def refs(_context: click.Context, directory: Path) -> list[str]:
    """Branches, tags, and branches of remotes."""
    from gitops_gen.git.runner import listing

    listed = listing(directory, "for-each-ref", "--format=%(refname:short)", "refs")
    return ["HEAD", *listed.split()]


def refs_and_environments(context: click.Context, directory: Path) -> list[str]:
    """What `diff` takes."""
    return list(dict.fromkeys([*environments(context, directory), *refs(context, directory)]))


_ANSWERS: dict[str, _Names] = {
    "ENV": environments,
    "A B": environments,
    "OLD": environments,
    "STAGE": stages,
    "CLUSTER": clusters,
    "PROJECT": projects,
    "FROM": environments_and_stages,
    "TO": environments_and_stages,
    "KEY": keys,
    "ENV KEY=VALUE": assignments,
    "KEY=VALUE": assignments,
    "ID": rule_ids,
    "COMMIT": refs,
    "REF": refs,
    "REF REF ENV": refs_and_environments,
}
"""What a parameter of that name in the help is completed with; brackets and dots left out."""


class NameType(click.types.StringParamType):
    """Text that names something there is."""

    def __init__(self, names: _Names) -> None:
        self._names = names

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> "list[CompletionItem]":
        """The names that begin with what was typed; empty when they cannot be read."""
        from click.shell_completion import CompletionItem

        directory = ctx.ensure_object(Settings).directory.absolute()
        try:
            found = list(self._names(ctx, directory))
        except Exception:  # noqa: BLE001 - a shell that completes must never see a traceback
            return []
        return [CompletionItem(name) for name in found if name.startswith(incomplete) and name.isprintable()]


def complete_names(command: click.Command) -> None:
    """Have every parameter of the command completed whose name in the help says what it takes."""
    for parameter in command.params:
        shown = (parameter.metavar or parameter.human_readable_name.upper()).replace("...", "").replace("…", "")
        names = _ANSWERS.get(shown.translate(str.maketrans("", "", "[]")).strip())
        if names and type(parameter.type) is click.types.StringParamType:
            parameter.type = NameType(names)

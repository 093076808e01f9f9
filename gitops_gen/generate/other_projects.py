"""Other projects of the same git repository: their destinations must not overlap with those of this one.

What they deploy is read off their generated Applications, which are what Argo CD sees of them, and cheaper than
resolving every environment of every project.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import other_projects
from gitops_gen.models.layout import ARGOCD_FOLDER, PROJECT_FILE, environment_path
from gitops_gen.project.projects import Projects
from gitops_gen.project.reading import read_text
from gitops_gen.runtime.programs import ProcessError
from gitops_gen.yaml.reader import load

OWN_CLUSTER = ("https://kubernetes.default.svc", "in-cluster")
"""The names of the cluster that Argo CD runs in: in two Argo CD instances they mean two clusters."""

_TWO = "only correct if a different Argo CD reads it"
_DESTINATION = re.compile(r"^  destination:\n    (?:server|name): (\S+)\n    namespace: (\S+)$", re.MULTILINE)

Destination = tuple[str, str]


class OtherProjects:
    """The other projects; what may be wrong but need not be is kept in `notices`."""

    def __init__(self, folder: Path) -> None:
        self.notices: list[str] = []
        self._folder = folder

    def problems(self, projects: Projects, claimed: Mapping[Destination, str]) -> Iterator[Problem]:
        """An environment of another project in a namespace (on a server) that is `claimed` by one of this project."""
        try:
            others = other_projects(self._folder)
        except ProcessError as error:
            self.notices.append(f"other projects of this repository are not checked: {error}")
            return
        inside = {self._folder.resolve() / folder for folder in projects.folders}
        for other in (folder for folder in others if folder not in inside):
            self._compare_names(projects, other)
            for environment, destination in _destinations(other):
                if destination in claimed:
                    yield from self._meeting(claimed[destination], destination, environment, other)

    def _compare_names(self, projects: Projects, other: Path) -> None:
        try:
            data: Any = load(read_text(Root(other), PROJECT_FILE), PROJECT_FILE)
        except ProblemsError:
            return  # reported when that project is generated
        names = [project.spec.name for project in (projects.top, *projects.every()) if project]
        if isinstance(data, dict) and (name := data.get("name")) in names:
            same = f"the project in {self._shown(other)} is called `{name}` too, as its Argo CD objects are"
            self.notices.append(f"{same}: {_TWO}")

    def _meeting(self, name: str, destination: Destination, environment: str, other: Path) -> Iterator[Problem]:
        server, namespace = destination
        where = f"environment `{environment}` of the project in {self._shown(other)}"
        if server in OWN_CLUSTER:
            self.notices.append(
                f"`{name}` deploys to namespace `{namespace}` of Argo CD's own cluster, and so does {where}: {_TWO}"
            )
            return
        yield Problem(
            file=environment_path(name),
            key="namespace",
            message=f"deploys to namespace `{namespace}` on {server}, and so does {where}",
            hint="give one of them another `namespace:` or `cluster:`; if it is the other one, generate that first",
        )

    def _shown(self, other: Path) -> str:
        return os.path.relpath(other, self._folder)


def _destinations(project: Path) -> Iterator[tuple[str, Destination]]:
    """Each environment of a project with where its generated Application deploys to."""
    folder = project / ARGOCD_FOLDER / "applications"
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        path = f"{ARGOCD_FOLDER}/applications/{name}"
        if name.endswith(".yaml") and (destination := _destination(project, path)):
            yield name.removesuffix(".yaml"), destination


def _destination(project: Path, path: str) -> Destination | None:
    try:
        text = read_text(Root(project), path)
        if match := _DESTINATION.search(text):
            return match[1].strip("'\""), match[2].strip("'\"")
        return _parsed(load(text, path))
    except GitopsError:
        return None


def _parsed(manifest: Any) -> Destination | None:
    """The destination of an Application that something was merged over, and whose text is laid out otherwise."""
    try:
        destination = manifest["spec"]["destination"]
        return str(destination.get("server") or destination["name"]), str(destination["namespace"])
    except (KeyError, TypeError, AttributeError):
        return None

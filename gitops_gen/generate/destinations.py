"""A rule over all environments: a namespace on a cluster belongs to one environment of a project, and to one that all
projects agree on.
"""

from collections.abc import Iterator

from gitops_gen.errors import Problem
from gitops_gen.models.layout import environment_folder, environment_path, project_folder, short_name
from gitops_gen.project.environment import ResolvedEnvironment


class Destinations:
    """Records the destination of each environment.

    Two Applications in one namespace fight over the same objects, and Argo CD's own `FailOnSharedResource` has a race
    on the first sync. Projects of one workspace share a namespace: their objects have other names, and each of their
    Applications says the same of the namespace, which Argo CD would otherwise change back and forth.
    """

    def __init__(self) -> None:
        #: (server, namespace) → the environment that deploys there, the first of several
        self.owners: dict[tuple[str, str], str] = {}
        self._environments: dict[tuple[str, str, str], ResolvedEnvironment] = {}

    def claim(self, environment: ResolvedEnvironment, server: str) -> Iterator[Problem]:
        """Record a namespace for an environment; a problem when another environment has it.

        `server` is what tells clusters apart.
        """
        place = (server, environment.namespace)
        self.owners.setdefault(place, environment.name)
        where = f"namespace `{environment.namespace}` on cluster `{environment.cluster}`"
        mine = self._environments.setdefault((*place, project_folder(environment.name)), environment)
        own = environment.file.startswith(environment_folder(environment.name))
        file = environment.file if own else environment.files[-1]
        if mine is not environment:
            yield Problem(
                file=file,
                key="namespace",
                message=f"deploys to {where}, and so does environment `{mine.name}`",
                hint="give one of them another `namespace:` or `cluster:`",
            )
        first = self._environments.setdefault((*place, "*"), environment)
        if _metadata(first) != _metadata(environment):
            yield Problem(
                file=file,
                key="namespace",
                message=f"has other labels or annotations for {where} than `{first.name}`",
                hint=f"set them once for all, in {environment_path(short_name(environment.name))}",
            )


def _metadata(environment: ResolvedEnvironment) -> tuple[dict[str, str], dict[str, str]]:
    return environment.namespace_labels, environment.namespace_annotations

"""A rule over all environments: a namespace on a cluster belongs to one environment."""

from collections.abc import Iterator

from gitops_gen.errors import Problem
from gitops_gen.models.layout import ENVIRONMENT_FILE, ENVIRONMENTS


class Destinations:
    """Records the destination of each environment.

    Two Applications in one namespace fight over the same objects, and Argo CD's own `FailOnSharedResource` has a race
    on the first sync.
    """

    def __init__(self) -> None:
        #: (server, namespace) → the environment that deploys there
        self.owners: dict[tuple[str, str], str] = {}

    def claim(self, name: str, *, server: str, namespace: str, cluster: str) -> Iterator[Problem]:
        """Record a namespace for an environment; a problem when another environment has it.

        `server` is what tells clusters apart, `cluster` what the project calls it.
        """
        owner = self.owners.setdefault((server, namespace), name)
        if owner != name:
            where = f"namespace `{namespace}` on cluster `{cluster}`"
            yield Problem(
                file=f"{ENVIRONMENTS}/{name}/{ENVIRONMENT_FILE}",
                key="namespace",
                message=f"deploys to {where}, and so does environment `{owner}`",
                hint="give one of them another `namespace:` or `cluster:`",
            )

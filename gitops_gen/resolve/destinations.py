"""A rule over all environments at once: one namespace on one cluster belongs to one environment."""

from collections.abc import Iterator

from gitops_gen.errors import Problem
from gitops_gen.resolve.environment import ResolvedEnvironment


class Destinations:
    """Remembers which environment deploys where.

    Two Applications in one namespace fight over the same objects, and Argo CD's own `FailOnSharedResource` has a race
    on the first sync.
    """

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str], str] = {}

    def claim(self, environment: ResolvedEnvironment) -> Iterator[Problem]:
        """Take the environment's namespace for it; a problem when another one has it."""
        destination = (environment.server or environment.server_name, environment.namespace)
        owner = self._owners.setdefault(destination, environment.name)
        if owner != environment.name:
            where = f"namespace `{environment.namespace}` on cluster `{environment.cluster}`"
            yield Problem(
                file=environment.files[1],
                key="namespace",
                message=f"deploys to {where}, and so does environment `{owner}`",
                hint="give one of them another `namespace:` or `cluster:`",
            )

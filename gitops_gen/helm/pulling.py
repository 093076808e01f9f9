"""Charts from Helm repositories and registries, with the `helm` program: it has the credentials of `helm repo add` and
`helm registry login`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_gen.helm.binary import helm_program
from gitops_gen.helm.engine import ChartError
from gitops_gen.runtime.programs import ProcessError, run
from gitops_gen.runtime.scratch import scratch

OCI = "oci://"
_HINT = "check repository, name and version; for a private one, run `helm repo add` or `helm registry login` first"


@contextmanager
def pulled(repository: str, name: str, version: str, near: Path) -> Iterator[Path]:
    """The archive of a chart, in a temporary folder below `near`; without `version` the newest one.

    https://helm.sh/docs/helm/helm_pull/. Raises `ChartError`.
    """
    chart = [f"{repository.rstrip('/')}/{name}"] if repository.startswith(OCI) else [name, "--repo", repository]
    chosen = ["--version", version] if version else []
    near.mkdir(parents=True, exist_ok=True)
    with scratch(near) as target:
        try:
            run([helm_program(), "pull", *chart, *chosen, "--destination", str(target)])
        except ProcessError as error:
            raise ChartError(error.stderr.strip().removeprefix("Error: "), _HINT) from error
        yield next(target.iterdir())


def update_dependencies(chart: Path) -> None:
    """Run `helm dependency update` in a chart's folder: newest versions in the ranges of Chart.yaml, and a lock.

    https://helm.sh/docs/helm/helm_dependency_update/. Raises `ChartError`.
    """
    try:
        run([helm_program(), "dependency", "update", str(chart)])
    except ProcessError as error:
        said = error.stderr.strip().removeprefix("Error: ").replace(f"{chart}/", "")
        raise ChartError(said, _HINT) from error

"""`chart pull`: the charts of Helm repositories brought here, so that they are checked and rendered."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitops_gen.chart.binary import helm_program
from gitops_gen.chart.engine import ChartError
from gitops_gen.commands.workspace import Workspace
from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.process import ProcessError, run
from gitops_gen.resolve.environment import ChartSource


def pull(workspace: Workspace) -> tuple[str, ...]:
    """Run `helm pull` for each chart of a Helm repository that some environment takes and that is not here; their paths
    in the project.

    Nothing is run, and no `helm` is needed, when there is none. Raises `ProblemsError` with every chart that cannot be
    had, and `ChartError` when one is wanted and there is no `helm`.
    """
    wanted = [source for source in _sources(workspace) if not workspace.charts.is_at_hand(source)]
    problems: list[Problem] = []
    for source in wanted:
        try:
            _pull(helm_program(), source, workspace.charts.pulled(source))
        except ProcessError as error:
            hint = "check `repository`, `name` and `version`; a private one wants `helm registry login` first"
            problems.append(Problem(message=f"{source.label}: {error.stderr.strip()}", hint=hint))
    fail_if_any(problems)
    return tuple(workspace.charts.pulled(source).relative_to(workspace.folder).as_posix() for source in wanted)


def _sources(workspace: Workspace) -> Iterator[ChartSource]:
    yield from dict.fromkeys(workspace.environment(name).chart for name in workspace.names())


def _pull(helm: str, source: ChartSource, target: Path) -> None:
    """https://helm.sh/docs/helm/helm_pull/: an archive that is named by the chart's own name and version."""
    chart = [f"{source.repository}/{source.name}"]
    if not source.repository.startswith("oci://"):
        chart = [source.name, "--repo", source.repository]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        run([helm, "pull", *chart, "--version", source.version, "--destination", scratch])
        archive = Path(scratch, target.name)
        if not archive.is_file():
            made = ", ".join(path.name for path in Path(scratch).iterdir())
            raise ChartError(f"`helm pull` gave {made or 'nothing'}, not {target.name}", "write the exact version")
        shutil.move(archive, target)

"""`chart pull`: pulls the charts of Helm repositories, so that they can be checked and rendered."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.git.paths import Root
from gitops_gen.git.snapshot import Repository
from gitops_gen.git.sparse import NOTHING
from gitops_gen.helm.binary import helm_program
from gitops_gen.helm.engine import ChartError
from gitops_gen.project.environment import ChartSource
from gitops_gen.project.inputs import CommittedInputs
from gitops_gen.project.workspace import OpenProject
from gitops_gen.runtime.programs import ProcessError, run


def pull(workspace: OpenProject, refs: Sequence[str] = ()) -> tuple[str, ...]:
    """Run `helm pull` for each chart of a Helm repository that some environment takes, or took at one of `refs`, and
    that is not pulled; their paths in the project.

    Nothing is run, and no `helm` is needed, when there is none. Raises `ProblemsError` with every chart that cannot be
    had, and `ChartError` when one is wanted and there is no `helm`.
    """
    sources = dict.fromkeys([*_sources(workspace), *(source for ref in refs for source in _past(workspace, ref))])
    wanted = [source for source in sources if not workspace.charts.places.is_available(source)]
    problems: list[Problem] = []
    for source in wanted:
        try:
            _pull(helm_program(), source, Root(workspace.folder).target(_archive(workspace, source)))
        except ProcessError as error:
            hint = "check `repository`, `name` and `version`; for a private registry, run `helm registry login` first"
            problems.append(Problem(message=f"{source.label}: {error.stderr.strip()}", hint=hint))
    fail_if_any(problems)
    return tuple(_archive(workspace, source) for source in wanted)


def _archive(workspace: OpenProject, source: ChartSource) -> str:
    return workspace.charts.places.pulled(source).relative_to(workspace.folder).as_posix()


def _sources(workspace: OpenProject) -> Iterator[ChartSource]:
    return (workspace.environment(name).chart for name in workspace.names())


def _past(workspace: OpenProject, ref: str) -> list[ChartSource]:
    """The charts at a commit; none where the project did not exist, or could not be read even then."""
    repository = Repository(workspace.folder)
    inputs = CommittedInputs(repository, repository.commit(ref), repository.prefix)
    with suppress(ProblemsError):
        return list(_sources(replace(workspace, inputs=inputs, absent=NOTHING)))
    return []


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

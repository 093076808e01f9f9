"""`chart pull`: pulls the charts of Helm repositories, so that they can be checked and rendered."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.git.paths import Root
from gitops_gen.git.snapshot import Repository
from gitops_gen.git.sparse import NOTHING
from gitops_gen.helm.engine import ChartError
from gitops_gen.helm.pulling import pulled
from gitops_gen.project.environment import ChartSource
from gitops_gen.project.inputs import CommittedInputs
from gitops_gen.project.opening import OpenProject


def pull(opened: OpenProject, refs: Sequence[str] = ()) -> tuple[str, ...]:
    """Run `helm pull` for each chart of a Helm repository that some environment takes, or took at one of `refs`, and
    that is not pulled; their paths in the project.

    Nothing is run, and no `helm` is needed, when there is none. Raises `ProblemsError` with every chart that cannot be
    had, `helm` among the reasons.
    """
    sources = dict.fromkeys([*_sources(opened), *(source for ref in refs for source in _past(opened, ref))])
    wanted = [source for source in sources if not opened.charts.places.pinned.is_available(source)]
    problems: list[Problem] = []
    for source in wanted:
        try:
            _pull(source, Root(opened.folder).target(_archive(opened, source)))
        except ChartError as error:
            problems.append(Problem(message=f"{source.label}: {error}", hint=error.hint))
    fail_if_any(problems)
    return tuple(_archive(opened, source) for source in wanted)


def _archive(opened: OpenProject, source: ChartSource) -> str:
    return opened.charts.places.pinned.pulled(source).relative_to(opened.folder).as_posix()


def _sources(opened: OpenProject) -> Iterator[ChartSource]:
    return (opened.environment(name).chart for name in opened.names())


def _past(opened: OpenProject, ref: str) -> list[ChartSource]:
    """The charts at a commit; none where the project did not exist, or could not be read even then."""
    repository = Repository(opened.folder)
    inputs = CommittedInputs(repository, repository.commit(ref), repository.prefix)
    with suppress(ProblemsError):
        return list(_sources(replace(opened, inputs=inputs, absent=NOTHING)))
    return []


def _pull(source: ChartSource, target: Path) -> None:
    """The archive is named by the chart's own name and version."""
    with pulled(source.repository, source.name, source.version, target.parent) as archive:
        if archive.name != target.name:
            raise ChartError(f"`helm pull` gave {archive.name}, not {target.name}", "write the exact version")
        shutil.move(archive, target)

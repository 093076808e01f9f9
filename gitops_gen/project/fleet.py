"""Work on each environment of a project: here for a few, in worker processes for many."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from gitops_gen.project.opening import OpenProject, open_project
from gitops_gen.runtime.activity import counted
from gitops_gen.runtime.workers import in_workers, pay_off

Result = TypeVar("Result")


def in_each(
    opened: OpenProject, names: Sequence[str], work: Callable[[OpenProject, str], Result], what: str
) -> Iterator[Result]:
    """What `work` returns for each environment, in the names' order; when there are many, work and results are pickled.

    `what` is shown as progress. Raises what `work` raises.
    """
    with closing(_results(opened, names, work)) as found:
        yield from counted(found, what, len(names))


def _results(
    opened: OpenProject, names: Sequence[str], work: Callable[[OpenProject, str], Result]
) -> Generator[Result, None, None]:
    if opened.is_drafted or not pay_off(len(names)):
        return (work(opened, name) for name in names)
    return in_workers(partial(_in_worker, opened.folder, opened.engine, work), names)


def _in_worker(folder: Path, engine: str, work: Callable[[OpenProject, str], Result], name: str) -> Result:
    return work(_opened(folder, engine), name)


@cache
def _opened(folder: Path, engine: str) -> OpenProject:
    """The project of this worker: its charts are loaded once."""
    return open_project(folder, engine)

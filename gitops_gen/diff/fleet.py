"""All environments of a comparison, rendered and compared: here for a few, in worker processes for many.

Workers are spawned, never forked: Helm's runtime does not survive a fork.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import repeat
from pathlib import Path

from gitops_gen.chart.beside import RendererBeside
from gitops_gen.chart.cache import CachedRenderer, open_renderer
from gitops_gen.chart.engine import Release
from gitops_gen.collector import for_many_renders, relax
from gitops_gen.diff.compare import Rendered, broken, compare
from gitops_gen.diff.model import Action, EnvironmentChange
from gitops_gen.errors import GitopsError
from gitops_gen.sync.policy import SyncPolicy

WORTH_PROCESSES = 80
"""Renders from which on processes pay for their start (measured with the reference chart: half a second each)."""

PROCESSES = 8
"""Each holds a Helm and its memory; more of them than this gain little."""

BATCH = 8
"""Environments that a worker gets at a time: few, so that all workers begin early and end together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What one environment renders from."""

    environment: str
    chart: Path
    release: Release
    argocd: str
    policy: SyncPolicy
    prunes: bool
    protected: bool
    #: what the environment is told apart by, where it is compared with another one
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One environment to compare; None for a side on which it is not there."""

    name: str
    old: Target | None
    new: Target | None

    @property
    def action(self) -> Action:
        """What happens to the environment as a whole."""
        if self.old is None:
            return Action.ADDED
        return Action.REMOVED if self.new is None else Action.CHANGED


@dataclass(frozen=True, kw_only=True, slots=True)
class Engines:
    """How to render: the engine's name, and whether renders are kept between runs."""

    engine: str = ""
    cached: bool = True


def is_few(tasks: int) -> bool:
    """Whether so many pairs of renders are not worth processes of their own, or there are no cores for these."""
    return _cores() < 2 or 2 * tasks < WORTH_PROCESSES  # noqa: PLR2004 - a pair is two renders


def compare_all(
    tasks: Iterable[Task], engines: Engines, *, at_most: int, early: RendererBeside | None = None
) -> list[EnvironmentChange]:
    """The environments that differ, in the tasks' order.

    There are `at_most` so many tasks. They are taken one after the other, so that the first ones are compared while the
    next ones are made. `early` renders a few.
    """
    if is_few(at_most):
        renderer = early or _renderer(engines)
        return [change for task in tasks if (change := compare_task(task, renderer))]
    if early:
        early.close()
    return _compared_in_processes(tasks, engines, min(_cores(), PROCESSES))


def _cores() -> int:
    return os.cpu_count() or 1


def _compared_in_processes(tasks: Iterable[Task], engines: Engines, workers: int) -> list[EnvironmentChange]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    try:
        with (
            for_many_renders(),
            ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=relax) as pool,
        ):
            return [change for change in pool.map(_in_worker, tasks, repeat(engines), chunksize=BATCH) if change]
    except BrokenProcessPool as error:
        raise GitopsError("a worker process was killed", "is there enough memory? each needs about 200 MB") from error


def _in_worker(task: Task, engines: Engines) -> EnvironmentChange | None:
    return compare_task(task, _worker_renderer(engines))


@cache
def _worker_renderer(engines: Engines) -> CachedRenderer:
    """The renderer of this worker, which ends with the comparison: the charts it holds lie in a temporary folder."""
    return _renderer(engines)


def _renderer(engines: Engines) -> CachedRenderer:
    return open_renderer(engines.engine, cached=engines.cached)


def compare_task(task: Task, renderer: CachedRenderer | RendererBeside) -> EnvironmentChange | None:
    """One environment: what differs, or why it cannot be rendered."""
    sides: list[Rendered | None] = []
    errors: list[tuple[str, GitopsError]] = []
    for target, side in ((task.old, "before"), (task.new, "now")):
        try:
            sides.append(_rendered(target, renderer))
        except GitopsError as error:
            errors.append((target.environment if target and target.facts else side, error))
    if errors:
        return broken(task.name, task.action, *errors)
    try:
        change = compare(*sides)
    except GitopsError as error:
        return broken(task.name, task.action, ("now", error))
    return replace(change, name=task.name) if change else None


def _rendered(target: Target | None, renderer: CachedRenderer | RendererBeside) -> Rendered | None:
    if target is None:
        return None
    return Rendered(
        environment=target.environment,
        namespace=target.release.namespace,
        manifests=renderer.render(target.chart, target.release),
        argocd=target.argocd,
        policy=target.policy,
        prunes=target.prunes,
        protected=target.protected,
        facts=target.facts,
    )

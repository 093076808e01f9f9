"""Worker processes for fleets: many slow tasks, such as renders, spread over the cores.

Workers are spawned, never forked, on every platform alike: Helm's runtime does not survive a fork.
"""

import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gitops_gen.errors import GitopsError
from gitops_gen.runtime.tuning import for_many_renders, relax

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Task = TypeVar("Task")
Result = TypeVar("Result")

WORTH_RENDERS = 80
"""Renders from which on workers are faster (measured with the reference chart: half a second each)."""

MOST = 8
"""Each worker holds a Helm and its memory; more of them than this gain little."""

BATCH = 8
"""Tasks that a worker gets at a time: few, so that all workers begin early and end together."""

_SAFE_PATH = "PYTHONSAFEPATH"
_CGROUPS = Path("/sys/fs/cgroup")


def pay_off(renders: int) -> bool:
    """Whether workers are faster for this number of renders."""
    return renders >= WORTH_RENDERS and cores() > 1


def cores() -> int:
    """The processor cores that this process may use: by its affinity and by the limit of its control group (version 2,
    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files).
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *_quotas(_control_group())]))


def _control_group() -> Path:
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return _CGROUPS
    name = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    return _CGROUPS / name


def _quotas(group: Path) -> Iterator[int]:
    """The limits of a control group and of those that hold it, in whole cores."""
    for folder in (group, *group.parents):
        try:
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            continue
        if quota != "max":
            yield ceil(int(quota) / int(period))


def in_workers(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Generator[Result, None, None]:
    """What `function` returns for each task, in the tasks' order; function and tasks are pickled.

    Tasks are taken as fast as `tasks` gives them, so that the first are worked on while the next are made. Raises
    `GitopsError` when a worker is killed. An interrupt ends the workers at once.
    """
    pool = _started(min(cores(), MOST))
    from concurrent.futures import BrokenExecutor

    try:
        yield from pool.map(function, tasks, chunksize=BATCH)
    except BrokenExecutor as error:
        raise GitopsError(
            "a worker process was killed", "check the available memory: each worker needs about 200 MB"
        ) from error
    except BaseException:
        _kill_workers()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _started(count: int) -> "ProcessPoolExecutor":
    """So many workers, each started by its own task, which does nothing."""
    with for_many_renders(), _safe_path(), _interrupts_held():
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_begin)
        for _ in range(count):
            pool.submit(_nothing)
    return pool


def _nothing() -> None:
    return


@contextmanager
def _safe_path() -> Iterator[None]:
    """Have workers import nothing from the current folder: it may be a checkout that has a `multiprocessing.py`.

    https://docs.python.org/3/using/cmdline.html#envvar-PYTHONSAFEPATH
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        os.environ.pop(_SAFE_PATH) if before is None else os.environ.update({_SAFE_PATH: before})


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while workers start. They inherit that: the command handles an interrupt, and ends them.

    Their modules are imported in here too: Python drops an interrupt that arrives in a callback of an import.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        from multiprocessing.resource_tracker import ensure_running

        # The first worker would start it, and that ends with interrupts let through.
        ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """What each worker does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    relax()


def _kill_workers() -> None:
    from multiprocessing import active_children

    for process in active_children():
        process.kill()

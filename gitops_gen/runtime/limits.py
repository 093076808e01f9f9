"""Limits of time and memory for work that code of others decides about, such as a chart's templates."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, Generic, TypeVar

from gitops_gen.errors import GitopsError, UsageError

Result = TypeVar("Result")

TIMEOUT_VARIABLE = "GITOPS_GEN_RENDER_TIMEOUT"
"""Seconds that a render may take."""

MEMORY_VARIABLE = "GITOPS_GEN_RENDER_MEMORY"
"""Megabytes that a render may need."""

_SECONDS, _MEGABYTES = 60, 1000
_INTERVAL = 0.02
"""Seconds between two looks at the memory. Helm fills about a gigabyte in a second."""


_ADDRESSES = 2500
"""Megabytes of address space that Go's runtime reserves at its start; it prints a trace and ends without them."""


class LimitError(GitopsError):
    """The work took more time or memory than it may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much time and memory (of the process, beyond what it had before) one piece of work may take."""

    seconds: int = _SECONDS
    megabytes: int = _MEGABYTES

    @classmethod
    def of_environment(cls) -> "Limits":
        """The limits that the environment variables set. Raises `UsageError` for what is no number above 0."""
        return cls(seconds=_number(TIMEOUT_VARIABLE, _SECONDS), megabytes=_number(MEMORY_VARIABLE, _MEGABYTES))


def address_space_fault() -> str:
    """What is wrong with the limit of this process' address space for an embedded Go; empty when nothing is."""
    try:
        import resource
    except ImportError:  # Windows
        return ""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY or limit >= _ADDRESSES * 2**20:
        return ""
    return f"`ulimit -v` allows {limit // 2**20} MB of address space, of which Helm needs {_ADDRESSES} MB"


def _number(variable: str, usual: int) -> int:
    text = os.environ.get(variable, "")
    if text and not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"{variable} is `{text}`, which is not a whole number above 0", "change or unset it")
    return int(text) if text else usual


class _Work(Generic[Result]):
    """A function, and what came of it."""

    def __init__(self, function: Callable[[], Result]) -> None:
        self._function = function
        self.ended = Event()
        self.result: list[Result] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result.append(self._function())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self.error = error
        finally:
            self.ended.set()


class _WorkThread(Thread):
    """A thread that does one work after the other and does not keep the process alive. Go needs time for each thread
    that calls it first: with one for each render, a tenth of the time.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.works: SimpleQueue[_Work[Any]] = SimpleQueue()
        self.start()

    def run(self) -> None:
        while True:
            self.works.get().run()


_idle: list[_WorkThread] = []


_exceeded: list[LimitError] = []
"""What a piece of work in this process did: nothing ends it before the process does, so no other one is begun."""


def limited(function: Callable[[], Result], what: str, limits: Limits) -> Result:
    """What `function` returns or raises, from a separate thread. `what` begins the message of an error.

    Foreign code in this process, such as Helm's Go, cannot be interrupted. It goes on until the process ends; so after
    the first time, this raises the same error again at once. Raises `LimitError`.
    """
    if _exceeded:
        raise _exceeded[0]
    try:
        return watched(function, what, limits, "self")
    except LimitError as error:
        _exceeded.append(error)
        raise


def watched(function: Callable[[], Result], what: str, limits: Limits, process: str) -> Result:
    """The same, where `process` (its id, or `self`) needs the memory. It is the caller who ends it after an error."""
    work = _Work(function)
    memory, end = _megabytes(process), time.monotonic() + limits.seconds
    thread = _idle.pop() if _idle else _WorkThread()
    thread.works.put(work)
    while not work.ended.wait(_INTERVAL):
        if time.monotonic() > end:
            raise LimitError(f"{what} did not finish in {limits.seconds} s", _hint(TIMEOUT_VARIABLE))
        if _megabytes(process) - memory > limits.megabytes:
            raise LimitError(f"{what} needed more than {limits.megabytes} MB", _hint(MEMORY_VARIABLE))
    _idle.append(thread)
    if work.error:
        raise work.error
    return work.result[0]


def _hint(variable: str) -> str:
    return f"look for a loop in the templates; if there is none, set {variable} to more"


def _megabytes(process: str) -> int:
    """The resident memory of a process (https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html); of this one only
    where there is no /proc, and 0 where that cannot be known either.
    """
    try:
        pages = int(Path(f"/proc/{process}/statm").read_bytes().split()[1])
    except (OSError, IndexError):
        return _most_megabytes() if process == "self" else 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _most_megabytes() -> int:
    """The most resident memory that this process ever had, as macOS reports it, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20

"""Python's garbage collector and the memory of Helm's Go, set for commands: they make little garbage that stays in
circles, and end soon.
"""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLD = 100_000
"""New objects after which Python's looks. At 700, its own, it took a tenth of a long command's time for nothing."""

_FOR_MANY_RENDERS = {
    "GOGC": "1600",
    "MALLOC_MMAP_THRESHOLD_": str(64 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
    "MALLOC_TOP_PAD_": str(16 * 2**20),
}
"""By how many percent Go's heap grows before it is collected: at its own 100 there is a collection a render, which is a
fifth of the time. And what glibc keeps instead of giving it back to the kernel and asking for it again: that is half of
the time in the kernel. All of it costs a process a hundred megabytes.

https://pkg.go.dev/runtime#hdr-Environment_Variables and
https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html
"""


def relax() -> None:
    """Run Python's collector rarely in this process."""
    gc.set_threshold(THRESHOLD)


def retire() -> None:
    """Stop Python's garbage collector: at the end of a process it goes through everything several times, to free what
    the kernel takes back at once. And ignore Ctrl-C: the work is done, and Python would say that it was not.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    gc.freeze()


@contextmanager
def for_many_renders() -> Iterator[None]:
    """Start processes inside that trade memory for time. What begins with such an environment reads it, and nothing
    does so later: there is no such way for this process. What a user has set stays.
    """
    ours = {name: value for name, value in _FOR_MANY_RENDERS.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]

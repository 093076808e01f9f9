"""The garbage collectors, Python's and that of Helm's Go, set for commands: they make little garbage that stays in
circles, and end soon.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLD = 100_000
"""New objects after which Python's looks. At 700, its own, it took a tenth of a long command's time for nothing."""

GROWTH = "1600"
"""By how many percent Go's heap grows before it is collected. At Go's own 100 there is a collection a render, which
takes a fifth of the time; with this each process holds a hundred megabytes more.
"""

_VARIABLE = "GOGC"


def relax() -> None:
    """Have Python's look seldom, in this process."""
    gc.set_threshold(THRESHOLD)


@contextmanager
def relaxed_go() -> Iterator[None]:
    """Have Go's look seldom in the processes that are started inside.

    Go reads what a process begins with, so there is no such way for this one:
    https://pkg.go.dev/runtime#hdr-Environment_Variables
    """
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = before or GROWTH
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]

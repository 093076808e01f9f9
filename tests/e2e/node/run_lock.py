"""One run on a real node at a time: the machine's cgroups and the state folder are claimed before anything is made.

The locks are flock(2)'s: they end with the last process that holds them, however it ends.
https://man7.org/linux/man-pages/man2/flock.2.html
"""

import contextlib
import fcntl
import os
import pathlib

from .footprint import CGROUPS


class BusyError(RuntimeError):
    """Another run holds the machine or the state folder."""


class RunLock(contextlib.ExitStack):
    """The locks of one run, held from when this is made until the block is left.

    All runs of a machine share its cgroups, whatever state folder they use, so their folder is locked. The lock of the
    state folder is the one that `python -m tests.e2e` takes.

    Raises:
        BusyError: another run, or the cleaning up after one, is under way; nothing was changed.
    """

    def __init__(self, state: pathlib.Path) -> None:
        super().__init__()
        self.state = state
        with contextlib.ExitStack() as held:
            under_way = "another run on a real node is under way on this machine; wait until it has ended"
            machine = _lock(held, CGROUPS, os.O_RDONLY, under_way)
            state.mkdir(parents=True, exist_ok=True)
            used = f"another run uses {state}; set E2E_STATE to another folder"
            self.files = (machine, _lock(held, state / "lock", os.O_RDWR | os.O_CREAT, used))
            self.push(held.pop_all())


def _lock(held: contextlib.ExitStack, path: pathlib.Path, flags: int, refusal: str) -> int:
    file = os.open(path, flags, 0o644)
    held.callback(os.close, file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(refusal) from None
    return file

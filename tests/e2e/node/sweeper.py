"""Removes the traces of a run that are not in its namespaces: processes, cgroups, files.

usage: python -m tests.e2e.node.sweeper STATE TOKEN

A separate process, in its own session: it sweeps when its standard input ends, because the run closes it or was killed.
It holds the run's locks until it is done, so that no other run begins before.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

from . import images
from .footprint import remove_cgroups

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
#: the variable by which a process of the run is known, whoever started it
VARIABLE = "E2E_NODE_RUN"
#: what stays in the state folder: the logs of tests that failed, and the lock
KEPT = ("log", "lock")
LONGEST = 30


class Sweeper:
    """The sweeping process of one run: `with Sweeper(…):` sweeps when the block is left, or this process ends."""

    def __init__(self, state: pathlib.Path, token: str, locks: tuple[int, ...]) -> None:
        argv = [sys.executable, "-m", "tests.e2e.node.sweeper", str(state), token]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, pass_fds=locks, start_new_session=True, cwd=REPOSITORY
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def sweep(state: pathlib.Path, token: str = "") -> None:
    """End the processes that a token marks, then remove the run's cgroups and its files but the logs.

    Without a token there are no processes: this is after a run that was killed together with its sweeper.
    """
    end = time.monotonic() + LONGEST
    while token and (left := _marked(token)) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    remove_cgroups()
    images.remove_unfinished()
    for path in left_files(state):
        _remove(path)


def left_files(state: pathlib.Path) -> list[pathlib.Path]:
    """What of a run is still in its state folder and should not be."""
    return [path for path in state.iterdir() if path.name not in KEPT]


def _remove(path: pathlib.Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)  # what stays is found by who looks
    else:
        path.unlink()


def _marked(token: str) -> list[int]:
    """The processes whose environment has the token. The first of a PID namespace takes the others with it."""
    wanted = f"{VARIABLE}={token}".encode()
    return [int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/environ") if wanted in _read(path)]


def _read(path: pathlib.Path) -> list[bytes]:
    with contextlib.suppress(OSError):  # it has ended
        return path.read_bytes().split(b"\0")
    return []


def main() -> None:
    state, token = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    sweep(pathlib.Path(state), token)


if __name__ == "__main__":
    main()

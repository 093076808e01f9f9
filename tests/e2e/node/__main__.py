"""`python -m tests.e2e.node`: the tests on a real node in their own namespaces, and what they left behind.

usage: python -m tests.e2e.node [--can-build | --can-run | PYTEST ARGUMENT…]

The run has its own processes, mounts and network: what it leaves there is gone when it ends, even if it is killed.
Cgroups and files have no such home: a separate process removes them, also when the run is killed. Then the
machine is compared with what it was. A second run is refused before it makes anything.
"""

import os
import pathlib
import signal
import subprocess
import sys
import time
import uuid

from tests.built import CACHE
from tests.e2e.cluster import SERVICES
from tests.e2e.processes import WITH_PARENT

from . import images
from .footprint import NAMESPACES, Footprint, make_cgroups, namespaces_of, processes_in
from .programs import missing, unbuildable
from .real_node import GATEWAY
from .run_lock import BusyError, RunLock
from .sweeper import VARIABLE, Sweeper, left_files, sweep

HERE = pathlib.Path(__file__).resolve().parent
STATE = pathlib.Path(os.environ.get("E2E_STATE") or CACHE / "node")
NEW_NAMESPACES = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--propagation", "private")


def main(arguments: list[str]) -> int:
    """Exit 0 when the tests passed and left nothing behind, 2 when they cannot run here, otherwise as pytest does."""
    if absent := unbuildable() if arguments == ["--can-build"] else missing():
        return _refuse(absent)
    if arguments in (["--can-build"], ["--can-run"]):
        return 0
    try:
        with RunLock(STATE) as lock:
            return _run_and_compare(arguments, lock)
    except BusyError as error:
        return _refuse([str(error)])


def _refuse(reasons: list[str]) -> int:
    sys.stderr.write("\n  ".join(["the tests on a real node cannot run here:", *reasons]) + "\n")
    return 2


def _run_and_compare(arguments: list[str], lock: RunLock) -> int:
    sweep(STATE)  # after a run that was killed together with its sweeper
    before = Footprint.look()
    # Only in what is started from here on: the sweeper is no process of the run.
    token = uuid.uuid4().hex
    with Sweeper(STATE, token, lock.files):
        os.environ[VARIABLE] = token
        images.make()
        status, namespaces = _run(arguments)
    left = [
        *processes_in(namespaces),
        *before.added(Footprint.look()),
        *(f"files: {path}" for path in left_files(STATE)),
    ]
    sys.stdout.write("\n  ".join(["left behind on the machine:", *left] if left else ["nothing is left behind"]) + "\n")
    return status or bool(left)


def _run(arguments: list[str]) -> tuple[int, frozenset[str]]:
    """The exit status of the tests, and the namespaces that they were in."""
    # /run is the run's own, and gone with it.
    tests = [sys.executable, "-m", "pytest", "--basetemp=/run/pytest", str(HERE), *arguments]
    inside: list[str | pathlib.Path] = [HERE / "inside.sh", GATEWAY, SERVICES, *tests]
    environment = {**os.environ, "E2E_STATE": str(STATE)}
    make_cgroups()
    run = subprocess.Popen([*WITH_PARENT, *NEW_NAMESPACES, *inside], env=environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the tests too, and they end in order
    signal.signal(signal.SIGTERM, lambda *_: run.kill())
    namespaces = _new_namespaces(run)
    return run.wait(), namespaces


def _new_namespaces(run: subprocess.Popen[bytes]) -> frozenset[str]:
    while len(found := namespaces_of(run.pid)) < len(NAMESPACES) and run.poll() is None:
        time.sleep(0.01)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.e2e.node`: the tests on a real node in namespaces of their own, and what they left behind.

usage: python -m tests.e2e.node [--can-build | PYTEST ARGUMENT…]

The run has its own processes, mounts and network: what it leaves there is gone when it ends, even if it is killed.
Cgroups and files have no such home, so they are removed afterwards. Then the machine is compared with what it was.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from tests.built import CACHE
from tests.e2e.processes import WITH_PARENT

from . import images
from .footprint import NAMESPACES, Footprint, make_cgroups, namespaces_of, processes_in, remove_cgroups
from .programs import missing, unbuildable
from .real_node import GATEWAY

HERE = pathlib.Path(__file__).resolve().parent
STATE = pathlib.Path(os.environ.get("E2E_STATE") or CACHE / "node")
NEW_NAMESPACES = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--propagation", "private")


def main(arguments: list[str]) -> int:
    """Exit 0 when the tests passed and left nothing behind, 2 when they cannot run here, otherwise as pytest does."""
    only_ask = arguments == ["--can-build"]
    if absent := unbuildable() if only_ask else missing():
        sys.stderr.write("\n  ".join(["the tests on a real node cannot run here:", *absent]) + "\n")
        return 2
    if only_ask:
        return 0
    images.make()
    before = Footprint.look()
    status, namespaces = _run(arguments)
    left = [*processes_in(namespaces), *before.added(Footprint.look()), *(f"files: {path}" for path in _files())]
    sys.stdout.write("\n  ".join(["left behind on the machine:", *left] if left else ["nothing is left behind"]) + "\n")
    return status or bool(left)


def _run(arguments: list[str]) -> tuple[int, frozenset[str]]:
    """The exit status of the tests, and the namespaces that they were in."""
    # /run is the run's own, and gone with it.
    tests = [sys.executable, "-m", "pytest", "--basetemp=/run/pytest", str(HERE), *arguments]
    environment = {**os.environ, "E2E_STATE": str(STATE)}
    STATE.mkdir(parents=True, exist_ok=True)
    make_cgroups()
    try:
        run = subprocess.Popen([*WITH_PARENT, *NEW_NAMESPACES, HERE / "inside.sh", GATEWAY, *tests], env=environment)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the tests too, and they end in order
        signal.signal(signal.SIGTERM, lambda *_: run.kill())
        namespaces = _new_namespaces(run)
        return run.wait(), namespaces
    finally:
        remove_cgroups()
        _remove_files()


def _new_namespaces(run: subprocess.Popen[bytes]) -> frozenset[str]:
    while len(found := namespaces_of(run.pid)) < len(NAMESPACES) and run.poll() is None:
        time.sleep(0.01)
    return found


def _remove_files() -> None:
    """All but the logs, which those tests that failed have left."""
    for path in _files():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _files() -> list[pathlib.Path]:
    return [path for path in STATE.iterdir() if path.name not in ("log", "lock")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A deleted pod is replaced at once, while it still stops, and a killed server is started again.

There are never two servers on its data, and no committed row and no workflow is lost.
"""

import contextlib
import functools
import http.client
import os
import pathlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.built import BIN
from tests.e2e.api import Object

from .client import Client
from .pods import LONGEST, Pods, status
from .test_redis import ask
from .test_workflow import eventually

TIMES = 20
WAITING = "waiting for the other {} server on this data directory to stop: "
#: inserts one row after the other, and prints the id of each that is committed
LOAD = "yes 'INSERT INTO app.load DEFAULT VALUES RETURNING id;' | psql -X -U postgres -d appdb -qAt -v ON_ERROR_STOP=1"
INTERVAL = 0.02


@dataclass
class Servers:
    """Which PostgreSQL servers use one data directory, watched all the time."""

    folder: tuple[int, int]
    seen: set[int] = field(default_factory=set)
    together: list[set[int]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self._stop.wait(INTERVAL):
            now = {pid for pid in processes("postgres") if self._serves(pid)}
            self.seen |= now
            if len(now) > 1:
                self.together.append(now)

    def stop(self) -> None:
        self._stop.set()

    def _serves(self, pid: int) -> bool:
        """Whether it is the first process of a server, which works in its data directory."""
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            parent = pathlib.Path(f"/proc/{fields[1]}/comm").read_text().strip()
            return fields[0] != "Z" and parent != "postgres" and identity(pid) == self.folder
        return False


def processes(name: str) -> Iterator[int]:
    """Those of the node, by the name of their program."""
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (path / "comm").read_text().strip() == name:
                yield int(path.name)


def identity(pid: int) -> tuple[int, int]:
    """Device and inode of the folder that a process works in."""
    found = pathlib.Path(f"/proc/{pid}/cwd").stat()
    return found.st_dev, found.st_ino


def process_of(pod: Object, container: str, command: str) -> int:
    """The process of a container whose command line has this in it."""
    mark = status(pod, container)["containerID"].removeprefix("containerd://")
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            inside = mark in (path / "cgroup").read_text()
            if inside and command.encode() in (path / "cmdline").read_bytes():
                found.append(int(path.name))
    (pid,) = found
    return pid


@pytest.fixture
def servers(dev: Pods) -> Iterator[Servers]:
    """The servers of `dev`, watched."""
    first = process_of(dev.get("postgres"), "postgres", "checkpointer")
    watched = Servers(identity(first))
    thread = threading.Thread(target=watched.watch, daemon=True)
    thread.start()
    yield watched
    watched.stop()
    thread.join()


@contextlib.contextmanager
def load(dev: Pods) -> Iterator[list[int]]:
    """Commits rows until the server goes. The ids whose commit was confirmed are in the list when the block is left."""
    committed_ids: list[int] = []
    pod = dev.get("postgres")["metadata"]["name"]
    command = [str(BIN / "kubectl"), f"--kubeconfig={dev.node.kubeconfig}", "exec", "-n", dev.namespace, pod]
    command += ["-c", "postgres", "--", "sh", "-c", LOAD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        assert run.stdout is not None
        committed_ids.append(int(run.stdout.readline()))
        yield committed_ids
        lines = run.stdout.read().splitlines()
        committed_ids.extend(int(line) for line in lines[:-1])  # the last one may be cut off


def replaced_while_it_stops(dev: Pods, component: str, process: int, container: str, name: str) -> Object:
    """Delete a pod, one process of which goes on only when the next pod has said that it waits. The next pod, ready."""
    old = dev.get(component)
    os.kill(process, signal.SIGSTOP)
    try:
        dev.node.kubectl("delete", "pod", "-n", dev.namespace, old["metadata"]["name"], "--wait=false")
        dev.wait(f"{container} runs next to the old pod", lambda pod: _runs(pod, container, old), component)
        _eventually_says(dev, component, container, WAITING.format(name))
    finally:
        os.kill(process, signal.SIGCONT)
    return dev.wait_ready(component, other_than=old["metadata"]["uid"])


def deleted(dev: Pods) -> None:
    """The pod is deleted, and its last checkpoint ends when the next pod waits for it."""
    checkpointer = process_of(dev.get("postgres"), "postgres", "checkpointer")
    replaced_while_it_stops(dev, "postgres", checkpointer, "init-database", "PostgreSQL")
    assert "automatic recovery" not in dev.log("postgres", "init-database") + dev.log("postgres")


def killed(dev: Pods) -> None:
    """SIGKILL to the server, which its container's next start recovers from."""
    restarts = status(dev.get("postgres"), "postgres")["restartCount"]
    dev.kill("postgres")
    dev.wait_ready("postgres", restarts=restarts + 1)


def _runs(pod: Object, container: str, old: Object) -> bool:
    return pod["metadata"]["uid"] != old["metadata"]["uid"] and "running" in status(pod, container).get("state", {})


def _eventually_says(dev: Pods, component: str, container: str, line: str) -> None:
    end = time.monotonic() + 30
    while line not in dev.log(component, container):
        assert time.monotonic() < end, dev.log(component, container)
        time.sleep(0.2)


def order(app: Client) -> str:
    """The name of a workflow that Temporal has acknowledged; while it connects again, it refuses some."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        name = f"load-{time.time_ns()}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            if app.ask("POST", f"/orders/{name}?0")[0] == 202:
                return name
        time.sleep(0.2)
    raise AssertionError("no workflow could be started")


def assert_finish(dev: Pods, app: Client, orders: list[str]) -> None:
    """Each workflow goes on to its end, with what it wrote."""
    for name in orders:
        eventually(functools.partial(app.ask, "GET", f"/orders/{name}"), 200, {"state": "waiting"})
        assert app.ask("POST", f"/orders/{name}/approval") == (202, {"approved": name})
        assert app.ask("GET", f"/orders/{name}/result", LONGEST)[0] == 200
    names = ", ".join(f"'{name}'" for name in orders)
    wrote = dev.sql(f"SELECT count(DISTINCT (name, event)) FROM app.orders WHERE name IN ({names})")
    assert int(wrote) == 2 * len(orders)


def kept(dev: Pods, committed_ids: list[range]) -> int:
    """How many of the rows are there."""
    among = " OR ".join(f"id BETWEEN {ids[0]} AND {ids[-1]}" for ids in committed_ids)
    return int(dev.sql(f"SELECT count(*) FROM app.load WHERE {among}"))


@pytest.mark.scenario(f"postgres: {TIMES} times killed and deleted under load, with a slow checkpoint: nothing lost")
def test_no_row_is_lost(dev: Pods, servers: Servers, record_property: Callable[[str, object], None]) -> None:
    dev.sql("CREATE TABLE app.load (id bigserial PRIMARY KEY, at timestamptz DEFAULT now())")
    app = Client.of(dev.node, dev.namespace, "app")
    committed_ids: list[range] = []
    orders = []
    for turn in range(TIMES):
        if turn % 5 == 0:  # Temporal takes its time to connect again
            orders.append(order(app))
        for fault in (killed, deleted):
            with load(dev) as committed:
                time.sleep(0.3)
                fault(dev)
            committed_ids.append(range(committed[0], committed[-1] + 1))
            assert committed == list(committed_ids[-1])
            assert len(committed) > 10
            assert kept(dev, committed_ids) == sum(len(ids) for ids in committed_ids)
    rows = sum(len(ids) for ids in committed_ids)
    assert_finish(dev, app, orders)
    lost = rows - kept(dev, committed_ids)
    record_property("measured", f"{lost} of {rows} rows and 0 of {len(orders)} workflows lost")
    assert servers.together == []
    assert len(servers.seen) > 3 * TIMES, "one of each init container, one of each pod and one of each restart"


@pytest.mark.scenario("redis: a pod that is deleted while it cannot write is waited for")
def test_redis_is_waited_for(dev: Pods) -> None:
    assert ask(dev, "set", "waited", "43") == "OK"
    server = process_of(dev.get("redis"), "redis", "redis-server")
    replaced_while_it_stops(dev, "redis", server, "wait-for-data", "Redis")
    assert ask(dev, "get", "waited") == "43"

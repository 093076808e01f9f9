"""Two pods on one volume: the second one waits until no process of the first uses the data, however the first ends.

Each container has its own PID and IPC namespaces, so every server is process 1 and sees nothing of the other one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services.machine import Machine, Running, eventually, missing
from tests.services.test_postgres import sql
from tests.services.test_redis import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.machine import Pod
    from tests.services.release import Release

needs_postgres = pytest.mark.skipif(bool(missing("postgres")), reason=missing("postgres") or "all there")
needs_redis = pytest.mark.skipif(bool(missing("redis-server")), reason=missing("redis-server") or "all there")
GUIDE = Path(__file__).parents[2] / "docs" / "chart" / "storage.md"
WAITS = "waiting for the other {} server on this data directory to stop: {} is held by"
POSTGRES_WAITS = WAITS.format("PostgreSQL", "/var/lib/postgresql/data/pgdata.lock")
REDIS_WAITS = WAITS.format("Redis", "/data/redis.lock")
ROWS = 40_000
FILL = f"CREATE TABLE app.orders AS SELECT generate_series(1, {ROWS}) AS id; CHECKPOINT; UPDATE app.orders SET id = -id"
COUNT = "SELECT count(*), max(id) FROM app.orders"
KEPT = f"{ROWS}|-1"
MORE = f"INSERT INTO app.orders SELECT generate_series({ROWS + 1}, {2 * ROWS})"
WITHOUT_LOCK = {"postgresql": {"persistence": {"data": {"lock": False}}}}


@pytest.fixture
def elsewhere(release: Release) -> Iterator[Release]:
    """The same release and volumes with a separate network, as every pod has."""
    machine = Machine(release.machine.folder)
    yield replace(release, machine=machine)
    machine.close()


def stopping(database: Pod) -> int:
    """Fill the database and have the pod stop as slow storage would: its shutdown checkpoint does not end.

    Returns the process that is to go on.
    """
    sql(database, FILL)
    checkpointer = process_of(database.running[-1], "checkpointer")
    os.kill(checkpointer, signal.SIGSTOP)
    leave(database, "postgres")
    eventually(lambda: "received fast shutdown request" in database.logs(), database.logs)
    return checkpointer


def leave(pod: Pod, container: str) -> None:
    """What the kubelet does first when a pod is deleted."""
    hook = pod.workload["spec"]["template"]["spec"]["containers"][0].get("lifecycle")
    if hook:
        assert pod.exec(container, *hook["preStop"]["exec"]["command"]).code == 0
    pod.running[-1].terminate()


def process_of(running: Running, name: str) -> int:
    """The process of a container whose command line contains the name."""
    found = [pid for pid in descendants(running.process.pid) if name in command_line(pid)]
    assert len(found) == 1, [command_line(pid) for pid in descendants(running.process.pid)]
    return found[0]


def descendants(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(below for child in children for below in descendants(child))]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def waits(running: Running, line: str) -> None:
    eventually(lambda: line in running.log or running.process.poll() is not None, lambda: running.log)
    assert running.process.poll() is None, running.log


def serve(pod: Pod) -> None:
    pod.prepare()
    pod.start("postgres")
    pod.wait_ready("postgres")


@needs_postgres
def test_a_pod_that_comes_while_the_old_one_stops_loses_no_row(database: Pod, elsewhere: Release) -> None:
    checkpointer = stopping(database)
    new = elsewhere.pod("postgres")
    init = new.start("init-database")
    waits(init, POSTGRES_WAITS)
    time.sleep(3)
    assert len(init.log.splitlines()) == 1, "it says so once, and touches nothing"
    assert os.uname().nodename in init.log

    os.kill(checkpointer, signal.SIGCONT)
    assert database.running[-1].wait().code == 0, database.logs()
    done = init.wait()
    assert done.code == 0, done.log
    assert "interrupted" not in done.log, "the old server has shut down"
    new.start("postgres")
    new.wait_ready("postgres")
    assert sql(new, COUNT) == KEPT
    sql(new, MORE)
    new.close()
    again = elsewhere.pod("postgres")
    serve(again)
    assert sql(again, COUNT) == f"{2 * ROWS}|{2 * ROWS}"


@needs_postgres
def test_without_the_lock_two_servers_use_the_data(database: Pod, elsewhere: Release) -> None:
    """A check of the check, and what `lock: false` means: PostgreSQL's own lock file stops nobody."""
    checkpointer = stopping(database)
    new = replace(elsewhere, values=WITHOUT_LOCK).pod("postgres")
    new.prepare()
    assert "another server might be running; trying to start server anyway" in new.logs()
    assert "interrupted" in new.logs(), "it recovers data that the old server has not finished"
    assert database.running[-1].process.poll() is None
    os.kill(checkpointer, signal.SIGCONT)


@needs_postgres
def test_a_server_waits_too_and_can_be_asked_to_end(database: Pod, elsewhere: Release) -> None:
    """A pod whose init container was through when another pod's server began; its end leaves that one alone."""
    new = elsewhere.pod("postgres")
    server = new.start("postgres")
    waits(server, POSTGRES_WAITS)
    began = time.monotonic()
    eventually(lambda: server.log.count(POSTGRES_WAITS) == 2, lambda: server.log)
    assert time.monotonic() - began > 8, "the line is repeated, but not all the time"
    leave(new, "postgres")
    assert server.wait(10).code == 143
    assert database.probe("postgres").code == 0
    assert "received" not in database.logs()


@needs_postgres
def test_a_killed_server_holds_nobody_up(database: Pod, elsewhere: Release) -> None:
    sql(database, FILL)
    database.close()
    new = elsewhere.pod("postgres")
    serve(new)
    assert "waiting for" not in new.logs()
    assert sql(new, COUNT) == KEPT


@needs_postgres
def test_two_first_starts_make_one_cluster(release: Release, elsewhere: Release) -> None:
    pods = [release.pod("postgres"), elsewhere.pod("postgres")]
    inits = [pod.start("init-database") for pod in pods]
    done = [init.wait() for init in inits]
    assert [one.code for one in done] == [0, 0], "\n".join(one.log for one in done)
    assert sorted("Success. You can now start" in one.log for one in done) == [False, True]

    servers = [pod.start("postgres") for pod in pods]
    eventually(lambda: any(POSTGRES_WAITS in server.log for server in servers), lambda: servers[0].log)
    waiting, serving = (0, 1) if POSTGRES_WAITS in servers[0].log else (1, 0)
    pods[serving].wait_ready("postgres")
    assert pods[serving].terminate().code == 0
    pods[waiting].wait_ready("postgres")


@needs_postgres
def test_storage_without_locks_is_refused_and_named(release: Release) -> None:
    """As flock says it on a file system that has none, and in an image that lacks the program."""
    command = release.pod("postgres").spec["initContainers"][0]["command"]
    says = "#!/bin/sh\\necho 'flock: 9: No locks available' >&2\\nexit 71\\n"
    for setup, reason in (
        (f'printf "{says}" >/tmp/flock; chmod +x /tmp/flock; PATH=/tmp:$PATH', "flock: 9: No locks available"),
        ("for name in sh true id date; do ln -s /usr/bin/$name /tmp/; done; PATH=/tmp", "flock: not found"),
    ):
        done = release.pod("postgres").run("init-database", "/bin/sh", "-c", f'{setup}; exec "$@"', "sh", *command)
        assert done.code == 1
        assert done.log.startswith(
            "FAIL no lock on /var/lib/postgresql/data/pgdata.lock, so nothing would keep another"
        )
        assert reason in done.log
    assert not (release.machine.claim("postgres-data") / "pgdata").exists()


@needs_postgres
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_volume_that_cannot_be_written_is_named(release: Release) -> None:
    os.chown(release.machine.claim("postgres-data"), 70, 70)
    done = release.pod("postgres").run("init-database")
    assert done.code == 1
    assert done.log.startswith("FAIL the volume's folder /var/lib/postgresql/data must be writable for user 999: ")
    assert "Permission denied" in done.log


@needs_postgres
def test_the_guides_command_takes_the_lock_too(database: Pod) -> None:
    (command,) = re.findall(r"^    (flock .*)$", GUIDE.read_text(), re.MULTILINE)
    refused = database.exec("postgres", "sh", "-c", command)
    assert (refused.code, refused.log) == (1, "")
    assert database.terminate().code == 0
    done = database.run("init-database", "sh", "-c", command)
    assert done.code == 0, done.log
    assert "Bad checksums:  0" in done.log


@needs_redis
@pytest.mark.skipif(not shutil.which("busybox"), reason="busybox missing: apt-get install busybox-static")
def test_busyboxs_shell_does_the_same(release: Release, elsewhere: Release) -> None:
    """That of Alpine's image; Debian's BusyBox has no flock, so that one is of util-linux."""
    links = "mkdir /tmp/bin; for name in $(busybox --list); do ln -s /usr/bin/busybox /tmp/bin/$name; done"
    links += "; ln -sf /usr/bin/flock /tmp/bin; PATH=/tmp/bin"
    hold = f"{links}; exec sh /etc/redis/hold-lock.sh Redis /data/redis.lock"
    first = release.pod("redis").start("redis", "sh", "-c", f"{hold} sh -c 'echo it runs; sleep 100'")
    waits(first, "it runs")
    second = elsewhere.pod("redis").start("redis", "sh", "-c", f"{hold} echo it runs")
    waits(second, REDIS_WAITS)
    first.kill()
    done = second.wait()
    assert (done.code, done.log.splitlines()[1:]) == (0, ["it runs"])


@needs_redis
def test_a_lock_file_without_room_for_the_name_is_one(release: Release) -> None:
    done = release.pod("redis").run("redis", "sh", "/etc/redis/hold-lock.sh", "Redis", "/dev/full", "echo", "it runs")
    assert (done.code, done.log) == (0, "it runs\n")


@needs_redis
def test_redis_waits_for_the_one_that_still_writes(release: Release, elsewhere: Release) -> None:
    old = release.pod("redis")
    old.prepare()
    old.start("redis")
    old.wait_ready("redis")
    assert ask(old, "set", "kept", "42") == "OK"
    server = process_of(old.running[-1], "redis-server")
    os.kill(server, signal.SIGSTOP)
    leave(old, "redis")

    new = elsewhere.pod("redis")
    init = new.start("wait-for-data")
    waits(init, REDIS_WAITS)
    overtaken = elsewhere.pod("redis").start("redis")
    waits(overtaken, REDIS_WAITS)
    overtaken.terminate()
    assert overtaken.wait(10).code == 143

    os.kill(server, signal.SIGCONT)
    assert old.running[-1].wait().code == 0, old.logs()
    assert init.wait().code == 0
    new.start("redis")
    new.wait_ready("redis")
    assert ask(new, "get", "kept") == "42"

"""The original's data under the chart: what the migration has `kubectl exec` run, run in real PostgreSQL and Redis."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import INPUTS, REPOSITORY, commit_all, copy_reference
from tests.migration.original import NAMESPACE, exported
from tests.services.machine import Pod, missing
from tests.services.test_postgres import sql, start, verify
from tests.services.test_redis import ask

if TYPE_CHECKING:
    from tests.services.release import Release

Scripts = dict[str, str]
ORIGINAL_INIT = INPUTS / "original/init-postgres.sh"
needs_postgres = pytest.mark.skipif(bool(missing("postgres")), reason=missing("postgres") or "all there")
needs_redis = pytest.mark.skipif(bool(missing("redis-server")), reason=missing("redis-server") or "all there")


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Scripts:
    """What the printed plan has run in a pod, by the name of a program in it."""
    folder = tmp_path_factory.mktemp("plan")
    project = folder / "project"
    copy_reference(project)
    file = project / "environments/production/environment.yaml"
    file.write_text(f"{file.read_text()}namespace: {NAMESPACE}\n")
    commit_all(project)
    (folder / "live.yaml").write_text(exported())
    argv = ["migrate", "production", "--live", "../live.yaml", "--output", "json"]
    plan = json.loads(
        subprocess.run(
            [sys.executable, "-m", "gitops_gen", *argv],
            cwd=project,
            env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    found = {}
    for command in [step["command"] or "" for phase in plan["phases"] for step in phase["steps"]]:
        words = shlex.split(command)
        if "exec" in words:
            script = words[words.index("sh") + 2]
            found[next(name for name in ("pg_dumpall", "PG_VERSION", "redis-cli") if name in script)] = script
    return found


@needs_postgres
def test_the_databases_of_the_original_are_taken_over(release: Release, scripts: Scripts) -> None:
    """With its rows, after the kubelet has opened the volume to the pod's group; the chart restores grants."""
    made = release.pod("postgres").run("init-database", "sh", "-c", ORIGINAL_INIT.read_text())
    assert made.code == 0, made.log
    for path in release.machine.claim("postgres-data").rglob("*"):
        path.chmod(path.stat().st_mode | (0o2770 if path.is_dir() else 0o660))
    database = start(release)
    done = verify(release)
    assert done.code == 0, done.log
    for role in ("appuser", "backupuser"):
        assert sql(database, f"SET ROLE {role}; SELECT item FROM app.items") == "kept"
    assert database.exec("postgres", "sh", "-c", scripts["PG_VERSION"]).log == "15 999\n"

    dump = database.exec("postgres", "sh", "-c", scripts["pg_dumpall"])
    assert dump.code == 0, dump.log
    assert "PostgreSQL database cluster dump complete" in "\n".join(dump.log.splitlines()[-5:])
    assert {"CREATE ROLE appuser;", "\\connect temporal_visibility", "1\tkept"} <= set(dump.log.splitlines())
    database.close()


@pytest.fixture
def snapshotting(release: Release) -> Pod:
    """Redis as the original runs it without an append-only file, with something in it."""
    pod = release.pod("redis")
    server = 'exec redis-server --dir /data --save "900 1" --requirepass "$(cat /run/secrets/redis_password)"'
    pod.start("redis", "sh", "-c", server)
    pod.wait_ready("redis")
    assert ask(pod, "set", "session", "42") == "OK"
    return pod


def session(release: Release) -> str:
    """What the chart's Redis finds."""
    pod = release.pod("redis")
    pod.start("redis")
    pod.wait_ready("redis")
    found = ask(pod, "get", "session")
    pod.close()
    return found


@needs_redis
def test_redis_keeps_what_it_held(release: Release, snapshotting: Pod, scripts: Scripts) -> None:
    done = snapshotting.exec("redis", "sh", "-c", scripts["redis-cli"])
    assert done.code == 0, done.log
    assert snapshotting.terminate().code == 0
    assert session(release) == "42"


@needs_redis
def test_without_that_step_redis_starts_empty(release: Release, snapshotting: Pod) -> None:
    """A check of the check: an append-only file that does not exist is not made of the snapshot."""
    assert snapshotting.terminate().code == 0
    assert (release.machine.claim("redis-data") / "dump.rdb").exists()
    assert session(release) == ""

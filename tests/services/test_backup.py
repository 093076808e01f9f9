"""The Job of the CronJob, and the script that the guide has a person run for a restore."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.services.machine import Finished, Pod, eventually, missing
from tests.services.release import with_password
from tests.services.test_postgres import sql, start, verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.release import Release

pytestmark = pytest.mark.skipif(bool(missing("postgres")), reason=missing("postgres") or "all there")

TABLE = "CREATE TABLE app.kept AS SELECT 42 AS answer; ALTER TABLE app.kept OWNER TO appowner"
DUMPS = {"globals.sql", "appdb.dump", "temporal.dump", "temporal_visibility.dump"}
NO_TEMPORAL = {"temporal": {"enabled": False}}


def back_up(release: Release, **variables: str) -> Finished:
    """One run of the Job."""
    return release.pod("postgres-backup").run("backup", **variables)


def restore(database: Pod, *arguments: str) -> Finished:
    """What the guide has `kubectl exec` run."""
    return database.exec("postgres", "sh", "/etc/postgresql/restore.sh", *arguments)


def made(done: Finished) -> str:
    """The name of the backup that a run made."""
    assert done.code == 0, done.log
    return done.log.rstrip().rpartition("/")[2]


def folders(release: Release) -> list[str]:
    return sorted(path.name for path in claim(release).iterdir())


def claim(release: Release) -> Path:
    return release.machine.claim("postgres-backups")


def test_a_backup_restores_what_was_lost(database: Pod, release: Release) -> None:
    sql(database, TABLE)
    sql(database, "CREATE TABLE of_the_superuser AS SELECT 43 AS answer", "temporal")
    name = made(back_up(release))
    files = {path.name: path for path in (claim(release) / name).iterdir()}
    assert files.keys() == DUMPS
    assert all(path.stat().st_mode & 0o077 == 0 for path in files.values())
    assert "PASSWORD" not in files["globals.sql"].read_text()

    sql(database, "DROP SCHEMA app CASCADE")
    sql(database, "DROP TABLE of_the_superuser", "temporal")
    done = restore(database, name)
    assert done.code == 0, done.log
    assert sql(database, "SELECT answer FROM app.kept") == "42"
    assert sql(database, "SELECT answer FROM of_the_superuser", "temporal") == "43"
    database.close()
    again = start(release)
    assert verify(release).code == 0
    again.close()


def test_a_backup_fills_an_empty_server(database: Pod, release: Release) -> None:
    sql(database, TABLE)
    name = made(back_up(release))
    database.close()
    release.machine.claim("postgres-data").rename(release.machine.folder / "lost")
    empty = start(release)
    done = restore(empty, name)
    assert done.code == 0, done.log
    empty.close()
    again = start(release)
    assert sql(again, "SELECT answer FROM app.kept") == "42"
    assert verify(release).code == 0
    again.close()


@pytest.mark.usefixtures("database")
def test_the_newest_backups_stay(release: Release) -> None:
    kept = claim(release) / "of-others"
    kept.mkdir()
    names = []
    for _ in range(3):
        names.append(made(back_up(release, KEEP="2")))
        time.sleep(1)  # a folder is named after its second
    assert folders(release) == sorted([*names[1:], "of-others"])


@pytest.mark.usefixtures("database")
def test_without_temporal_the_application_alone_is_saved(release: Release) -> None:
    alone = replace(release, values=NO_TEMPORAL)
    name = made(back_up(alone))
    assert {path.name for path in (claim(release) / name).iterdir()} == {"globals.sql", "appdb.dump"}


def test_without_temporal_the_application_alone_is_restored(release: Release) -> None:
    alone = replace(release, values=NO_TEMPORAL)
    database = start(alone)
    sql(database, TABLE)
    name = made(back_up(alone))
    sql(database, "DROP TABLE app.kept")
    assert restore(database, name).log == "appdb is restored\n"
    assert sql(database, "SELECT answer FROM app.kept") == "42"
    database.close()


def test_a_backup_that_fails_leaves_the_older_ones_and_nothing_else(database: Pod, release: Release) -> None:
    name = made(back_up(release, KEEP="1"))
    wrong = replace(release, secrets=with_password(release.secrets, "postgres-secrets", "postgres_app_ro_pw", "wrong"))
    done = back_up(wrong, KEEP="1")
    assert done.code != 0
    assert 'password authentication failed for user "backupuser"' in done.log
    sql(database, "DROP DATABASE temporal_visibility")
    done = back_up(release, KEEP="1")
    assert done.code != 0
    assert 'database "temporal_visibility" does not exist' in done.log
    assert folders(release) == [name]


@pytest.mark.usefixtures("database")
def test_what_a_killed_run_left_is_removed_a_day_later(release: Release) -> None:
    for name in ("20260101T000000Z.part", "20260102T000000Z.part"):
        (claim(release) / name).mkdir()
    old = claim(release) / "20260101T000000Z.part"
    pod = release.pod("postgres-backup")
    pod.run("backup", "touch", "-d", "2 days ago", f"/var/lib/postgresql/backups/{old.name}")
    name = made(back_up(release))
    assert folders(release) == ["20260102T000000Z.part", name]


def test_a_backup_that_is_asked_to_end_removes_its_rest(database: Pod, release: Release) -> None:
    sql(database, "CREATE TABLE app.held (id int)")
    blocker = database.start("postgres", "sh", "-c", BLOCK)
    eventually(lambda: sql(database, LOCKED) == "1", database.logs)
    running = release.pod("postgres-backup").start("backup")
    eventually(lambda: folders(release) != [], lambda: running.log)
    eventually(lambda: sql(database, DUMPING) == "1", lambda: running.log)
    running.terminate()
    blocker.kill()
    assert running.wait().code == 143, running.log
    assert folders(release) == []


LOCKED = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'app.held'::regclass"
DUMPING = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'backupuser' AND wait_event_type = 'Lock'"
BLOCK = """
export PGHOST=127.0.0.1 PGSSLMODE=require PGPASSWORD="$(cat /run/secrets/postgres_password)"
exec psql -U postgres -d appdb -c 'BEGIN; LOCK TABLE app.held; SELECT pg_sleep(100)'
"""


def test_a_restore_says_what_is_missing(database: Pod, release: Release) -> None:
    name = made(back_up(release))
    done = restore(database)
    assert done.code != 0
    assert "the name of a backup is missing" in done.log
    done = restore(database, "20260101T000000Z")
    assert done.code == 1
    assert f"20260101T000000Z/appdb.dump is missing or empty. Backups: {name}" in done.log


def test_a_restore_refuses_while_clients_are_connected(database: Pod, release: Release) -> None:
    sql(database, TABLE)
    name = made(back_up(release))
    client = release.pod("postgres-verifier").start("verifier", "sh", "-c", CLIENT)
    eventually(lambda: sql(database, CONNECTED) == "1", database.logs)
    done = restore(database, name)
    assert (done.code, done.log) == (
        1,
        "FAIL these are connected: appuser in appdb. Stop app, worker and temporal first\n",
    )
    client.kill()


CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'appuser'"
CLIENT = 'PGPASSWORD=$(cat /run/secrets/postgres_app_user_pw) exec psql -U appuser -d appdb -c "SELECT pg_sleep(100)"'


def test_a_damaged_dump_leaves_the_database_as_it_was(database: Pod, release: Release) -> None:
    sql(database, TABLE)
    name = made(back_up(release))
    dump = claim(release) / name / "appdb.dump"
    dump.chmod(0o600)
    dump.write_bytes(dump.read_bytes()[:-200])
    sql(database, "UPDATE app.kept SET answer = 43")
    assert restore(database, name).code != 0
    assert sql(database, "SELECT answer FROM app.kept") == "43"

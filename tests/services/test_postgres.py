"""PostgreSQL's pod and its verifier: from empty, again, killed, rotated, with everything wrong that can be."""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.services.machine import Finished, Pod, eventually, missing
from tests.services.release import Release, with_password

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(bool(missing("postgres")), reason=missing("postgres") or "all there")


def verify(release: Release, **variables: str) -> Finished:
    """The verifier Job, without waiting first."""
    return release.pod("postgres-verifier").run("verifier", **variables)


def failed_checks(done: Finished) -> set[str]:
    return set(re.findall(r"^FAIL ([\w-]+):", done.log, re.MULTILINE))


def start(release: Release) -> Pod:
    """PostgreSQL's pod from its init container on, until it is ready."""
    pod = release.pod("postgres")
    pod.prepare()
    pod.start("postgres")
    pod.wait_ready("postgres")
    return pod


def sql(database: Pod, statement: str, db: str = "appdb") -> str:
    """What the superuser gets over the socket of the server's own container."""
    arguments = ["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", db]
    done = database.exec("postgres", "psql", "--username", "postgres", *arguments, "--command", statement)
    assert done.code == 0, done.log
    return done.log.strip()


def test_from_empty_and_again(release: Release) -> None:
    database = start(release)
    pod = release.pod("postgres-verifier")
    assert "is ready" in pod.prepare()
    done = pod.run("verifier")
    assert (done.code, failed_checks(done)) == (0, set()), done.log
    assert done.log.endswith("all checks passed\n")
    assert sql(database, "SHOW data_checksums") == "on"

    sql(database, "CREATE TABLE app.kept AS SELECT 42 AS answer")
    database.close()
    again = start(release)
    assert sql(again, "SELECT answer FROM app.kept") == "42"
    assert verify(release).code == 0
    again.close()


def test_termination_does_not_wait_for_clients(database: Pod, release: Release) -> None:
    client = release.pod("postgres-verifier").start("verifier", "sh", "-c", CLIENT)
    eventually(
        lambda: sql(database, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'appuser'") == "1", database.logs
    )
    began = time.monotonic()
    done = database.terminate()
    assert done.code == 0, done.log
    assert time.monotonic() - began < 20
    assert "received fast shutdown request" in done.log
    assert "database system is shut down" in done.log
    assert client.wait().code != 0


CLIENT = 'PGPASSWORD=$(cat /run/secrets/postgres_app_user_pw) exec psql -U appuser -d appdb -c "SELECT pg_sleep(100)"'


def test_a_database_that_appears_late_is_waited_for(release: Release) -> None:
    gate = release.pod("temporal-schema-setup").start("wait-for-postgres")
    eventually(lambda: "waiting for PostgreSQL at postgres:5432" in gate.log, lambda: gate.log)
    database = start(release)
    done = gate.wait()
    assert (done.code, done.log.splitlines()[-1]) == (0, "PostgreSQL at postgres:5432 is ready")
    database.close()


def test_the_gate_gives_up_and_says_why(database: Pod, release: Release) -> None:
    wrong = replace(
        release, secrets=with_password(release.secrets, "postgres-secrets", "postgres_app_user_pw", "wrong")
    )
    done = wrong.pod("app").run("wait-for-postgres", WAIT_TIMEOUT_SECONDS="2")
    assert done.code == 1
    assert 'password authentication failed for user "appuser"' in done.log
    assert release.pod("app").run("wait-for-postgres").code == 0
    database.close()
    done = release.pod("postgres-verifier").run("wait-for-postgres", WAIT_TIMEOUT_SECONDS="2")
    assert done.code == 1
    assert "not ready after 2 s: postgres:5432 - no response" in done.log


@pytest.mark.parametrize("sign", ["base/1", "PG_VERSION", "pgdata/PG_VERSION", "pgdata/postmaster.pid"])
def test_a_killed_first_start_recovers(release: Release, sign: str) -> None:
    """Killed early and late in initdb, after the rename, and while the init script runs."""
    folder = release.machine.claim("postgres-data")
    file = folder / (sign if sign.startswith("pgdata/") else f"pgdata.incomplete/{sign}")
    first = release.pod("postgres")
    running = first.start("init-database")
    eventually(lambda: file.exists() or running.process.poll() is not None, lambda: running.log)
    running.kill()
    database = start(release)
    assert verify(release).code == 0
    assert not (folder / "pgdata.incomplete").exists()
    database.close()


def test_rotated_passwords(database: Pod, release: Release) -> None:
    database.close()
    rotated = release.secrets | {
        "postgres-secrets": {key: f"new {key}'\\" for key in release.secrets["postgres-secrets"]}
    }
    new = replace(release, secrets=rotated)
    database = start(new)
    assert verify(new).code == 0
    stale = verify(release)
    assert stale.code == 1
    assert {"login-postgres", "login-appuser", "login-backupuser", "login-temporaluser"} <= failed_checks(stale)
    database.close()


def test_a_cluster_that_another_image_made_is_taken_over(release: Release) -> None:
    """Docker's entrypoint made it: other authentication inside, a role too many rights, no schema."""
    pod = release.pod("postgres")
    made = pod.run("init-database", "sh", "-ec", DOCKER_INIT)
    assert made.code == 0, made.log
    database = start(release)
    assert verify(release).code == 0
    database.close()


def test_a_volume_that_was_opened_to_the_group_is_taken_over(initialized: Path, release: Release) -> None:
    """What the kubelet makes, because of fsGroup, of a volume whose root another deployment left to root."""
    claim = release.machine.claim("postgres-data")
    shutil.copytree(initialized, claim, dirs_exist_ok=True)
    for path in (claim, *claim.rglob("*")):
        path.chmod(path.stat().st_mode | (0o2770 if path.is_dir() else 0o660))
    refused = release.pod("postgres").run("postgres")
    assert "has invalid permissions" in refused.log
    database = start(release)
    assert verify(release).code == 0
    database.close()


def test_a_cluster_in_the_root_of_the_volume_is_not_hidden_by_a_new_one(initialized: Path, release: Release) -> None:
    claim = release.machine.claim("postgres-data")
    shutil.copytree(initialized / "pgdata", claim, dirs_exist_ok=True)
    done = release.pod("postgres").run("init-database")
    assert done.code == 1
    assert done.log.startswith("FAIL the root of the volume holds a PostgreSQL cluster")
    assert "the chart uses its folder pgdata" in done.log
    assert not (claim / "pgdata").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cluster_of_another_user_is_reported(initialized: Path, release: Release) -> None:
    claim = release.machine.claim("postgres-data")
    shutil.copytree(initialized, claim, dirs_exist_ok=True)
    os.chown(claim / "pgdata", 70, 70)
    (claim / "pgdata").chmod(0o755)
    done = release.pod("postgres").run("init-database")
    assert done.code == 1
    assert "and this is user 999: set postgresql.runAsUser to that user" in done.log


def test_an_empty_data_folder_is_taken(release: Release) -> None:
    (release.machine.claim("postgres-data") / "pgdata").mkdir()
    database = start(release)
    assert verify(release).code == 0
    database.close()


def test_a_data_folder_that_no_server_starts_on_fails_and_stays(release: Release) -> None:
    folder = release.machine.claim("postgres-data") / "pgdata"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("15\n")
    done = release.pod("postgres").run("init-database")
    assert done.code != 0
    assert "could not start server" in done.log
    assert [file.name for file in folder.iterdir()] == ["PG_VERSION"]


DOCKER_INIT = """
initdb --pgdata "$PGDATA" --username postgres --pwfile /run/secrets/postgres_password --auth-local=trust >/dev/null
pg_ctl start --pgdata "$PGDATA" --wait --silent --options "-c listen_addresses= -c unix_socket_directories=/tmp"
psql -h /tmp -U postgres -c 'CREATE ROLE appuser LOGIN CREATEDB' -c 'CREATE DATABASE appdb OWNER appuser'
pg_ctl stop --pgdata "$PGDATA" --mode fast --silent
"""


def test_a_release_without_temporal_leaves_its_databases_alone(database: Pod, release: Release) -> None:
    """What a revert to an older release does: its script is older than the database."""
    database.close()
    older = replace(release, values={"temporal": {"enabled": False}})
    database = start(older)
    assert verify(older).code == 0
    assert verify(release).code == 0
    database.close()


DEFAULTS = {"default-tables", "default-sequences"}
TABLES = "SET ROLE appowner; CREATE TABLE app.t (id int); CREATE SEQUENCE app.s; "
FAULTS = {
    "grant_of_the_schema_revoked": ("REVOKE CREATE ON SCHEMA app FROM appuser", {"schema-grants"}),
    "reader_may_create": ("GRANT CREATE ON SCHEMA app TO backupuser", {"schema-grants"}),
    "schema_of_another_owner": ("ALTER SCHEMA app OWNER TO postgres", {"schema-owner"}),
    "schema_missing": (
        "DROP SCHEMA app CASCADE",
        {"schema-owner", "schema-grants", *DEFAULTS},
    ),
    "role_with_too_many_rights": ("ALTER ROLE appuser CREATEDB", {"role-appuser"}),
    "role_is_superuser": ("ALTER ROLE backupuser SUPERUSER", {"role-backupuser", "schema-grants"}),
    "role_cannot_log_in": ("ALTER ROLE appuser NOLOGIN", {"role-appuser", "login-appuser"}),
    "owner_can_log_in": ("ALTER ROLE appowner LOGIN", {"role-appowner"}),
    "password_changed_by_hand": ("ALTER ROLE backupuser PASSWORD 'other'", {"login-backupuser"}),
    "database_of_another_owner": ("ALTER DATABASE appdb OWNER TO postgres", {"database-appdb"}),
    "extension_missing": ("DROP EXTENSION btree_gin", {"extension-appdb"}),
    "write_revoked": (TABLES + "REVOKE UPDATE ON app.t FROM appuser", {"table-grants"}),
    "read_revoked": ("REVOKE pg_read_all_data FROM backupuser", {"read-all"}),
    "reader_may_write": (TABLES + "GRANT DELETE ON app.t TO backupuser", {"read-only"}),
    "sequence_revoked_from_the_application": (
        TABLES + "REVOKE ALL ON SEQUENCE app.s FROM appuser",
        {"table-grants-sequences"},
    ),
    "default_privileges_revoked": (
        """ALTER DEFAULT PRIVILEGES FOR ROLE appowner IN SCHEMA app REVOKE DELETE ON TABLES FROM appuser;
        ALTER DEFAULT PRIVILEGES FOR ROLE appowner IN SCHEMA app REVOKE USAGE ON SEQUENCES FROM appuser""",
        DEFAULTS,
    ),
    "temporal_grant_revoked": (
        "\\c temporal\nREVOKE CREATE ON SCHEMA public FROM temporaluser",
        {"temporal-grants-temporal"},
    ),
    "temporal_database_missing": (
        "DROP DATABASE temporal_visibility",
        {"database-temporal_visibility", "extension-temporal_visibility", "login-temporaluser",
         "temporal-grants-temporal_visibility"},
    ),
    "temporal_role_missing": (
        "ALTER ROLE temporaluser RENAME TO old",
        {"role-temporaluser", "login-temporaluser", "temporal-grants-temporal", "temporal-grants-temporal_visibility"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_the_verifier_names_a_fault_and_the_next_start_repairs_it(database: Pod, release: Release, fault: str) -> None:
    statement, expected = FAULTS[fault]
    connection, _, rest = statement.partition("\n") if statement.startswith("\\c") else ("\\c appdb", "", statement)
    job = release.pod("postgres-verifier")
    sql(database, rest, connection.removeprefix("\\c "))
    assert failed_checks(job.run("verifier")) == expected
    restored = database.exec(
        "postgres", "sh", "/etc/postgresql/01-init-app.sh", PGHOST="/var/run/postgresql", PGUSER="postgres"
    )
    assert restored.code == 0, restored.log
    assert failed_checks(job.run("verifier")) == set()


HBA = {
    "plaintext_let_in": (
        "local all postgres peer\nhost all all all scram-sha-256",
        {"plaintext-appuser", "plaintext-postgres", "hba-tls-only", "hba-reject"},
    ),
    "trust_over_tls": (
        "local all postgres peer\nhostssl all all all trust\nhostnossl all all all reject",
        {"hba-tls-only"},
    ),
    "no_reject_at_the_end": ("local all postgres peer\nhostssl all all all scram-sha-256", {"hba-reject"}),
}


@pytest.mark.parametrize("fault", HBA)
def test_the_verifier_judges_who_gets_in(initialized: Path, release: Release, fault: str) -> None:
    text, expected = HBA[fault]
    shutil.copytree(initialized, release.machine.claim("postgres-data"), dirs_exist_ok=True)
    open_release = replace(release, values={"configFiles": {"pgHba": text}})
    database = start(open_release)
    done = verify(open_release)
    assert (done.code, failed_checks(done)) == (1, expected), done.log
    database.close()


def test_the_verifier_finds_a_line_that_the_server_cannot_read(database: Pod, release: Release) -> None:
    file = database.folder / "volumes" / "postgres-config" / "pg_hba.conf"
    file.chmod(0o644)
    file.write_text(file.read_text() + "hostssl everything\n")
    assert failed_checks(verify(release)) == {"hba-syntax"}


def test_with_tls_off_nobody_gets_in_and_the_verifier_says_so(initialized: Path, release: Release) -> None:
    shutil.copytree(initialized, release.machine.claim("postgres-data"), dirs_exist_ok=True)
    plain = replace(release, values={"postgresql": {"config": {"extra": "ssl = off"}}})
    database = start(plain)
    done = verify(plain)
    assert done.code == 1
    assert "server does not support SSL, but SSL was required" in done.log
    assert {"tls-on", "tls-session", "login-appuser"} <= failed_checks(done)
    database.close()


def test_with_tls_off_and_plaintext_allowed_the_verifier_names_both(initialized: Path, release: Release) -> None:
    shutil.copytree(initialized, release.machine.claim("postgres-data"), dirs_exist_ok=True)
    values = {
        "postgresql": {"config": {"extra": "ssl = off"}},
        "configFiles": {"pgHba": "local all postgres peer\nhost all all all scram-sha-256"},
    }
    plain = replace(release, values=values)
    database = start(plain)
    assert failed_checks(verify(plain, PGSSLMODE="prefer")) == {
        "tls-on", "tls-session", "plaintext-appuser", "plaintext-postgres", "hba-tls-only", "hba-reject"
    }  # fmt: skip
    wrong = replace(plain, secrets=with_password(plain.secrets, "postgres-secrets", "postgres_app_user_pw", "wrong"))
    done = verify(wrong, PGSSLMODE="prefer")
    assert "FAIL plaintext-appuser: not refused by pg_hba.conf:" in done.log
    database.close()


@pytest.mark.usefixtures("database")
def test_a_wrong_password_is_named_with_its_key(release: Release) -> None:
    wrong = replace(release, secrets=with_password(release.secrets, "postgres-secrets", "postgres_app_ro_pw", "wrong"))
    done = verify(wrong)
    assert failed_checks(done) == {"login-backupuser"}
    assert "does the Secret's key postgres_app_ro_pw hold the role's password?" in done.log


@pytest.mark.usefixtures("database")
def test_a_certificate_of_another_authority_is_refused(release: Release) -> None:
    root = release.secrets["postgres-ca"]["root-ca.crt"]
    other = release.secrets["postgres-tls"]["server.crt"]
    assert root not in other
    wrong = replace(release, secrets=with_password(release.secrets, "postgres-ca", "ca-bundle.crt", other))
    done = wrong.pod("app").run("wait-for-postgres", WAIT_TIMEOUT_SECONDS="2")
    assert done.code == 1
    assert "certificate verify failed" in done.log

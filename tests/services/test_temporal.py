"""Temporal's Jobs, gates and server against a real PostgreSQL: from empty, again, older, newer, wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.services.machine import Finished, Pod, eventually, missing
from tests.services.release import Release, with_password

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = ("postgres", "temporal-server", "temporal-sql-tool", "temporal")
pytestmark = pytest.mark.skipif(bool(missing(*PROGRAMS)), reason=missing(*PROGRAMS) or "all there")

NEEDED = {"temporal": "1.19", "temporal_visibility": "1.14"}
SCHEMAS = "both schemas are up to date\n"


def set_up(release: Release, **variables: str) -> Finished:
    """The schema Job's own container."""
    return release.pod("temporal-schema-setup").run("schema-setup", **variables)


def versions(database: Pod) -> dict[str, str]:
    return {db: sql(database, db, "SELECT curr_version FROM schema_version") for db in NEEDED}


def sql(database: Pod, db: str, statement: str) -> str:
    arguments = ["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--username", "postgres", "--dbname", db]
    done = database.exec("postgres", "psql", *arguments, "--command", statement)
    assert done.code == 0, done.log
    return done.log.strip()


@pytest.fixture
def schema(database: Pod, release: Release) -> Pod:
    """A database with both schemas in it."""
    done = set_up(release)
    assert done.code == 0, done.log
    return database


def serving(release: Release) -> Pod:
    """The server, once it answers."""
    pod = release.pod("temporal")
    pod.prepare()
    server = pod.start("temporal")
    health = ["temporal", "operator", "cluster", "health", "--address", "temporal:7233", "--command-timeout", "5s"]
    client = release.pod("temporal-namespace-init")
    eventually(lambda: client.run("namespace-init", *health).code == 0 or server.process.poll() is not None, pod.logs)
    assert server.process.poll() is None, server.log
    return pod


@pytest.fixture
def temporal(schema: Pod, release: Release) -> Iterator[Pod]:
    """The server, serving."""
    assert versions(schema) == NEEDED
    pod = serving(release)
    yield pod
    pod.close()


def test_schemas_from_empty_and_again(database: Pod, release: Release) -> None:
    job = release.pod("temporal-schema-setup")
    job.prepare()
    for _ in range(2):
        done = job.run("schema-setup")
        assert done.code == 0, done.log
        assert done.log.endswith(SCHEMAS)
        assert versions(database) == NEEDED


def test_an_older_schema_is_brought_up_to_date(database: Pod, release: Release) -> None:
    """The script stops at an older version, as the admin tools of an older release do."""
    older = replace(release, values={"configFiles": {"temporalSchemaSetup": OLDER}})
    done = set_up(older)
    assert done.code == 0, done.log
    assert versions(database) == {"temporal": "1.18", "temporal_visibility": "1.9"}
    gate = release.pod("temporal").run("wait-for-schema", WAIT_TIMEOUT_SECONDS="1")
    assert gate.code == 1
    assert "temporal is at schema 1.18, the server needs 1.19" in gate.log
    assert set_up(release).code == 0
    assert versions(database) == NEEDED


OLDER = """#!/bin/sh
set -eu
export SQL_PASSWORD=$(cat "$PASSWORD_FILE")
export SQL_DATABASE=$TEMPORAL_DB
temporal-sql-tool setup-schema -v 0.0
temporal-sql-tool update-schema --schema-name postgresql/v12/temporal --version 1.18
export SQL_DATABASE=$TEMPORAL_VIS_DB
temporal-sql-tool setup-schema -v 0.0
temporal-sql-tool update-schema --schema-name postgresql/v12/visibility --version 1.9
"""


def test_a_newer_schema_is_left_alone(schema: Pod, release: Release) -> None:
    """What a revert finds: the Job of the older release is older than the database."""
    for db in NEEDED:
        sql(schema, db, "UPDATE schema_version SET curr_version = '1.99'")
    done = set_up(release)
    assert done.code == 0, done.log
    assert versions(schema) == {"temporal": "1.99", "temporal_visibility": "1.99"}
    assert release.pod("temporal").run("wait-for-schema").code == 0


@pytest.mark.usefixtures("database")
def test_a_password_with_a_space_is_refused(release: Release) -> None:
    """Temporal's driver would write it as a plus sign, and PostgreSQL would only say that it is wrong."""
    secrets = with_password(release.secrets, "postgres-secrets", "postgres_temporal_pw", "with space")
    spaced = replace(release, secrets=secrets)
    for done in (set_up(spaced), spaced.pod("temporal").run("temporal")):
        assert done.code == 1
        assert "postgres_temporal_pw: Temporal cannot log in with a password that has a space" in done.log


@pytest.mark.usefixtures("database")
def test_a_wrong_password_fails_and_the_gates_name_it(release: Release) -> None:
    """temporal-sql-tool itself says just that it found no usable connection."""
    wrong = replace(
        release, secrets=with_password(release.secrets, "postgres-secrets", "postgres_temporal_pw", "wrong")
    )
    done = set_up(wrong)
    assert done.code != 0
    assert SCHEMAS not in done.log
    for workload, gate in (("temporal-schema-setup", "wait-for-postgres"), ("temporal", "wait-for-schema")):
        stopped = wrong.pod(workload).run(gate, WAIT_TIMEOUT_SECONDS="1")
        assert stopped.code == 1
        assert 'password authentication failed for user "temporaluser"' in stopped.log


def test_a_revoked_grant_fails_the_job(database: Pod, release: Release) -> None:
    sql(database, "temporal", "REVOKE CREATE ON SCHEMA public FROM temporaluser")
    done = set_up(release)
    assert done.code != 0
    assert "permission denied for schema public" in done.log


def interrupted(release: Release) -> Pod:
    """A schema Job in the middle of the first update."""
    job = release.pod("temporal-schema-setup")
    running = job.start("schema-setup")
    eventually(lambda: "v1.2/" in running.log or running.process.poll() is not None, lambda: running.log)
    return job


def test_a_drained_node_lets_the_job_end(database: Pod, release: Release) -> None:
    job = interrupted(release)
    (running,) = job.running
    if running.process.poll() is None:
        running.terminate()
    done = running.wait()
    assert (done.code, done.log.endswith(SCHEMAS)) == (0, True), done.log
    assert versions(database) == NEEDED


def test_a_killed_job_is_recognised_and_the_remedy_works(database: Pod, release: Release) -> None:
    interrupted(release).close()
    done = set_up(release)
    if done.code == 0:
        assert versions(database) == NEEDED
        return
    assert (
        "FAIL schema temporal in database temporal. If a table `already exists`: an earlier run was killed" in done.log
    )
    for db in NEEDED:
        sql(database, "postgres", f"DROP DATABASE {db}")
    database.close()
    again = release.pod("postgres")
    again.prepare()
    again.start("postgres")
    again.wait_ready("postgres")
    assert set_up(release).code == 0
    assert versions(again) == NEEDED


@pytest.mark.usefixtures("database")
def test_the_gate_waits_for_a_schema_that_appears_late(release: Release) -> None:
    gate = release.pod("temporal").start("wait-for-schema")
    eventually(lambda: "waiting for the schema: temporal: " in gate.log, lambda: gate.log)
    assert set_up(release).code == 0
    done = gate.wait()
    assert (done.code, done.log.splitlines()[-1]) == (0, "both schemas are ready")


def test_the_gate_says_that_a_schema_has_no_version(schema: Pod, release: Release) -> None:
    sql(schema, "temporal", "DELETE FROM schema_version")
    done = release.pod("temporal").run("wait-for-schema", WAIT_TIMEOUT_SECONDS="1")
    assert done.code == 1
    assert "temporal is at schema nothing, the server needs 1.19" in done.log


@pytest.mark.usefixtures("schema")
def test_a_server_that_appears_late_is_waited_for(release: Release) -> None:
    gate = release.pod("app").start("wait-for-temporal")
    job = release.pod("temporal-namespace-init").start("namespace-init")
    eventually(lambda: "waiting for namespace default" in gate.log and "not yet: " in job.log, lambda: job.log)
    server = release.pod("temporal")
    server.prepare()
    server.start("temporal")
    for waiting, said in (
        (job, "namespace default keeps closed workflows for 7d"),
        (gate, "namespace default at temporal:7233 is ready"),
    ):
        done = waiting.wait()
        assert (done.code, done.log.splitlines()[-1]) == (0, said), server.logs()
    server.close()


def test_the_namespace_is_made_and_kept_up_to_date(temporal: Pod, release: Release) -> None:
    gate = release.pod("app").run("wait-for-temporal", WAIT_TIMEOUT_SECONDS="1")
    assert gate.code == 1
    assert "namespace default at temporal:7233 is not ready after 1 s" in gate.log

    done = release.pod("temporal-namespace-init").run("namespace-init")
    assert done.code == 0, done.log
    late = release.pod("app").start("wait-for-temporal").wait()
    assert (late.code, late.log.splitlines()[-1]) == (0, "namespace default at temporal:7233 is ready")

    longer = replace(release, values={"temporal": {"retention": "30d"}})
    for _ in range(2):
        done = longer.pod("temporal-namespace-init").run("namespace-init")
        assert done.code == 0, done.log
    described = release.pod("temporal-namespace-init").run(
        "namespace-init",
        "temporal",
        "operator",
        "namespace",
        "describe",
        "--namespace",
        "default",
        "--address",
        "temporal:7233",
    )
    assert "720h" in described.log

    assert temporal.terminate().code == 0


def test_the_server_writes_the_metrics_that_the_alerts_read(schema: Pod, release: Release) -> None:
    monitored = replace(
        release,
        values={
            "temporal": {"metrics": {"enabled": True}},
            "monitoring": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}},
        },
    )
    objects = {item["kind"]: item for item in monitored.objects() if item["apiVersion"] == "monitoring.coreos.com/v1"}
    (endpoint,) = objects["ServiceMonitor"]["spec"]["endpoints"]
    read = set(re.findall(r"\b(persistence_\w+)", str(objects["PrometheusRule"])))
    server = serving(monitored)
    # A counter of failures is there after the first.
    sql(schema, "temporal", "ALTER TABLE namespaces RENAME TO elsewhere")
    assert release.pod("temporal-namespace-init").run("namespace-init", WAIT_TIMEOUT_SECONDS="1").code == 1
    fetch = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
    scraped = server.exec("temporal", "python3", "-c", fetch, f"http://temporal:9090{endpoint['path']}")
    assert scraped.code == 0, scraped.log
    assert read <= set(re.findall(r"^# TYPE (\w+) counter$", scraped.log, re.MULTILINE)), read
    server.close()


def test_namespace_init_gives_up_and_says_why(release: Release) -> None:
    done = release.pod("temporal-namespace-init").run("namespace-init", WAIT_TIMEOUT_SECONDS="1")
    assert done.code == 1
    assert "FAIL namespace default at temporal:7233: " in done.log

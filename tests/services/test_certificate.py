"""The renewal of PostgreSQL's certificate and of its authority by the guide: no client is refused, nothing restarts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.services.machine import eventually, missing
from tests.services.release import CHART, Release, Secrets
from tests.services.test_create_secrets import Namespace, good, namespace
from tests.services.test_temporal import serving, set_up, sql

if TYPE_CHECKING:
    from tests.services.machine import Machine, Pod

__all__ = ["namespace"]

PROGRAMS = ("postgres", "temporal-server", "temporal-sql-tool", "temporal")
pytestmark = pytest.mark.skipif(bool(missing(*PROGRAMS)), reason=missing(*PROGRAMS) or "all there")

GUIDE = (CHART.parents[1] / "docs" / "chart" / "rotate-secrets.md").read_text()


def renewed(namespace: Namespace, key: str) -> Secrets:
    """The Secrets after a step of the guide."""
    assert f"create-secrets.sh --namespace <ns> --rotate {key}\n" in GUIDE
    good(namespace.create("--rotate", key))
    return namespace.secrets()


def signal(server: Pod) -> None:
    """The guide's command in the container of PostgreSQL."""
    (script,) = re.findall(r"exec deployment/postgres -c postgres -- sh -c '(.+)'", GUIDE)
    done = server.exec("postgres", "sh", "-c", script)
    assert done.code == 0, done.log


def connects(release: Release, secrets: Secrets) -> bool:
    """Whether a client with these files gets in: libpq with `verify-full`, as the application and every gate."""
    gate = replace(release, secrets=secrets).pod("app").run("wait-for-postgres", WAIT_TIMEOUT_SECONDS="1")
    assert gate.code == 0 or "certificate verify failed" in gate.log, gate.log
    return gate.code == 0


def authorities(secrets: Secrets) -> int:
    return secrets["postgres-ca"]["ca-bundle.crt"].count("BEGIN CERTIFICATE")


def test_a_renewal_by_the_guide_refuses_nobody(namespace: Namespace, machine: Machine) -> None:
    good(namespace.create())
    old = namespace.secrets()
    release = Release(machine=machine, secrets=old)
    postgres = release.pod("postgres")
    postgres.prepare()
    postgres.start("postgres")
    postgres.wait_ready("postgres")
    assert set_up(release).code == 0
    temporal = serving(release)

    both = renewed(namespace, "postgres-tls")
    assert (authorities(old), authorities(both)) == (2, 4)
    assert connects(release, old)
    assert connects(release, both)

    for pod in (postgres, temporal):
        pod.refresh(both)
    assert connects(release, old)
    signal(postgres)
    eventually(lambda: not connects(release, old), postgres.logs)
    assert connects(release, both)
    assert_new_connections(temporal, postgres)

    only_new = renewed(namespace, "postgres-ca")
    assert authorities(only_new) == 2
    temporal.refresh(only_new)
    assert connects(release, only_new)
    assert_new_connections(temporal, postgres)
    assert renewed(namespace, "postgres-ca") == only_new
    temporal.close()
    postgres.close()


def assert_new_connections(temporal: Pod, postgres: Pod) -> None:
    """Temporal works on, with connections that it opens from now on."""
    sql(postgres, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'temporaluser'")
    asked = ["temporal", "operator", "namespace", "list", "--address", "temporal:7233"]
    eventually(lambda: temporal.exec("temporal", *asked).code == 0, temporal.logs, seconds=30)
    count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'temporaluser'"
    eventually(lambda: int(sql(postgres, "postgres", count)) > 0, temporal.logs, seconds=30)


def test_an_authority_that_is_no_longer_secret_is_not_trusted(namespace: Namespace) -> None:
    good(namespace.create())
    assert "--rotate postgres-tls --rotate postgres-ca" in GUIDE
    good(namespace.create("--rotate", "postgres-tls", "--rotate", "postgres-ca"))
    assert authorities(namespace.secrets()) == 2

"""Redis's pod: it starts with its password, its probe and the gate tell the truth, data survives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.services.machine import Pod, eventually, missing
from tests.services.release import Release, with_password

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(bool(missing("redis-server")), reason=missing("redis-server") or "all there")


@pytest.fixture
def redis(release: Release) -> Iterator[Pod]:
    pod = release.pod("redis")
    pod.start("redis")
    pod.wait_ready("redis")
    yield pod
    pod.close()


def ask(pod: Pod, *command: str) -> str:
    """What redis-cli answers inside of the container, with the password."""
    script = f"REDISCLI_AUTH=$(cat /run/secrets/redis_password) redis-cli {' '.join(command)}"
    return pod.exec("redis", "sh", "-c", script).log.strip()


def test_it_serves_with_the_password_only(redis: Pod, release: Release) -> None:
    assert release.pod("app").run("wait-for-redis").code == 0
    assert "NOAUTH" in redis.exec("redis", "redis-cli", "get", "x").log
    assert ask(redis, "config", "get", "maxmemory-policy").split() == ["maxmemory-policy", "allkeys-lru"]


@pytest.mark.usefixtures("redis")
def test_probe_and_gate_tell_a_wrong_password_from_a_right_one(release: Release) -> None:
    wrong = replace(release, secrets=with_password(release.secrets, "redis-secrets", "redis_password", "wrong"))
    assert wrong.pod("redis").run("redis", "sh", "/etc/redis/healthcheck.sh").code == 1
    done = wrong.pod("app").run("wait-for-redis", WAIT_TIMEOUT_SECONDS="2")
    assert done.code == 1
    assert "not ready after 2 s: " in done.log
    assert "WRONGPASS" in done.log
    assert "NOAUTH" in done.log


def test_the_probe_says_that_nothing_listens(release: Release) -> None:
    done = release.pod("redis").run("redis", "sh", "/etc/redis/healthcheck.sh")
    assert done.code == 1
    assert "Connection refused" in done.log


def test_data_survives_a_restart(redis: Pod, release: Release) -> None:
    assert ask(redis, "set", "kept", "42") == "OK"
    assert redis.terminate().code == 0
    again = release.pod("redis")
    again.start("redis")
    again.wait_ready("redis")
    assert ask(again, "get", "kept") == "42"
    again.close()


def test_a_rotated_password_counts_from_the_next_start(redis: Pod, release: Release) -> None:
    redis.close()
    new = replace(release, secrets=with_password(release.secrets, "redis-secrets", "redis_password", "new"))
    pod = new.pod("redis")
    pod.start("redis")
    pod.wait_ready("redis")
    assert release.pod("app").run("wait-for-redis", WAIT_TIMEOUT_SECONDS="1").code == 1
    assert new.pod("app").run("wait-for-redis").code == 0
    pod.close()


def test_a_redis_that_appears_late_is_waited_for(release: Release) -> None:
    gate = release.pod("app").start("wait-for-redis")
    eventually(lambda: "waiting for Redis at redis:6379" in gate.log, lambda: gate.log)
    pod = release.pod("redis")
    pod.start("redis")
    done = gate.wait()
    assert (done.code, done.log.splitlines()[-1]) == (0, "Redis at redis:6379 is ready")
    pod.close()

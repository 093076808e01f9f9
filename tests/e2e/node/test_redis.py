"""Redis on the node: its password, and data that outlive the pod."""

import pytest

from .pods import Pods


def ask(dev: Pods, *command: str) -> str:
    """What Redis answers over TCP to who has the password. No policy lets a pod reach itself by its Service."""
    script = f"REDISCLI_AUTH=$(cat /run/secrets/redis_password) exec redis-cli -h 127.0.0.1 {' '.join(command)}"
    return dev.execute("redis", "sh", "-c", script).strip()


@pytest.mark.scenario("redis: nothing without the password")
def test_it_answers_with_the_password_only(dev: Pods) -> None:
    assert dev.execute("redis", "redis-cli", "-h", "127.0.0.1", "ping").startswith("NOAUTH")
    assert ask(dev, "ping") == "PONG"
    assert "redis-server" in dev.execute("redis", "cat", "/proc/1/cmdline")
    assert "dis" not in dev.execute("redis", "cat", "/proc/1/cmdline").replace("redis", "")


@pytest.mark.scenario("redis: a deleted pod writes what it has, data survive")
def test_data_survive_the_pod(dev: Pods) -> None:
    assert ask(dev, "set", "kept", "42") == "OK"
    old = dev.get("redis")
    ended = dev.delete("redis")
    assert ended.seconds < old["spec"]["terminationGracePeriodSeconds"]
    assert ended.code == 0
    assert "Redis is now ready to exit, bye bye" in ended.log
    dev.wait_ready("redis", other_than=old["metadata"]["uid"])
    assert ask(dev, "get", "kept") == "42"

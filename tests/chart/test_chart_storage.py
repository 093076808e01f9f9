"""One server on one data directory: whatever uses it takes the lock, and a rollout has time for the wait."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.chart_render import SCENARIOS, Render, Rendered, scenario

pytestmark = pytest.mark.slow

HOLD = "hold-lock.sh"
DATA = {"postgres": "/var/lib/postgresql/data", "redis": "/data"}
VALUES = {"postgres": "postgresql", "redis": "redis"}


def containers(rendered: Rendered, name: str) -> list[dict[str, Any]]:
    spec = rendered.one("Deployment", name)["spec"]["template"]["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def users_of_data(rendered: Rendered, name: str) -> dict[str, list[str]]:
    """The command of each container of the workload that may write to its data."""
    return {
        container["name"]: container["command"]
        for container in containers(rendered, name)
        if any(mount["name"] == "data" for mount in container.get("volumeMounts", []))
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_whatever_mounts_the_data_holds_the_lock_on_its_volume(render: Render, name: str) -> None:
    rendered = render(scenario(name))
    for workload in DATA.keys() & rendered.of("Deployment").keys():
        locks = {command[3] for command in users_of_data(rendered, workload).values() if command[1].endswith(HOLD)}
        commands = users_of_data(rendered, workload)
        assert all(command[1].endswith(HOLD) for command in commands.values()), commands
        assert len(commands) == 2
        (lock,) = locks
        assert lock.rpartition("/")[0] == DATA[workload]


def test_no_other_workload_mounts_the_data_of_a_server(default: Rendered) -> None:
    mounting = {
        (item["metadata"]["name"], volume["persistentVolumeClaim"]["claimName"])
        for item in default.workloads()
        for volume in item["spec"]["template"]["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    backups = {(name, "postgres-backups") for name in ("postgres", "postgres-backup")}
    assert mounting == {(name, f"{name}-data") for name in DATA} | backups


def test_the_backup_runs_on_the_node_of_the_server_that_mounts_its_volume(default: Rendered) -> None:
    pod = default.one("CronJob", "postgres-backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (term,) = pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    selected = term["labelSelector"]["matchLabels"].items()
    assert selected <= default.one("Deployment", "postgres")["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize("name", DATA)
def test_the_lock_can_be_left_out(render: Render, name: str) -> None:
    rendered = render({VALUES[name]: {"persistence": {"data": {"lock": False}}}})
    assert not [command for command in users_of_data(rendered, name).values() if HOLD in str(command)]
    assert len(users_of_data(rendered, name)) == (2 if name == "postgres" else 1)


@pytest.mark.parametrize("mode", ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"])
def test_the_access_mode_is_that_of_the_claim_alone(render: Render, mode: str) -> None:
    rendered = render({"redis": {"persistence": {"data": {"accessMode": mode}}}})
    modes = {name: item["spec"]["accessModes"] for name, item in rendered.of("PersistentVolumeClaim").items()}
    assert modes.pop("redis-data") == [mode]
    assert set(map(tuple, modes.values())) == {("ReadWriteOnce",)}
    with_claim = render({"redis": {"persistence": {"data": {"accessMode": mode, "existingClaim": "mine"}}}})
    assert "redis-data" not in with_claim.of("PersistentVolumeClaim")


@pytest.mark.parametrize("name", DATA)
def test_a_long_shutdown_and_a_start_fit_the_deadline(render: Render, name: str) -> None:
    def deadline(**values: Any) -> int:
        spec = render({VALUES[name]: values}).one("Deployment", name)["spec"]
        return int(spec["progressDeadlineSeconds"])

    start = 240 if name == "postgres" else 180
    assert deadline(terminationGracePeriodSeconds=600) == 600 + start
    assert deadline(startupProbe={"periodSeconds": 10, "failureThreshold": 90}) == 60 + 900
    assert deadline(progressDeadlineSeconds=1200) == 1200


def test_crash_recovery_has_the_time_of_the_probe_that_waits_for_it(render: Render) -> None:
    rendered = render({"postgresql": {"startupProbe": {"periodSeconds": 10, "failureThreshold": 90}}})
    init = containers(rendered, "postgres")[0]
    assert {"name": "START_TIMEOUT_SECONDS", "value": "900"} in init["env"]

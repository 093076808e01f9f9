"""App and worker on the node, behind their entrypoint: probes, restarts, an end in order, and the smoke Job."""

import pytest

from .pods import Pods, is_ready, status


@pytest.mark.scenario("app: the program is the container's first process")
def test_the_program_is_the_first_process(dev: Pods) -> None:
    command = dev.execute("app", "cat", "/proc/1/cmdline").split("\0")
    assert "/usr/local/bin/uvicorn" in command
    assert "universal-entrypoint.sh" not in " ".join(command)


@pytest.mark.scenario("smoke Job: asked through the Service")
def test_the_smoke_job_asked_through_the_service(dev: Pods) -> None:
    assert dev.log("smoke-test") == "ok http://app:8000/health\n"


@pytest.mark.scenario("app: an error from /health takes it out of the Service and restarts it")
def test_an_unhealthy_app_is_restarted(dev: Pods) -> None:
    pod = dev.get("app")
    restarts = status(pod, "app")["restartCount"]
    dev.execute("app", "touch", "/tmp/unhealthy")
    unready = dev.wait("not ready", lambda pod: not is_ready(pod), "app")
    assert status(unready, "app")["restartCount"] == restarts
    again = dev.wait_ready("app", restarts=restarts + 1)
    assert again["metadata"]["uid"] == pod["metadata"]["uid"]
    assert status(again, "app")["lastState"]["terminated"]["exitCode"] == 0
    events = dev.node.kubectl("get", "events", "-n", dev.namespace, "--field-selector=reason=Unhealthy")
    assert "Liveness probe failed: HTTP probe failed with statuscode: 503" in events


@pytest.mark.scenario("every pod but PostgreSQL's, which has its own test: a killed process is started again")
@pytest.mark.parametrize("component", ["redis", "temporal", "temporal-web", "app", "worker"])
def test_a_killed_process_is_started_again(dev: Pods, component: str) -> None:
    pod = dev.get(component)
    dev.kill(component)
    again = dev.wait_ready(component, restarts=status(pod, component)["restartCount"] + 1)
    assert again["metadata"]["uid"] == pod["metadata"]["uid"]
    assert status(again, component)["lastState"]["terminated"]["exitCode"] == 137


@pytest.mark.scenario("app: SIGTERM reaches it after the five seconds in which requests still come")
def test_the_app_ends_in_order(dev: Pods) -> None:
    old = dev.get("app")
    ended = dev.delete("app")
    assert 5 <= ended.seconds < old["spec"]["terminationGracePeriodSeconds"]
    assert "Finished server process" in ended.log.splitlines()[-1]
    assert ended.code == 0
    dev.wait_ready("app", other_than=old["metadata"]["uid"])


@pytest.mark.scenario("worker: SIGTERM reaches it, and it may drain")
def test_the_worker_drains(dev: Pods) -> None:
    old = dev.get("worker")
    assert old["spec"]["terminationGracePeriodSeconds"] > 600
    ended = dev.delete("worker")
    assert ended.log.endswith("drained after SIGTERM\n")
    assert ended.code == 0
    dev.wait_ready("worker", other_than=old["metadata"]["uid"])

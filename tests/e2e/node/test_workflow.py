"""A workflow of the application: through its Service, its worker and Temporal to PostgreSQL and Redis."""

import http.client
import time
from collections.abc import Callable
from typing import Any

import pytest

from .client import Client
from .pods import LONGEST, Pods
from .test_redis import ask

#: seconds that the workflow sleeps: longer than a server's pod takes to be replaced
TIMER = 90


@pytest.fixture
def app(dev: Pods) -> Client:
    """The application, as it is reached through its Service."""
    dev.wait_ready("app")
    return Client.of(dev.node, dev.namespace, "app")


def eventually(call: Callable[[], tuple[int, Any]], status: int, answer: Any) -> None:
    """Ask until the answer is this one: a client of Temporal needs a while until it has another connection."""
    end, said = time.monotonic() + LONGEST, ""
    while said != f"{status} {answer}":
        assert time.monotonic() < end, said
        try:
            said = "{} {}".format(*call())
        except (OSError, http.client.HTTPException) as error:
            said = repr(error)
        time.sleep(0.2)


@pytest.mark.scenario("app: it is connected to PostgreSQL by verified TLS, to Redis by its password, and to Temporal")
def test_the_application_is_connected(dev: Pods, app: Client) -> None:
    connected = {"postgres": "appuser TLSv1.3", "redis": "True", "temporal": "True"}
    assert app.ask("GET", "/health/ready") == (200, connected)
    assert f"polling default: {connected}" in dev.log("worker")
    url = dict(line.split("=", 1) for line in dev.execute("app", "cat", "/proc/1/environ").split("\0") if line)
    assert "sslmode=verify-full&sslrootcert=/run/secrets/ca-bundle.crt" in url["DATABASE_URL"]


@pytest.mark.scenario("temporal: a workflow with activity, timer, signal and query survives the server's pod")
def test_a_workflow_survives_the_server(dev: Pods, app: Client) -> None:
    begin = time.monotonic()
    assert app.ask("POST", f"/orders/survivor?{TIMER}") == (202, {"started": "survivor"})
    eventually(lambda: app.ask("GET", "/orders/survivor"), 200, {"state": "recorded"})
    assert ask(dev, "get", "order:survivor") == "1"

    old = dev.get("temporal")
    dev.delete("temporal")
    dev.wait_ready("temporal", other_than=old["metadata"]["uid"])
    assert time.monotonic() - begin < TIMER, "the timer should have ended after the server was replaced"

    eventually(lambda: app.ask("GET", "/orders/survivor"), 200, {"state": "waiting"})
    assert time.monotonic() - begin >= TIMER
    assert app.ask("POST", "/orders/survivor/approval") == (202, {"approved": "survivor"})
    assert app.ask("GET", "/orders/survivor/result", LONGEST) == (200, {"result": 2})
    events = dev.sql("SELECT event FROM app.orders WHERE name = 'survivor' ORDER BY at")
    assert events.splitlines() == ["recorded", "approved"]


@pytest.mark.scenario("temporal-web: it shows the namespace, asked through its Service")
def test_the_web_ui_shows_the_namespace(dev: Pods) -> None:
    dev.wait_ready("temporal-web")
    web = Client.of(dev.node, dev.namespace, "temporal-web")
    status, page = web.ask("GET", "/")
    assert (status, page[:15].lower()) == (200, "<!doctype html>")
    status, answer = web.ask("GET", "/api/v1/namespaces")
    assert status == 200
    names = [found["namespaceInfo"]["name"] for found in answer["namespaces"]]
    assert "default" in names

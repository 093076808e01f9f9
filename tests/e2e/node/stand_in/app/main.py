"""The stand-in for the application: an ASGI program that uvicorn runs, connected to PostgreSQL, Redis and Temporal.

GET /health is 200, or 503 while /tmp/unhealthy is there, as of an application that a restart would cure. GET
/health/ready asks what it is connected to. /orders/<name> starts (POST), queries (GET) and, as …/approval, signals
(POST) a workflow; …/result waits for its end.
"""

import json
import pathlib
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from src import settings
from src.orders import Order

UNHEALTHY = pathlib.Path("/tmp/unhealthy")
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """https://asgi.readthedocs.io/en/latest/specs/main.html"""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    try:
        status, answer = await _answer(scope["method"], scope["path"].strip("/").split("/"), scope["query_string"])
    except Exception as error:  # noqa: BLE001 - the answer names it
        status, answer = 503, f"{type(error).__name__}: {error}"
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    _forget()
    try:
        sys.stdout.write(f"connected: {json.dumps(await settings.connected())}\n")
    except Exception as error:  # noqa: BLE001 - uvicorn ends with the message
        await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
        return
    sys.stdout.flush()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(method: str, path: list[str], query: bytes) -> tuple[int, Any]:
    match method, path:
        case "GET", ["health"]:
            return _health()
        case "GET", ["health", "ready"]:
            return 200, await settings.connected()
        case _, ["orders", *rest]:
            return await _order(method, rest, query)
    return 404, {"error": "no such path"}


def _health() -> tuple[int, Message]:
    return (503, {"status": "unhealthy"}) if UNHEALTHY.exists() else (200, {"status": "healthy"})


def _forget() -> None:
    UNHEALTHY.unlink(missing_ok=True)  # /tmp outlives a restart of the container


async def _order(method: str, path: list[str], query: bytes) -> tuple[int, Any]:
    client = await settings.temporal()
    match method, path:
        case "POST", [name]:
            arguments, queue = [name, float(query or b"0")], settings.CONFIG["temporal"]["task_queue"]
            await client.start_workflow(Order.run, args=arguments, id=name, task_queue=queue)
            return 202, {"started": name}
        case "GET", [name]:
            return 200, {"state": await client.get_workflow_handle(name).query(Order.state)}
        case "POST", [name, "approval"]:
            await client.get_workflow_handle(name).signal(Order.approve)
            return 202, {"approved": name}
        case "GET", [name, "result"]:
            return 200, {"result": await client.get_workflow_handle(name).result()}
    return 404, {"error": "no such path"}

"""The application's settings: /app/config.yaml with the variables of the environment put in.

As the application does it: `${NAME}` and `${NAME:-default}` are replaced in the text, which is YAML afterwards.
"""

import os
import pathlib
import re
from typing import Any

import psycopg
import redis.asyncio
import temporalio.client
import yaml

PLACEHOLDER = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def read(path: pathlib.Path = pathlib.Path("/app/config.yaml")) -> dict[str, Any]:
    """The settings. Raises KeyError with the name of a variable that is neither set nor has a default."""
    config: dict[str, Any] = yaml.safe_load(PLACEHOLDER.sub(_value, path.read_text()))["config"]
    return config


def _value(found: re.Match[str]) -> str:
    name, default = found.groups()
    value = os.environ.get(name, default)
    if value is None:
        raise KeyError(name)
    return value.replace("\\", "\\\\").replace('"', '\\"')


CONFIG = read()


async def database() -> psycopg.AsyncConnection:
    """A connection to PostgreSQL. What the URL says of TLS is libpq's business."""
    own = CONFIG["database"]
    return await psycopg.AsyncConnection.connect(
        own["url"], password=_line(own["password_file_path"]), connect_timeout=5
    )


def _line(path: str) -> str:
    return pathlib.Path(path).read_text().removesuffix("\n")


def cache() -> redis.asyncio.Redis:
    """A client of Redis with its password."""
    own = CONFIG["redis"]
    return redis.asyncio.Redis.from_url(own["url"], password=own["password"], socket_timeout=5)


async def temporal() -> temporalio.client.Client:
    """A client of Temporal in the namespace."""
    own = CONFIG["temporal"]
    return await temporalio.client.Client.connect(own["url"], namespace=own["namespace"], tls=own["tls"])


async def connected() -> dict[str, str]:
    """Ask PostgreSQL, Redis and Temporal each for something that only a client gets who was let in."""
    async with await database() as connection:
        cursor = await connection.execute(
            "SELECT current_user || ' ' || version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        )
        (encrypted,) = await cursor.fetchone() or ("in plain text",)
    said = {"postgres": str(encrypted)}
    if CONFIG["redis"]["enabled"]:
        async with cache() as client:
            said["redis"] = str(await client.ping())
    if CONFIG["temporal"]["enabled"]:
        client = await temporal()
        said["temporal"] = str(await client.service_client.check_health())
    return said

"""Exits 0 when Temporal answers over TLS. The application's own health check connects without TLS only.

Input: TEMPORAL_URL and TEMPORAL_NAMESPACE in the environment.
"""

import asyncio
import os
import sys

from temporalio.client import Client

SECONDS = 5


async def connect() -> None:
    """Raises whatever keeps the client from connecting."""
    url, namespace = os.environ["TEMPORAL_URL"], os.environ["TEMPORAL_NAMESPACE"]
    await asyncio.wait_for(Client.connect(url, namespace=namespace, tls=True), SECONDS)


try:
    asyncio.run(connect())
except Exception as error:  # noqa: BLE001 - any of them means: not healthy
    sys.exit(f"Temporal at {os.environ['TEMPORAL_URL']}: {type(error).__name__}: {error}")

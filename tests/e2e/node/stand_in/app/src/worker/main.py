"""The stand-in for the application's worker: runs the workflow's code on Temporal's SDK, and drains on SIGTERM.

usage: python -m src.worker.main --log-level LEVEL
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import logging
import pathlib
import signal
import sys

from temporalio.worker import Worker

from src import settings
from src.orders import Order
from src.recording import record

HEARTBEAT = pathlib.Path("/tmp/heartbeat")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def beat() -> None:
    HEARTBEAT.touch()


async def work() -> None:
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    said = await settings.connected()
    queue = settings.CONFIG["temporal"]["task_queue"]
    client = await settings.temporal()
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Order],
        activities=[record],
        graceful_shutdown_timeout=dt.timedelta(seconds=30),
    )
    async with worker:
        say(f"polling {queue}: {said}")
        while not ending.is_set():
            beat()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), 0.5)
    say("drained after SIGTERM")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--log-level", required=True)
    logging.basicConfig(level=parser.parse_args().log_level, stream=sys.stdout)
    asyncio.run(work())

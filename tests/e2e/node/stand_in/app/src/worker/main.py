"""Stands in for the Temporal worker: says that it lives, and on SIGTERM drains for a second."""

import pathlib
import signal
import sys
import threading
import time

HEARTBEAT = pathlib.Path("/tmp/heartbeat")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    say(" ".join(["polling", *sys.argv[1:]]))
    while not ending.wait(0.5):
        HEARTBEAT.touch()
    time.sleep(1)
    say("drained after SIGTERM")


if __name__ == "__main__":
    main()

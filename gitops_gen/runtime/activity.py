"""What a command is doing: for the log how long each part takes, and for a person how far a long part is."""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Shows how far a long part is."""

    def update(self, what: str, done: int, total: int) -> None:
        """So many of all items are done."""

    def clear(self) -> None:
        """The part has ended."""


_listeners: list[Listener] = []


@contextmanager
def shown_by(listener: Listener) -> Iterator[None]:
    """Let `listener` show the long parts of what runs inside."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
        listener.clear()


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Log how long it takes; also a decorator."""
    start = time.monotonic()
    try:
        yield
    finally:
        _log.debug("%s: %d ms", what, (time.monotonic() - start) * 1000)


def counted(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """The items, at most `total` of them. Each time that one is taken, the listeners get the number of those before."""
    try:
        for done, item in enumerate(items):
            for listener in _listeners:
                listener.update(what, done, total)
            yield item
    finally:
        for listener in _listeners:
            listener.clear()

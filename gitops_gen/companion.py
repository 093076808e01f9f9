"""A process that is forked off this one and answers its questions, one after the other, until this one lets it go or
ends.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


class GoneError(Exception):
    """It ended before it had answered."""


def is_possible(*, without: str) -> bool:
    """Whether a process can be forked off here and would have a core to itself: not beside other threads, nor once the
    module `without` is loaded, which does not survive a fork.
    """
    if sys.platform != "linux" or without in sys.modules or threading.active_count() > 1:
        return False
    return len(os.sched_getaffinity(0)) > 1


def _nothing() -> None:
    return


class Companion:
    """The process, and the way to it. Questions and answers are pickled."""

    def __init__(
        self, answer: Callable[[Any], Any], *, first: Callable[[], None] = _nothing, last: Callable[[], None] = _nothing
    ) -> None:
        """There, `first` is called at once, `answer` with each question, and `last` when there are no more."""
        # Late: it takes as long to import as a third of a small command.
        from multiprocessing import get_context

        context = get_context("fork")
        self._here, there = context.Pipe()
        arguments = (there, self._here, first, answer, last)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        there.close()

    def ask(self, question: object) -> None:
        """Put a question, without waiting for the answer. Raises `GoneError`."""
        try:
            self._here.send(question)
        except OSError as error:
            raise GoneError from error

    def has_answered(self) -> bool:
        """Whether the next answer is there (or never will be)."""
        try:
            return self._here.poll()
        except OSError:
            return True

    def answer(self) -> Any:
        """The answer to the oldest question that has none yet; waits for it. Raises `GoneError`."""
        try:
            return self._here.recv()
        except (EOFError, OSError) as error:
            raise GoneError from error

    def end(self) -> None:
        """Let it go, and wait until it is gone."""
        self._here.close()
        self._process.join()


def _serve(
    there: "Connection",
    other_end: "Connection",
    first: Callable[[], None],
    answer: Callable[[Any], Any],
    last: Callable[[], None],
) -> None:
    other_end.close()
    # Ctrl-C reaches both; this one ends with the other.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    first()
    with suppress(EOFError, OSError):
        while True:
            there.send(answer(there.recv()))
    last()

"""A process beside this one that holds values to the schemas of their charts: Helm loads and merges there while the
files of the next environments are read and put together here.

It only tells which environments need a closer look; what is wrong with them is found out here. So it may fail in any
way, and nothing is missed.
"""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection

from gitops_gen.chart.catalog import Charts
from gitops_gen.chart.engine import Values
from gitops_gen.resolve.environment import ChartSource, ResolvedEnvironment


def is_possible() -> bool:
    """Whether a process can be forked off here and would have a core to itself. Not once Helm is loaded, whose runtime
    does not survive a fork, nor beside other threads.
    """
    if sys.platform != "linux" or "helm_python" in sys.modules or threading.active_count() > 1:
        return False
    return len(os.sched_getaffinity(0)) > 1


AHEAD = 8
"""Batches that the process is given at a time: enough to keep it busy until this one comes round again, few enough for
the pipe.
"""


class Checker:
    """Takes batches of environments, and keeps those back that the process is not ready for."""

    def __init__(self, charts: Charts) -> None:
        context = get_context("fork")
        self._answers, questions = context.Pipe()
        self._process = context.Process(target=_serve, args=(questions, self._answers, charts.anew()), daemon=True)
        self._process.start()
        questions.close()
        self._waiting: deque[Sequence[ResolvedEnvironment]] = deque()
        self._asked: deque[Sequence[ResolvedEnvironment]] = deque()
        self._suspects: list[ResolvedEnvironment] = []

    def submit(self, batch: Sequence[ResolvedEnvironment]) -> None:
        """Have these checked, sooner or later."""
        self._waiting.append(batch)
        self._exchange(wait=False)

    def suspects(self) -> list[ResolvedEnvironment]:
        """Those whose values may not fit, once all are checked, in the order in which they came. Ends the process."""
        while self._asked or self._waiting:
            self._exchange(wait=True)
        self._answers.close()
        self._process.join()
        return self._suspects

    def _exchange(self, *, wait: bool) -> None:
        """Take the answers that are there (`wait`: one at least), and ask on."""
        try:
            while self._asked and (wait or self._answers.poll()):
                self._take()
                wait = False
            while self._waiting and len(self._asked) < AHEAD:
                self._ask()
        except (EOFError, OSError):
            self._give_up()

    def _take(self) -> None:
        places = self._answers.recv()
        batch = self._asked.popleft()
        self._suspects += (batch[place] for place in places)

    def _ask(self) -> None:
        batch = self._waiting.popleft()
        self._asked.append(batch)
        self._answers.send([(environment.chart, environment.values) for environment in batch])

    def _give_up(self) -> None:
        """The process is gone: whatever it did not answer for needs a look."""
        self._suspects += (environment for batch in (*self._asked, *self._waiting) for environment in batch)
        self._asked.clear()
        self._waiting.clear()


def _serve(questions: Connection, other_end: Connection, charts: Charts) -> None:
    """Answer until the other side closes, or is killed."""
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        while True:
            questions.send(list(_misfits(charts, questions.recv())))
    charts.close()


def _misfits(charts: Charts, batch: Iterable[tuple[ChartSource, Values]]) -> Iterator[int]:
    for place, (chart, values) in enumerate(batch):
        try:
            fits = charts.fits(chart, values)
        except Exception:  # noqa: BLE001 - it is met again, and told, where the closer look is taken
            fits = False
        if not fits:
            yield place

"""Holding values to the schemas of their charts in a process beside this one: Helm loads and merges there while the
files of the next environments are read and put together here.

It only tells which environments need a closer look; what is wrong with them is found out here. So it may fail in any
way, and nothing is missed.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from gitops_gen.chart.catalog import Charts
from gitops_gen.chart.engine import Values
from gitops_gen.companion import Companion, GoneError
from gitops_gen.resolve.environment import ChartSource, ResolvedEnvironment

AHEAD = 8
"""Batches that the process is given at a time: enough to keep it busy until this one comes round again, few enough for
the pipe.
"""


class Checker:
    """Takes batches of environments, and keeps those back that the process is not ready for."""

    def __init__(self, charts: Charts) -> None:
        own = charts.anew()
        self._process = Companion(lambda batch: list(_misfits(own, batch)), last=own.close)
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
        self._process.end()
        return self._suspects

    def _exchange(self, *, wait: bool) -> None:
        """Take the answers that are there (`wait`: one at least), and ask on."""
        try:
            while self._asked and (wait or self._process.has_answered()):
                self._take()
                wait = False
            while self._waiting and len(self._asked) < AHEAD:
                self._ask()
        except GoneError:
            self._give_up()

    def _take(self) -> None:
        places = self._process.answer()
        batch = self._asked.popleft()
        self._suspects += (batch[place] for place in places)

    def _ask(self) -> None:
        batch = self._waiting.popleft()
        self._asked.append(batch)
        self._process.ask([(environment.chart, environment.values) for environment in batch])

    def _give_up(self) -> None:
        """Whatever the process did not answer for needs a look."""
        self._suspects += (environment for batch in (*self._asked, *self._waiting) for environment in batch)
        self._asked.clear()
        self._waiting.clear()


def _misfits(charts: Charts, batch: Iterable[tuple[ChartSource, Values]]) -> Iterator[int]:
    for place, (chart, values) in enumerate(batch):
        try:
            fits = charts.fits(chart, values)
        except Exception:  # noqa: BLE001 - it is met again, and told, where the closer look is taken
            fits = False
        if not fits:
            yield place

"""The check of all environments' final values, beside the work that goes on: while Helm merges, Python is free."""

from collections import deque
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.chart.catalog import Charts, pull_hint
from gitops_gen.errors import GitopsError, Problem
from gitops_gen.resolve.environment import ChartSource, ResolvedEnvironment
from gitops_gen.spec.files import PROJECT_FILE, read_text
from gitops_gen.yaml_io import locate

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

WAITING = 64
"""Environments that may wait for their check; more would only hold memory."""


class ValueChecks:
    """Takes environments one by one and holds their final values to the chart's schema, in one thread."""

    def __init__(self, folder: Path, charts: Charts) -> None:
        self._folder, self._charts = folder, charts
        self._pending: deque[Future[list[Problem]]] = deque()
        self._broken: set[ChartSource] = set()
        self._problems: list[Problem] = []
        self.notices: dict[str, None] = {}

    @cached_property
    def _worker(self) -> "ThreadPoolExecutor":
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(max_workers=1)

    def submit(self, environment: ResolvedEnvironment) -> None:
        """Have the environment's values checked, sooner or later."""
        self._pending.append(self._worker.submit(lambda: list(self._check(environment))))
        if len(self._pending) > WAITING:
            self._problems += self._pending.popleft().result()

    def finish(self) -> list[Problem]:
        """Every problem of every environment that was submitted."""
        for future in self._pending:
            self._problems += future.result()
        if self._pending:
            self._worker.shutdown()
        self._pending.clear()
        return self._problems

    def _check(self, environment: ResolvedEnvironment) -> Iterator[Problem]:
        chart = environment.chart
        if chart in self._broken:
            return
        if not self._charts.is_at_hand(chart):
            self.notices[f"values are not checked against {chart.label}; to check them: {pull_hint(chart)}"] = None
            return
        try:
            yield from self._charts.value_problems(environment)
        except GitopsError as error:
            self._broken.add(chart)
            yield self._chart_problem(environment, error)

    def _chart_problem(self, environment: ResolvedEnvironment, error: GitopsError) -> Problem:
        """A chart that cannot be had, or whose values cannot be merged, at the place that chose it."""
        file = environment.files[-1] if environment.pinned else PROJECT_FILE
        line = locate(read_text(self._folder, file), ("chart",))
        return Problem(file=file, line=line, key="chart", message=str(error), hint=error.hint)

"""The check of all environments' final values against the schemas of their charts."""

from collections.abc import Iterator
from pathlib import Path

from gitops_gen.errors import GitopsError, Problem
from gitops_gen.models.layout import PROJECT_FILE
from gitops_gen.project.charts import Charts, pull_hint
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.reading import read_text
from gitops_gen.yaml.reader import locate

BATCH = 16
"""Environments that are checked at a time. A call of Helm takes a quarter as long right after another one, while its
threads and the caches are awake; more at a time would only hold memory.
"""


class ValueChecks:
    """Validates the final values of environments against the schema of their chart, in batches."""

    def __init__(self, folder: Path, charts: Charts) -> None:
        self._folder, self._charts = folder, charts
        self._waiting: list[ResolvedEnvironment] = []
        self._broken: set[ChartSource] = set()
        self._problems: list[Problem] = []
        self.notices: dict[str, None] = {}

    def submit(self, environment: ResolvedEnvironment) -> None:
        """Submit the values of an environment for a check."""
        self._waiting.append(environment)
        if len(self._waiting) == BATCH:
            self._check_waiting()

    def finish(self) -> list[Problem]:
        """Every problem of every environment that was submitted."""
        self._check_waiting()
        return self._problems

    def _check_waiting(self) -> None:
        self._problems += (problem for environment in self._waiting for problem in self._check(environment))
        self._waiting = []

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
        """The problem of a chart that cannot be loaded or merged, at the place that selects it."""
        file = environment.files[-1] if environment.pinned else PROJECT_FILE
        line = locate(read_text(self._folder, file), ("chart",))
        return Problem(file=file, line=line, key="chart", message=str(error), hint=error.hint)

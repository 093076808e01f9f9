"""The check of all environments' final values against the schemas of their charts."""

from collections.abc import Iterator

from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.project.charts import Charts
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.pinned_charts import pull_hint
from gitops_gen.project.reading import parsed, read_text
from gitops_gen.yaml.reader import locate


class ValueChecks:
    """Validates the final values of environments against the schema of their chart."""

    def __init__(self, inputs: Inputs, charts: Charts) -> None:
        self._inputs, self._charts = inputs, charts
        self._broken: set[ChartSource] = set()
        self._noted: set[ChartSource] = set()
        #: what is wrong with charts that cannot be had, and the environments that need one of them
        self.chart_problems: list[Problem] = []
        self.without_chart: set[str] = set()
        self.notices: dict[str, None] = {}

    def problems(self, environment: ResolvedEnvironment, *, wanted: bool = True) -> Iterator[Problem]:
        """What is wrong with the values of an environment; a chart that cannot be loaded is reported once, and only for
        an environment that is `wanted`, in `chart_problems`: it stops the environments that need it and no other.
        """
        chart = environment.chart
        if chart in self._broken:
            self.without_chart.add(environment.name)
            return
        if not self._charts.places.pinned.is_available(chart):
            self.notices[f"values are not checked against {chart.label}; to check them: {pull_hint(chart)}"] = None
            return
        try:
            yield from self._charts.value_problems(environment)
        except GitopsError as error:
            if wanted:
                self._broken.add(chart)
                self.without_chart.add(environment.name)
                own = error.problems if isinstance(error, ProblemsError) else ()
                self.chart_problems += own or [self._chart_problem(environment, error)]
            return
        if chart not in self._noted:
            self._noted.add(chart)
            self.notices |= dict.fromkeys(self._chart_notes(chart))

    def _chart_notes(self, chart: ChartSource) -> Iterator[str]:
        if chart.own_folder and (note := self._charts.places.folders.dependency_note(chart.path)):
            yield note
        schema = self._charts.schema(chart)
        for reference in schema.outside if schema else ():
            yield (
                f"values.schema.json of {chart.label} refers to {reference}: Argo CD's repo-server must reach it for "
                "each render, and the values that it is for are not checked here"
            )

    def note_credentials(self, environment: ResolvedEnvironment) -> None:
        """Note the values in plain text that look like credentials."""
        for item in self._charts.credentials(environment):
            self.notices[f"{item.place}: {item.key} {item.message}; {item.hint}"] = None

    def _chart_problem(self, environment: ResolvedEnvironment, error: GitopsError) -> Problem:
        """The problem of a chart that cannot be loaded or merged, at the place that selects it."""
        texts = {file: read_text(self._inputs, file) for file in environment.files}
        file = next(file for file in reversed(environment.files) if "chart" in parsed(texts[file], None)[0])
        line = locate(texts[file], ("chart",))
        return Problem(file=file, line=line, key="chart", message=str(error), hint=error.hint)

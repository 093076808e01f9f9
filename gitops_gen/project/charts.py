"""The charts of a project, each loaded once: a folder here, the same folder at a tag, or a chart of a Helm repository
that was pulled.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from gitops_gen.errors import GitopsError, Problem, first_problems
from gitops_gen.git.paths import Root
from gitops_gen.helm.credential_keys import HINT, credentials
from gitops_gen.helm.dependencies import satisfies
from gitops_gen.helm.digest import chart_digest
from gitops_gen.helm.engine import ChartError, LoadedChart, SubchartValuesError, Values
from gitops_gen.helm.key_types import KeyType
from gitops_gen.helm.reading.chart_files import chart_files
from gitops_gen.helm.reading.unknown_keys import KnownKeys
from gitops_gen.helm.renderer import Renderer
from gitops_gen.helm.use import HelmUse
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.project.chart_folders import ChartFolders
from gitops_gen.project.chart_places import ChartPlaces
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.override_files import with_override_files
from gitops_gen.project.reading import read_text
from gitops_gen.project.unquoted import is_wrong, misread, quote_hint, suspects
from gitops_gen.project.value_keys import ValueFault, value_faults
from gitops_gen.project.values_schema import Origins, ValuesSchema
from gitops_gen.yaml.key_paths import KeyPath


class Charts:
    """Loads charts on demand; an environment's chart is looked up by its source."""

    def __init__(self, places: ChartPlaces, folder: Path, renderer: Renderer) -> None:
        self.places = places
        #: where the environments are read: problems are located there
        self.inputs: Inputs = Root(folder)
        self._renderer = renderer
        self._places: dict[ChartSource, Path] = {}
        self._schemas: dict[ChartSource, ValuesSchema | None] = {}
        self._defaults: dict[ChartSource, Values] = {}
        self._keys: dict[ChartSource, KnownKeys] = {}
        self._contents: dict[ChartSource, str] = {}

    def of(self, top: Path, prefix: str) -> "Charts":
        """The charts of the same project as its files are in another folder: at `prefix` of `top`."""
        folder = top / prefix
        return Charts(ChartPlaces(ChartFolders(folder, top, prefix), self.places.pinned), folder, self._renderer)

    def for_inputs(self, inputs: Inputs) -> "Charts":
        """The same charts, for environments that are read from `inputs`: problems are located there."""
        charts = copy(self)
        charts.inputs = inputs
        return charts

    def chart(self, source: ChartSource) -> LoadedChart:
        """The chart, loaded once. Raises `ChartError` or `GitopsError` when it cannot be had."""
        place = self._place(source)
        try:
            return self._renderer.chart(place, source.helm)
        except ChartError as error:
            raise ChartError(f"{source.label}: {error}", error.hint) from error

    def use(self, environment: ResolvedEnvironment) -> HelmUse:
        """Which Helm renders an environment here, and the nulls that Argo CD's may treat differently."""
        return self._renderer.use(self._place(environment.chart), environment.helm.release, environment.argocd)

    def schema(self, source: ChartSource) -> ValuesSchema | None:
        """The chart's compiled values schema, None when it has none."""
        if source not in self._schemas:
            schema = self.chart(source).schema
            self._schemas[source] = ValuesSchema(schema) if schema is not None else None
        return self._schemas[source]

    def defaults(self, source: ChartSource) -> Values:
        """The chart's own values, those of its subcharts among them; not to be changed. Nothing where a subchart
        refuses them, because it needs a value that it has no default for.

        Raises `ChartError` or `GitopsError` when the chart cannot be had.
        """
        if source not in self._defaults:
            try:
                self._defaults[source] = self.chart(source).final_values({})
            except SubchartValuesError:
                self._defaults[source] = {}
        return self._defaults[source]

    def value_problems(self, environment: ResolvedEnvironment) -> Iterator[Problem]:
        """What the schemas of the chart and its subcharts have against the final values, which Helm merges; what
        lacks quotes; and what the chart does not read or cannot use. Of many problems the first ones.

        Raises `ChartError` or `GitopsError` when the chart cannot be had.
        """
        fallback = environment.file
        origins = Origins(layers=environment.value_layers, text_of=cache(self._text_of), fallback=fallback)
        yield from first_problems(self._value_problems(environment, origins), fallback)

    def credentials(self, environment: ResolvedEnvironment) -> Iterator[Problem]:
        """The values in plain text that look like credentials, at the layers that set them."""
        origins = Origins(layers=environment.value_layers, text_of=cache(self._text_of), fallback=environment.file)
        for path in credentials(environment.helm.release.values):
            yield origins.problem(path, "looks like a credential in plain text, which git keeps", HINT)

    def _value_problems(self, environment: ResolvedEnvironment, origins: Origins) -> Iterator[Problem]:
        try:
            final = self.chart(environment.chart).final_values(environment.helm.release.values)
        except SubchartValuesError as error:
            yield from (origins.problem(path, message, "") for path, message in error.faults)
            return
        schema = self.schema(environment.chart)
        reported = set()
        for problem in chain(schema.problems(final, origins) if schema else (), self._unquoted(environment, origins)):
            reported.add((problem.file, problem.key))
            yield problem
        yield from (item for item in self._unread(environment, origins) if (item.file, item.key) not in reported)

    def _unread(self, environment: ResolvedEnvironment, origins: Origins) -> Iterator[Problem]:
        for fault in self.value_faults(environment):
            if not fault.is_ignored(environment.ignored):
                yield replace(origins.problem(fault.path, fault.message, fault.hint), rule=fault.rule)

    def value_faults(self, environment: ResolvedEnvironment) -> Iterator[ValueFault]:
        """The values that the chart does not read or cannot use, those among them that gitops.yaml sets aside."""
        source = environment.chart
        if source not in self._keys:
            defaults, schema = self.defaults(source), self.chart(source).schema
            self._keys[source] = KnownKeys(defaults, schema, lambda: chart_files(self._place(source)))
        return value_faults(self._keys[source], environment)

    def with_override_files(self, environment: ResolvedEnvironment) -> ResolvedEnvironment:
        """The environment with the files in its chart's folder that Argo CD merges over its source. Raises
        `ProblemsError`.
        """
        try:
            place = self._place(environment.chart)
        except GitopsError:
            return environment  # reported where the chart is used
        return with_override_files(environment, place)

    def render_again(self, environment: ResolvedEnvironment, rendered: str) -> str:
        """The manifests of an environment once more, where its chart may render others each time; else nothing.

        Raises `ChartError` or `GitopsError` when the chart cannot be had.
        """
        return self._renderer.render_again(self._place(environment.chart), environment.helm.release, rendered)

    def _unquoted(self, environment: ResolvedEnvironment, origins: Origins) -> Iterator[Problem]:
        for path, value, wish in self._suspects(environment.chart, environment.helm.release.values):
            text = origins.written(path)
            if is_wrong(path, value, wish, text):
                yield origins.problem(path, misread(text, value), quote_hint(text, value))

    def _suspects(self, source: ChartSource, values: Values) -> Iterator[tuple[KeyPath, Any, KeyType]]:
        return suspects(self.chart(source).schema, self.defaults(source), values)

    def _text_of(self, file: str) -> str:
        return read_text(self.inputs, file)

    def content(self, source: ChartSource) -> str:
        """What tells a chart's content apart: a digest of its files here, else the pin that names it."""
        if not source.own_folder:
            return f"{source.repository} {source.name} {source.version} {source.revision}"
        if source not in self._contents:
            self._contents[source] = chart_digest(self.places.find(source))
        return self._contents[source]

    def _place(self, source: ChartSource) -> Path:
        """The chart's folder or archive, brought here when it is pinned."""
        if source not in self._places:
            if source.own_folder:
                self._require_versions(source)
            elif source.revision:
                self.places.pinned.require_fixed(source.revision)
            self._places[source] = self.places.find(source)
        return self._places[source]

    def _require_versions(self, source: ChartSource) -> None:
        """Raise `ChartError` for a dependency next to the chart that is not in the range that Chart.yaml asks for."""
        for item, version in self.places.folders.unlocked(source.path):
            if not satisfies(self._renderer.engine(source.helm), version, item.version):
                message = f"{source.path}: the dependency `{item.name}` is version {version}, not {item.version}"
                raise ChartError(message, f"change its `version` in {source.path}/{CHART_FILE}")

    def linked(self, source: ChartSource) -> tuple[str, ...]:
        """Where symlinks of a chart folder lead to outside of it, as paths from the git root."""
        return self.places.folders.apart(source.path) if source.own_folder else ()

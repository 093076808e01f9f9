"""The charts of a project, each loaded once: a folder here, the same folder at a tag, or a chart of a Helm repository
that was pulled.
"""

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from gitops_gen.errors import Problem
from gitops_gen.helm.digest import chart_digest
from gitops_gen.helm.engine import ChartError, Engine, LoadedChart, SubchartValuesError, Values
from gitops_gen.helm.key_types import KeyType
from gitops_gen.models.layout import PULLED
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.override_files import override_problems
from gitops_gen.project.reading import read_text
from gitops_gen.project.unquoted import is_wrong, misread, quote_hint, suspects
from gitops_gen.project.values_schema import Origins, ValuesSchema
from gitops_gen.yaml.key_paths import KeyPath

_log = logging.getLogger(__name__)

Export = Callable[[str, str, Path], Path]
"""Writes a folder of the project as it was at a revision below a target folder: revision, path, target. Returns it."""


class Charts:
    """Loads charts on demand; an environment's chart is looked up by its source."""

    def __init__(
        self, root: Path, engine: Callable[[], Engine], export: Export, *, repository: Path | None = None
    ) -> None:
        """`engine` opens Helm; it is asked when the first chart is needed. `repository` is the top of the git
        repository, which a chart must not leave.
        """
        self._root, self._open_engine, self._export = root, engine, export
        self._repository = (repository or root).resolve()
        self._loaded: dict[ChartSource, LoadedChart] = {}
        self._places: dict[ChartSource, Path] = {}
        self._schemas: dict[ChartSource, ValuesSchema | None] = {}
        self._defaults: dict[ChartSource, Values] = {}
        self._contents: dict[ChartSource, str] = {}
        self._linked: dict[ChartSource, tuple[str, ...]] = {}

    def of(self, root: Path) -> "Charts":
        """The charts of the same project as its files are in another folder."""
        return Charts(root, self._open_engine, self._export, repository=root)

    @cached_property
    def _engine(self) -> Engine:
        engine = self._open_engine()
        _log.info("engine %s, Helm %s", engine.name, engine.version)
        return engine

    def chart(self, source: ChartSource) -> LoadedChart:
        """The loaded chart. Raises `ChartError` or `GitopsError` when it cannot be had."""
        if source not in self._loaded:
            self._loaded[source] = self._load(source)
            _log.info("loaded chart %s", source.label)
        return self._loaded[source]

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
        """What the schemas of the chart and its subcharts have against the final values, which Helm merges; and what
        lacks quotes.

        Raises `ChartError` or `GitopsError` when the chart cannot be had.
        """
        yield from self.override_problems(environment)
        origins = Origins(layers=environment.value_layers, text_of=self._text_of, fallback=environment.files[1])
        try:
            final = self.chart(environment.chart).final_values(environment.helm.release.values)
        except SubchartValuesError as error:
            yield from (origins.problem(path, message, "") for path, message in error.faults)
            return
        schema = self.schema(environment.chart)
        if schema is not None:
            yield from schema.problems(final, origins)
        yield from self._unquoted(environment, origins)

    def override_problems(self, environment: ResolvedEnvironment) -> Iterator[Problem]:
        """The files in the chart's folder with which Argo CD changes the environment's Application.

        Raises `ChartError` or `GitopsError` when the chart cannot be had.
        """
        self.chart(environment.chart)
        place = self._places[environment.chart]
        yield from override_problems(environment, os.listdir(place) if place.is_dir() else ())

    def _unquoted(self, environment: ResolvedEnvironment, origins: Origins) -> Iterator[Problem]:
        for path, value, wish in self._suspects(environment.chart, environment.helm.release.values):
            text = origins.written(path)
            if is_wrong(path, value, wish, text):
                yield origins.problem(path, misread(text, value), quote_hint(text, value))

    def _suspects(self, source: ChartSource, values: Values) -> Iterator[tuple[KeyPath, Any, KeyType]]:
        return suspects(self.chart(source).schema, self.defaults(source), values)

    def _text_of(self, file: str) -> str:
        return read_text(self._root, file)

    def content(self, source: ChartSource) -> str:
        """What tells a chart's content apart: a digest of its files here, else the pin that names it."""
        if source.repository or source.revision:
            return f"{source.repository} {source.name} {source.version} {source.revision}"
        if source not in self._contents:
            self._contents[source] = chart_digest(self._root / source.path)
        return self._contents[source]

    def pulled(self, source: ChartSource) -> Path:
        """Where the archive of a Helm repository's chart is expected."""
        return self._root / PULLED / f"{source.name}-{source.version}.tgz"

    def is_at_hand(self, source: ChartSource) -> bool:
        """Whether the chart can be had offline."""
        return not source.repository or self.pulled(source).is_file()

    def _load(self, source: ChartSource) -> LoadedChart:
        place = self._places[source] = self._place(source)
        try:
            return self._engine.load(place)
        except ChartError as error:
            raise ChartError(f"{source.label}: {error}", error.hint) from error

    def _place(self, source: ChartSource) -> Path:
        """The chart's folder or archive, brought here when it is pinned."""
        if source.repository:
            if not self.is_at_hand(source):
                raise ChartError(f"the chart {source.label} is not here", pull_hint(source))
            return self.pulled(source)
        if not source.revision:
            return self._folder(source.path)
        return self._export(source.revision, source.path, self._scratch())

    def _scratch(self) -> Path:
        """A folder that goes away with this object, or with the process: an engine may read from it until then."""
        folder = tempfile.mkdtemp(prefix="gitops-gen-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def _folder(self, path: str) -> Path:
        folder = self._root / path
        if not (folder / "Chart.yaml").is_file():
            raise ChartError(f"{path}: no Chart.yaml there", "set `chart.path` in gitops.yaml to the chart's folder")
        if outside := next(self._outside(folder), None):
            raise ChartError(
                f"{outside} is outside of the git repository, where Argo CD sees nothing", "move it inside"
            )
        return folder

    def linked(self, source: ChartSource) -> tuple[str, ...]:
        """Where symlinks of a chart folder lead to outside of it, as paths from the git root: such as a library chart
        that several charts share. Argo CD follows them inside the repository.
        """
        if source not in self._linked:
            self._linked[source] = () if source.repository or source.revision else tuple(self._linked_from(source.path))
        return self._linked[source]

    def _linked_from(self, path: str) -> Iterator[str]:
        folder = self._root / path
        targets = {path.resolve() for path in self._symlinks(folder)}
        inside = [path for path in targets if path.is_relative_to(self._repository)]
        apart = [path for path in inside if not path.is_relative_to(folder.resolve())]
        yield from sorted(path.relative_to(self._repository).as_posix() for path in apart)

    def _symlinks(self, folder: Path) -> Iterator[Path]:
        for place, folders, files in os.walk(folder):
            yield from (path for name in (*folders, *files) if (path := Path(place, name)).is_symlink())

    def _outside(self, folder: Path) -> Iterator[str]:
        """The chart, or a symlink in it, where it leaves the repository."""
        for path in (folder, *self._symlinks(folder)):
            if not path.resolve().is_relative_to(self._repository):
                yield os.path.relpath(path, self._root)


def pull_hint(source: ChartSource) -> str:
    """The command that brings a Helm repository's chart here."""
    oci = source.repository.startswith("oci://")
    chart = f"{source.repository}/{source.name}" if oci else f"{source.name} --repo {source.repository}"
    return f"mkdir -p {PULLED} && helm pull {chart} --version {source.version} --destination {PULLED}"

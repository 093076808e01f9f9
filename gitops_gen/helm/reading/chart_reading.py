"""What a chart reads of its values: its own templates, those of its subcharts and libraries, and what Chart.yaml says
of conditions, tags and imports.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from gitops_gen.helm.engine import Values
from gitops_gen.helm.reading.chart_files import ChartFiles, exported
from gitops_gen.helm.reading.parts import Meaning, Part, made_of
from gitops_gen.helm.reading.read_keys import Keys, ReadKeys
from gitops_gen.helm.reading.reader import GLOBAL, TemplateReader, TooMuchError
from gitops_gen.helm.reading.syntax import ActionNode, Template, parse_template
from gitops_gen.helm.reading.tokens import TemplateError
from gitops_gen.models.layout import VALUES_FILE
from gitops_gen.yaml.key_paths import KeyPath, plain_steps, tree_nodes

_DOCUMENTS = (".md", ".gotmpl", VALUES_FILE, "values.schema.json")
"""Files that may look like templates and are none that a chart prints."""

_QUOTED = re.compile(r"\"[^\"\n]*\"|`[^`]*`")
_NAME = re.compile(r"[\w-]+")

_NOT_FOLLOWED = (TooMuchError, RecursionError)
"""A named template may include itself with a context that grows each time."""

ROUNDS = 4
"""How often the templates are read while they still put more into the values."""


class ChartReading:
    """The keys that a chart reads; any key where it cannot be determined."""

    def __init__(self, chart: ChartFiles) -> None:
        self._chart = chart
        self._templates: dict[Keys, list[Template]] = {}
        try:
            self._templates = {place: _templates(one) for place, one in _by_place(chart)}
            self._bodies = _bodies(self._templates.values())
            self._literals = frozenset(_literals(chart))
            reader = self._reader()
            self._read_metadata(reader.keys)
            self._read_templates(reader)
            self.keys: ReadKeys = reader.keys
        except TemplateError:
            self._bodies, self._literals = {}, frozenset()
            self.keys = ReadKeys()
            self.keys.add_whole(())

    def _reader(self) -> TemplateReader:
        return TemplateReader(self._bodies, self._templates, self._literals, complete=not any(_missing(self._chart)))

    def _read_metadata(self, keys: ReadKeys) -> None:
        for chart in self._chart.all():
            place = _keys(chart.path)
            for item in chart.dependencies:
                for condition in str(item.get("condition") or "").split(","):
                    keys.add((*place, *plain_steps(condition.strip())))
                for tag in item.get("tags") or []:
                    keys.add(("tags", str(tag)))
        for path in (*_missing(self._chart), *exported(self._chart)):
            keys.add_whole(_keys(path))

    def _read_templates(self, reader: TemplateReader) -> None:
        for _ in range(ROUNDS):
            reader.again()
            for place, chart in _by_place(self._chart):
                self._read_chart(reader, place, chart)
            if not reader.changed:
                return

    def _read_chart(self, reader: TemplateReader, place: Keys, chart: ChartFiles) -> None:
        """Read a chart's templates; one whose templates cannot be followed may read any of its values, and globals."""
        if reader.keys.is_whole(place):
            return
        reader.begin(place)
        try:
            for template in self._templates[place]:
                reader.read(template.body, _context(chart))
            self._read_texts(reader, chart.values)
        except _NOT_FOLLOWED:
            reader.keys.add_whole(place)
            for above in (place[:length] for length in range(len(place))):
                reader.keys.add_whole((*above, GLOBAL))

    def keys_in(self, values: Values) -> ReadKeys:
        """What the templates among values read, which a chart may hand to `tpl`."""
        reader = self._reader()
        try:
            self._read_texts(reader, values)
        except _NOT_FOLLOWED:
            reader.keys.add_whole(())
        return reader.keys

    def _read_texts(self, reader: TemplateReader, values: Values) -> None:
        for text in (value for _, value in tree_nodes(values) if isinstance(value, str) and "{{" in value):
            try:
                body = parse_template(text).body
            except TemplateError:
                continue
            for _, chart in _by_place(self._chart):
                reader.read(body, _context(chart))


def _context(chart: ChartFiles) -> Meaning:
    """What `$` is in a chart's templates."""
    inner: dict[str, Meaning] = {name: _context(one) for name, one in chart.subcharts.items()}
    return made_of({"Values": frozenset({Part(_keys(chart.path))}), "Subcharts": made_of(inner)})


def _missing(chart: ChartFiles) -> Iterator[KeyPath]:
    """The keys of the values of missing subcharts."""
    for one in chart.all():
        for item in one.dependencies:
            if (key := str(item.get("alias") or item.get("name"))) not in one.subcharts:
                yield (*one.path, key)


def _keys(path: Iterable[Any]) -> Keys:
    return tuple(map(str, path))


def _by_place(chart: ChartFiles) -> Iterator[tuple[Keys, ChartFiles]]:
    for one in chart.all():
        yield _keys(one.path), one


def _templates(chart: ChartFiles) -> list[Template]:
    """The templates of a chart, and its other files that look like some, for `tpl (.Files.Get …)`.

    Raises `TemplateError`.
    """
    found = [parse_template(text) for name, text in chart.files.items() if name.startswith("templates/")]
    if any(".Files" in text for name, text in chart.files.items() if name.startswith("templates/")):
        found += _likely_templates(chart)
    return found


def _literals(chart: ChartFiles) -> Iterator[str]:
    """The names in the quoted texts of all templates."""
    for one in chart.all():
        for name, text in one.files.items():
            if name.startswith("templates/"):
                yield from (name for quoted in _QUOTED.findall(text) for name in _NAME.findall(quoted))


def _likely_templates(chart: ChartFiles) -> Iterator[Template]:
    for name, text in chart.files.items():
        if not name.startswith("templates/") and not name.endswith(_DOCUMENTS) and "{{" in text:
            with suppress(TemplateError):
                yield parse_template(text)


def _bodies(charts: Iterable[list[Template]]) -> dict[str, list[list[ActionNode]]]:
    bodies: dict[str, list[list[ActionNode]]] = {}
    for template in (template for templates in charts for template in templates):
        for name, body in template.defines.items():
            bodies.setdefault(name, []).append(body)
    return bodies

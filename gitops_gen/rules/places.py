"""The place to edit for a finding: the line of the template that makes the object, or of the input that set a value."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gitops_gen.rules.rule import Finding
from gitops_gen.yaml.key_paths import KeyPath, plain_steps, value_at

_REFERENCE = re.compile(r"(?<![\w)])(\$?[\w]*)\.Values((?:\.\w+)+)|\$(\w+)((?:\.\w+)+)|\$(\w+)\b(?!\s*:?=)")
_ASSIGNMENT = re.compile(r"\$(\w+)\s*:=\s*\$?\.Values((?:\.\w+)+)\s*-?}}")
_WITH = re.compile(r"{{-?\s*with\s+(.+?)\s*-?}}")
_NAME = re.compile(r"(?<![\w./-])name:[ \t]*((?:{{.*?}}|[^\n,}#])*)")
_KEY = re.compile(r"^(\s*)((?:- )*)[\"']?([^\s\"':{}#-][^\s\"':{}]*)[\"']?:(?:\s|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplatePlace:
    """Where a template makes a part of an object."""

    line: int
    #: values of the chart that the part may come from, the likeliest last
    values: tuple[KeyPath, ...] = ()


def with_lines(findings: Iterable[Finding], text_of: Callable[[str], str]) -> tuple[Finding, ...]:
    """The findings with their lines in the templates, which `text_of` reads; without one where no line has the kind."""
    return tuple(_with_line(finding, text_of) for finding in findings)


def _with_line(finding: Finding, text_of: Callable[[str], str]) -> Finding:
    if not finding.object or not finding.source or finding.line is not None:
        return finding
    place = template_place(text_of(finding.source), finding.object, finding.path)
    return replace(finding, line=place.line if place else None)


def template_place(template: str, object_id: str, path: KeyPath = ()) -> TemplatePlace | None:
    """Where a template makes the part at `path` of an object, `Kind/name`; None where no line has the kind."""
    kind, _, name = object_id.rpartition(":")[2].partition("/")
    line = line_of(template, kind, name)
    if line is None:
        return None
    return _Walk(template, line).place(path) if path else TemplatePlace(line=line)


def line_of(template: str, kind: str, name: str) -> int | None:
    """The line, from 1, of `kind: KIND` with this name. Of several, one with metadata, as others are references to an
    object; then the outermost, and then that whose name in the template is most like it.
    """

    def fitness(match: re.Match[str]) -> tuple[bool, bool, int, int]:
        column, document = len(match[1]), template[match.start() :].partition("\n---")[0]
        likeness = _likeness(document, name)
        return likeness >= 0, f"\n{' ' * column}metadata:" in document, -column, likeness

    found = re.finditer(rf"^([ \t]*(?:- )?)kind:[ \t]*[\"']?{re.escape(kind)}\b", template, re.MULTILINE)
    best = max(found, key=fitness, default=None)
    return None if best is None else template.count("\n", 0, best.start()) + 1


def _likeness(document: str, name: str) -> int:
    """How many letters of the name are in the template's; -1 where it makes another name."""
    written = _NAME.search(document)
    literals = re.split(r"{{.*?}}", written[1].strip(" \t\"'")) if written else []
    is_made = re.fullmatch(".*".join(map(re.escape, literals)), name)
    return sum(map(len, literals)) if is_made else -1


class _Walk:
    """Follows a path of keys down the lines of a template."""

    def __init__(self, template: str, kind_line: int) -> None:
        self._lines = template.split("\n")
        self._variables = {match[1]: _steps(match[2]) for match in _ASSIGNMENT.finditer(template)}
        first = last = kind_line - 1
        while first > 0 and not self._lines[first - 1].startswith("---"):
            first -= 1
        while last + 1 < len(self._lines) and not self._lines[last + 1].startswith("---"):
            last += 1
        self._start, self._end = first, last + 1
        self._kind = kind_line
        self._narrow(kind_line - 1)

    def _narrow(self, line: int) -> None:
        """In a List, only the item with this line is the object."""
        column = self._column(line)
        for index in range(line, self._start - 1, -1) if column else ():
            text = self._lines[index]
            if text.lstrip().startswith("- ") and self._column(index) == column:
                self._start, self._end = index, self._block_end(index, column, is_item=True)
                return

    def _column(self, line: int) -> int:
        """The column of the first key in a line."""
        text = self._lines[line]
        return len(text) - len(text.lstrip().removeprefix("- "))

    def place(self, path: KeyPath) -> TemplatePlace:
        """The deepest part of the path that has a line, and the values that it is made of."""
        line, column, region = -1, -1, range(self._start, self._end)
        for index, step in enumerate(path):
            found = self._key(region, column, step) if isinstance(step, str) else self._item(region, step)
            if found is None:
                here = range(max(line, self._start), region.stop) if line >= 0 else region[:0]
                values = self._references(here, path[index:])
                return TemplatePlace(line=self._kind if line < 0 else line + 1, values=tuple(values))
            line, column = found
            is_item = isinstance(step, int)
            region = range(line if is_item else line + 1, self._block_end(line, column, is_item=is_item))
        return TemplatePlace(line=line + 1, values=tuple(self._references(range(line, line + 1), ())))

    def _key(self, region: range, above: int, name: str) -> tuple[int, int] | None:
        """The line and column of a key: of the outermost one of that name."""
        found: list[tuple[int, int]] = []
        for index in region:
            match = _KEY.match(self._lines[index])
            if match and match[3] == name and (column := len(match[1]) + len(match[2])) > above - 1:
                found.append((index, column))
        return min(found, key=lambda item: (item[1], item[0]), default=None)

    def _item(self, region: range, wanted: int) -> tuple[int, int] | None:
        """The line of an item of a list, and the column of what is in it; the last one when a loop makes them."""
        dashes = [(index, line.index("-")) for index in region if (line := self._lines[index]).lstrip()[:2] == "- "]
        outer = min((column for _, column in dashes), default=0)
        items = [index for index, column in dashes if column == outer]
        return (items[min(wanted, len(items) - 1)], outer + 2) if items else None

    def _block_end(self, line: int, column: int, *, is_item: bool) -> int:
        """The line behind the block of a key, or of an item with keys in this column: the next that is not deeper."""
        for index in range(line + 1, self._end):
            text = self._lines[index]
            stripped = text.lstrip()
            if not stripped or stripped.startswith(("{{", "#")):
                continue
            indent = len(text) - len(stripped)
            if indent < column or (indent == column and not is_item and not stripped.startswith("- ")):
                return index
        return self._end

    def _references(self, region: range, rest: KeyPath) -> Iterator[KeyPath]:
        """The values that these lines use, with the rest of the path below them."""
        for index in region:
            text = self._lines[index]
            for match in _REFERENCE.finditer(text):
                below = match[2] or match[4] or ""
                base = () if match[2] else self._variables.get(match[3] or match[5])
                if base is not None:
                    yield (*base, *_steps(below), *rest)
            if re.search(r"(toYaml|toJson)\s+\.\s", text) and (scope := self._scope(index)):
                yield (*scope, *rest)

    def _scope(self, line: int) -> KeyPath | None:
        """The value that `.` is, by the nearest `with` above."""
        for index in range(line, self._start - 1, -1):
            if match := _WITH.search(self._lines[index]):
                found = list(_REFERENCE.finditer(match[1]))
                if found and (found[0][2] or found[0][4]):
                    base = () if found[0][2] else self._variables.get(found[0][3])
                    return None if base is None else (*base, *_steps(found[0][2] or found[0][4]))
                return None
        return None


def _steps(text: str) -> KeyPath:
    return plain_steps(text)[1:]


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueFiles:
    """Finds the input that set a value: `set_at` gives file and line of a value, None where no input sets it."""

    text_of: Callable[[str], str]
    set_at: Callable[[KeyPath], tuple[str, int | None] | None]
    #: the chart's folder
    chart: str
    #: the file of a template, which Helm names by the alias of its chart
    file_of: Callable[[str], str] = str
    #: the final values
    values: Mapping[str, Any] = field(default_factory=dict)

    def located(self, finding: Finding, data: Mapping[str, Any]) -> Finding:
        """The finding at the place to edit; `data` is the object that it is about."""
        if not finding.object or not finding.source or finding.line is not None:
            return finding
        file = self.file_of(finding.source)
        place = template_place(self.text_of(file), finding.object, finding.path)
        if place is None:
            return finding
        for path in self._likely(_subchart(finding.source.removeprefix(self.chart)), place.values, data, finding.path):
            if at := self.set_at(path):
                return replace(finding, source=at[0], line=at[1])
        return replace(finding, source=file, line=place.line)

    def _likely(
        self, prefix: KeyPath, paths: tuple[KeyPath, ...], data: Mapping[str, Any], at: KeyPath
    ) -> Iterator[KeyPath]:
        """The values that can be the ones that the part was made of, the likeliest first."""
        _, shown = value_at(dict(data), at)
        for path in reversed(paths):
            full = path if path[:1] == ("global",) else (*prefix, *path)
            there, value = value_at(dict(self.values), full)
            if there and (isinstance(value, dict | list) or isinstance(shown, dict | list) or _is_in(value, shown)):
                yield full


def _is_in(value: Any, shown: Any) -> bool:
    return str(value).lower() in str(shown).lower()


def _subchart(source: str) -> KeyPath:
    """Where the values of the chart that a template belongs to are: below the names of subcharts."""
    parts = source.split("/")
    return tuple(parts[index + 1] for index, part in enumerate(parts[:-1]) if part == "charts")

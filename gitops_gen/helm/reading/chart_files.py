"""The files of a chart and of the charts in it, as text: from a folder or from an archive."""

import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitops_gen.helm.engine import Values
from gitops_gen.models.layout import CHART_FILE, VALUES_FILE
from gitops_gen.yaml.key_paths import KeyPath, plain_steps
from gitops_gen.yaml.reader import load_all

Files = Mapping[str, str]
"""Text files by their path in the chart; what is not UTF-8 is left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartFiles:
    """A chart: its Chart.yaml, its values.yaml, its text files, and its subcharts, each once for every alias.

    `path` are the keys that lead to its values in those of the chart at the top.
    """

    path: KeyPath
    metadata: Values
    values: Values
    files: Files
    subcharts: dict[str, "ChartFiles"] = field(default_factory=dict)

    @property
    def dependencies(self) -> list[Values]:
        """The entries of `dependencies` in Chart.yaml or, in an old chart, in requirements.yaml."""
        found = self.metadata.get("dependencies") or _document(self.files, "requirements.yaml").get("dependencies")
        return [item for item in found or [] if isinstance(item, dict)]

    def all(self) -> Iterator["ChartFiles"]:
        """The chart and all charts below it."""
        yield self
        for chart in self.subcharts.values():
            yield from chart.all()

    def declared(self) -> Iterator[tuple[KeyPath, Values]]:
        """The values of each chart's values.yaml, with the path that leads there."""
        for chart in self.all():
            yield chart.path, chart.values


def chart_files(place: Path) -> ChartFiles:
    """The chart in a folder or `.tgz`. Files that `.helmignore` leaves out are among them.

    Raises `ProblemsError` for a Chart.yaml or values.yaml that is not valid YAML.
    """
    return _chart(_packed(place.read_bytes()) if place.is_file() else dict(_in_folder(place)), ())


def _chart(files: Files, path: KeyPath) -> ChartFiles:
    own = {name: text for name, text in files.items() if not name.startswith("charts/")}
    chart = ChartFiles(path=path, metadata=_document(own, CHART_FILE), values=_document(own, VALUES_FILE), files=own)
    for name, inner in _contained(files).items():
        for key in _keys(chart, name):
            chart.subcharts[key] = _chart(inner, (*path, key))
    return chart


def _keys(chart: ChartFiles, name: str) -> list[str]:
    """The keys of a subchart's values: its alias, of which it may have several, else its name."""
    named = [item for item in chart.dependencies if item.get("name") == name]
    return [str(item.get("alias") or name) for item in named] or [name]


def _contained(files: Files) -> dict[str, Files]:
    """The charts in `charts/` by their name."""
    folders: dict[str, dict[str, str]] = {}
    for name, text in files.items():
        if name.startswith("charts/") and name.count("/") > 1:
            _, folder, rest = name.split("/", 2)
            folders.setdefault(folder, {})[rest] = text
    return {str(_document(inner, CHART_FILE).get("name") or folder): inner for folder, inner in folders.items()}


def _document(files: Files, name: str) -> Values:
    found: Any = next(iter(load_all(files.get(name, ""), name)), {})
    return found if isinstance(found, dict) else {}


def _in_folder(folder: Path) -> Iterator[tuple[str, str]]:
    """Symlinks are followed as Helm does, a folder that contains itself once."""
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        if os.path.realpath(place) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(place))
        for path in (Path(place, name) for name in files):
            if path.is_file():
                yield from _file(path.relative_to(folder).as_posix(), path.read_bytes())


def _packed(archive: bytes) -> dict[str, str]:
    """The files of an archive, whose paths begin with the chart's name."""
    found: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as source:
        for member in source:
            if stream := source.extractfile(member):
                found |= dict(_file(member.name.partition("/")[2], stream.read()))
    return found


def _file(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    if name.startswith("charts/") and name.endswith((".tgz", ".tar.gz")) and name.count("/") == 1:
        inner = _packed(content)
        yield from ((f"{name}/{path}", text) for path, text in inner.items())
        return
    try:
        yield name, content.decode()
    except UnicodeDecodeError:
        return


def exported(chart: ChartFiles) -> Iterator[KeyPath]:
    """The values of subcharts that `import-values` brings into their parents: what is read there, is read of these.

    https://helm.sh/docs/topics/charts/#importing-child-values-via-dependencies
    """
    for parent in chart.all():
        for item in parent.dependencies:
            key = str(item.get("alias") or item.get("name"))
            for entry in item.get("import-values") or []:
                inner = ("exports", entry) if isinstance(entry, str) else plain_steps(str(entry.get("child", "")))
                yield (*parent.path, key, *inner)

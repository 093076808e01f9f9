"""What a chart's folder says about its dependencies: Chart.yaml asks for them, charts/ has them, Chart.lock has their
versions. And the archive that `helm dependency build` makes of one that is a folder next to the chart.

https://helm.sh/docs/helm/helm_dependency_build/, https://github.com/helm/helm/blob/v4.2.3/pkg/downloader/manager.go
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gitops_gen.errors import GitopsError
from gitops_gen.helm.archive import BROKEN, packed, top_files
from gitops_gen.helm.digest import read_files
from gitops_gen.helm.engine import Engine, HelmRelease
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.runtime.scratch import scratch
from gitops_gen.yaml.reader import load

CHARTS = "charts"
LOCK_FILE = "Chart.lock"
_LOCAL = "file://"

#: before Chart.yaml had them: where an old chart names its dependencies, and their lock
_OLD_FILE, _OLD_LOCK = "requirements.yaml", "requirements.lock"
LOCK_FILES = (LOCK_FILE, _OLD_LOCK)
FILES = (CHART_FILE, _OLD_FILE)
"""The files of a chart that name its dependencies."""

_FIELDS = ("name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias")
"""In the order of Helm's `Dependency`, whose JSON the digest of a lock is made of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartDependency:
    """One entry of `dependencies`: `version` is a range, or in a lock a version."""

    name: str
    version: str
    repository: str

    @property
    def is_local(self) -> bool:
        """Whether it is a folder next to the chart."""
        return self.repository.startswith(_LOCAL)

    @property
    def local_path(self) -> str:
        """The path of a local one from the chart's folder."""
        return self.repository.removeprefix(_LOCAL)


class Dependencies:
    """The dependencies of the chart in a folder. Files that are not valid YAML count as missing: Helm reports them."""

    def __init__(self, chart: Path) -> None:
        self._chart = chart
        metadata = _document(chart / CHART_FILE)
        self._is_old = metadata.get("apiVersion") == "v1"
        found = metadata.get("dependencies") or _document(chart / _OLD_FILE).get("dependencies")
        self._entries = [entry for entry in found or () if isinstance(entry, dict)]

    @property
    def declared(self) -> list[ChartDependency]:
        """What Chart.yaml asks for."""
        return _dependencies(self._entries)

    @cached_property
    def present(self) -> set[tuple[str, str]]:
        """Name and version of each chart in charts/."""
        folder = self._chart / CHARTS
        return set(_present(folder)) if self._entries and folder.is_dir() else set()

    @property
    def missing(self) -> list[ChartDependency]:
        """What charts/ lacks. Helm compares names only."""
        names = {name for name, _ in self.present}
        return [item for item in self.declared if item.name not in names]

    @property
    def _lock_file(self) -> str:
        return _OLD_LOCK if self._is_old else LOCK_FILE

    @cached_property
    def _lock(self) -> dict[str, Any]:
        return _document(self._chart / self._lock_file)

    @property
    def locked(self) -> list[ChartDependency]:
        """The versions in the lock; empty without one."""
        return _dependencies(self._lock.get("dependencies") or ())

    @property
    def lock_fault(self) -> str:
        """What is wrong with the lock, as a sentence; empty when it fits Chart.yaml."""
        if not self._lock:
            return f"there is no {self._lock_file}"
        resolved = {item.name: item.repository for item in self.locked}
        wanted = [_without_alias(entry, resolved) for entry in self._entries]
        digests = {_digest([_ordered(wanted), _ordered(self._lock.get("dependencies") or ())])}
        if self._is_old:
            digests.add(_digest({"dependencies": _ordered(self._entries)}))
        if self._lock.get("digest") in digests:
            return ""
        return f"{self._lock_file} does not fit the dependencies in {CHART_FILE}"

    @property
    def others_than_locked(self) -> list[ChartDependency]:
        """What the lock has at a version that is not in charts/."""
        return [item for item in self.locked if item.repository and (item.name, item.version) not in self.present]


def _dependencies(entries: Any) -> list[ChartDependency]:
    return [_dependency(entry) for entry in entries if isinstance(entry, dict)]


def _dependency(entry: dict[str, Any]) -> ChartDependency:
    version = str(entry.get("version") or "")
    return ChartDependency(name=str(entry.get("name")), version=version, repository=_repository(entry))


def _repository(entry: dict[str, Any]) -> str:
    return str(entry.get("repository") or "")


def _document(file: Path) -> dict[str, Any]:
    try:
        found = load(file.read_text(encoding="utf-8"), file.name)
    except (OSError, ValueError, GitopsError):
        return {}
    return found if isinstance(found, dict) else {}


def _present(folder: Path) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(("_", ".")):  # Helm does not load them
            continue
        metadata = _document(entry / CHART_FILE) if entry.is_dir() else _archived(entry)
        if metadata:
            yield str(metadata.get("name")), str(metadata.get("version"))


def archives_of(folder: Path, name: str) -> list[Path]:
    """The archives in a charts/ folder that hold the chart of that name, of any version."""
    return [file for file in sorted(folder.glob("*gz")) if _archived(file).get("name") == name]


def _archived(archive: Path) -> dict[str, Any]:
    """The Chart.yaml of an archive."""
    if archive.suffix not in (".tgz", ".gz"):
        return {}
    try:
        found = load(top_files(archive, CHART_FILE.__eq__).get(CHART_FILE, b"").decode(), CHART_FILE)
    except (ValueError, GitopsError, *BROKEN):
        return {}
    return found if isinstance(found, dict) else {}


def _without_alias(entry: dict[str, Any], resolved: dict[str, str]) -> dict[str, Any]:
    """An entry with the URL of its repository, where it names one that `helm repo add` knows by a short name."""
    repository = _repository(entry)
    if not repository.startswith(("@", "alias:")):
        return entry
    return {**entry, "repository": resolved.get(str(entry.get("name")), repository)}


def _ordered(entries: Any) -> list[dict[str, Any]]:
    """The entries as Go writes them: fields in the order of the struct, empty ones left out, `repository` always."""
    found = []
    for entry in entries:
        kept = {name: _sorted(entry.get(name)) for name in _FIELDS if entry.get(name) or name in ("name", "repository")}
        found.append({**kept, "repository": _repository(entry)})
    return found


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def _digest(data: Any) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":  # https://pkg.go.dev/encoding/json#Marshal
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def satisfies(engine: Engine, version: str, constraint: str) -> bool:
    """Whether a version is in a range, by Helm's rules: asked of a small chart. Raises `ChartError`."""
    with scratch() as folder:
        (folder / "templates").mkdir()
        (folder / CHART_FILE).write_text("apiVersion: v2\nname: check\nversion: 0.0.0\n", encoding="utf-8")
        (folder / "templates" / "check.yaml").write_text(
            'kind: {{ ternary "in" "out" (semverCompare .Values.range .Values.version) }}\n',
            encoding="utf-8",
        )
        values = {"range": constraint, "version": version}
        rendered = engine.load(folder).render(HelmRelease(name="check", namespace="check", values=values))
    return "kind: in" in rendered


def packed_chart(chart: Path) -> tuple[str, str, bytes]:
    """Name, version and archive of the chart in a folder, with what its .helmignore leaves."""
    metadata = _document(chart / CHART_FILE)
    name, version = str(metadata.get("name")), str(metadata.get("version"))
    return name, version, packed({f"{name}/{path}": content for path, content in read_files(chart)})

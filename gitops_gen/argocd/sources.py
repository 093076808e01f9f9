"""The sources of an Application of any repository, in a checkout of it: the folder and value files that each one names,
and what Argo CD renders of it.

https://github.com/argoproj/argo-cd/blob/v3.5.1/reposerver/repository/repository.go (`GenerateManifests`,
`getResolvedValueFiles`),
https://github.com/argoproj/argo-cd/blob/v3.5.1/util/app/path/path.go (`GetSourceRefreshPaths`)
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gitops_gen.argocd.globs import matches_glob
from gitops_gen.errors import GitopsError
from gitops_gen.git.paths import PathError, Root
from gitops_gen.helm.choice import open_engine
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.project.chart_folders import ChartFolders
from gitops_gen.project.helm_options import HELM, HelmSource
from gitops_gen.project.layers import ValueLayer, Values, merge
from gitops_gen.project.local_dependencies import needed_folders
from gitops_gen.yaml.key_paths import KeyPath
from gitops_gen.yaml.reader import load

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_TOOLS = ("kustomize", "plugin")
_MANIFESTS = (".yaml", ".yml", ".json")


class NotRenderedError(GitopsError):
    """Argo CD renders something that is not rendered here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedFile:
    """A value file that a source names."""

    #: where, inside the Application
    place: KeyPath
    written: str
    #: its path from the top of the checkout; empty when it leaves the repository
    path: str


@dataclass(frozen=True, kw_only=True)
class CheckoutSource:
    """One source of an Application whose files are in this checkout."""

    root: Root
    #: where it is inside the Application
    place: KeyPath
    data: Mapping[str, Any]
    #: names of sources (`ref`) that stand for the top of this checkout
    refs: frozenset[str] = frozenset()

    @property
    def folder(self) -> str:
        """Its path from the top of the checkout."""
        return posixpath.normpath(str(self.data.get("path") or ".").strip("/") or ".")

    @property
    def is_chart(self) -> bool:
        """Whether Helm renders it."""
        return self._has(CHART_FILE)

    @property
    def is_readable(self) -> bool:
        """Whether it is rendered here: a chart, or a folder of manifests."""
        is_built = any(self.data.get(tool) for tool in _TOOLS) or any(map(self._has, _KUSTOMIZATIONS))
        return self.is_chart or not is_built

    def _has(self, name: str) -> bool:
        return Path(self.root.folder, self.folder, name).is_file()

    @property
    def _helm(self) -> Mapping[str, Any]:
        found = self.data.get("helm")
        return found if isinstance(found, dict) else {}

    @property
    def may_lack_files(self) -> bool:
        """Whether Argo CD renders without value files that do not exist."""
        return self._helm.get("ignoreMissingValueFiles") is True

    def value_files(self) -> Iterator[NamedFile]:
        """The value files in this checkout."""
        for place, written in self._named_files():
            if self._is_followed(written):
                ref, _, rest = written.partition("/")
                is_from_top = ref.startswith("$") or not ref
                path = posixpath.normpath(rest if is_from_top else posixpath.join(self.folder, written))
                is_outside = path.startswith("..") or not self._stays(path)
                yield NamedFile(place=place, written=written, path="" if is_outside else path)

    def other_value_files(self) -> Iterator[tuple[KeyPath, str]]:
        """The value files that are not read here: URLs, patterns, names that Argo CD puts variables into, and files of
        other repositories; each with its place.
        """
        return ((place, written) for place, written in self._named_files() if not self._is_followed(written))

    def _named_files(self) -> Iterator[tuple[KeyPath, str]]:
        for index, written in enumerate(self._helm.get("valueFiles") or ()):
            yield (*self.place, "helm", "valueFiles", index), str(written)

    def _is_followed(self, written: str) -> bool:
        ref, slash, rest = written.partition("/")
        is_ref = bool(slash) and ref.startswith("$")
        if "://" in written or "*" in written or "$" in (rest if is_ref else written):
            return False
        return not is_ref or ref.removeprefix("$") in self.refs

    def _stays(self, path: str) -> bool:
        try:
            self.root.resolved(path)
        except PathError:
            return False
        return True

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The folders and files that a render reads."""
        needed = needed_folders(self.root, self.folder) if self.is_chart else ()
        return (self.folder, *needed, *(item.path for item in self.value_files() if item.path))

    def manifests(self, base: HelmRelease) -> list[tuple[str, str]]:
        """The texts that Argo CD applies, each with the name of its file; of a chart one, with the chart's folder.

        `base` is what an Application without settings would render with. Raises `NotRenderedError`, `ChartError`,
        `PathError`, and `ProblemsError` for a value file.
        """
        if not self.is_chart:
            return list(self._files())
        top = Path(self.root.folder)
        chart = open_engine("").load(ChartFolders(top, top, "").folder(self.folder))
        return [(chart.render(self._release(base)), self.folder)]

    def _release(self, base: HelmRelease) -> HelmRelease:
        values: Values = {}
        for item in self.value_files():
            if item.path and self.root.is_file(item.path):
                values = merge(values, load(self.root.read(item.path).decode(), item.path) or {})
        merged = {"spec": {"source": self.data}}
        layer = ValueLayer(name="", file="", prefix=(), values=merged)
        release = HelmRelease(name=base.name, namespace=base.namespace, kubernetes=base.kubernetes, values=values)
        source = HelmSource(merged, [layer], is_pinned=False)
        options = source.options(release, base.name)
        for path, message, _ in source.refusals:
            if path[: len(HELM)] == HELM and path != (*HELM, "valueFiles"):
                raise NotRenderedError(message)
        return options.release

    def _files(self) -> Iterator[tuple[str, str]]:
        found = self.data.get("directory")
        settings = found if isinstance(found, dict) else {}
        only, never = str(settings.get("include") or "*"), str(settings.get("exclude") or "")
        self.root.links(self.folder)
        top = Path(self.root.folder, self.folder)
        for file in sorted(top.rglob("*") if settings.get("recurse") is True else top.glob("*")):
            name = file.relative_to(top).as_posix()
            if file.suffix in _MANIFESTS and matches_glob(only, name) and not (never and matches_glob(never, name)):
                path = posixpath.normpath(f"{self.folder}/{name}")
                yield self.root.read(path).decode(), path


def sources(application: Mapping[str, Any]) -> list[tuple[KeyPath, Mapping[str, Any]]]:
    """The sources that Argo CD looks at, each with its place."""
    spec = application.get("spec")
    found = spec.get("sources") if isinstance(spec, dict) else None
    if isinstance(found, list) and found:
        return [(("spec", "sources", index), item) for index, item in enumerate(found) if isinstance(item, dict)]
    source = spec.get("source") if isinstance(spec, dict) else None
    return [(("spec", "source"), source)] if isinstance(source, dict) else []


def refresh_paths(annotation: str, folders: Sequence[str]) -> list[str]:
    """The paths from the top of the checkout that `manifest-generate-paths` names, for sources in these folders."""
    found = []
    for item in filter(None, map(str.strip, annotation.split(";"))):
        starts = [""] if item.startswith("/") else folders
        found += [posixpath.normpath(posixpath.join(start, item.lstrip("/") or ".")) for start in starts]
    return found

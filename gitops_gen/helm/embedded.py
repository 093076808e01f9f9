"""Helm inside this process, through helm-python-sdk (`helm_python`, Helm 4 as a C library).

Behaviour of the library that this adapter works around, each covered by a test: a render changes a loaded chart with
subcharts (so each render of one loads the archive again, about 1 ms); the values schema is compiled at every render (so
the archive has none, and subcharts' schemas are asked with the values only); a chart that `helm template` refuses
(kubeVersion, missing dependency, library chart) renders anyway; a process forked after a render hangs.
"""

import json
import os
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import helm_python
from helm_python import _native

from gitops_gen.helm.archive import VALUES_TEMPLATE, ChartArchive, values_archive, without_schemas
from gitops_gen.helm.engine import (
    LOADING,
    SCHEMA_FAILURE,
    TEMPLATES,
    ChartError,
    HelmRelease,
    LoadedChart,
    SubchartValuesError,
    Values,
    within_limit,
)
from gitops_gen.helm.output import printed
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.runtime.limits import Limits, limited
from gitops_gen.runtime.scratch import scratch
from gitops_gen.runtime.streams import errors_logged

_loaded_in = os.getpid()


def _refuse_fork() -> None:
    if os.getpid() != _loaded_in:
        raise ChartError(
            "Helm's runtime does not survive a fork", "start worker processes with `spawn` or `forkserver`"
        )


class EmbeddedEngine:
    """Helm as a library: no process, no cluster, no network."""

    name = "embedded"

    @cached_property
    def version(self) -> str:
        """The version of the Helm inside the library."""
        return helm_python.helm_sdk_version()

    @errors_logged()
    def load(self, path: Path) -> LoadedChart:
        """Read a chart folder (with its .helmignore) or archive. Raises `ChartError` and `LimitError`."""
        _refuse_fork()
        limits = Limits.of_environment()
        if not _is_utf8(path):
            raise ChartError("the chart's path is not UTF-8", "rename the folder")
        try:
            return limited(lambda: _loaded(path, limits), LOADING, limits)
        except helm_python.HelmError as error:
            raise ChartError(str(error).removeprefix(f"{path}: ")) from error


def _is_utf8(path: Path) -> bool:
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _loaded(path: Path, limits: Limits) -> "EmbeddedChart":
    with helm_python.Chart.load(path) as chart:
        _check_installable(chart)
        return EmbeddedChart(_archive(chart, path), chart.metadata, limits)


class EmbeddedChart:
    """A chart held as an archive in memory."""

    def __init__(self, archive: ChartArchive, metadata: dict[str, Any], limits: Limits) -> None:
        self._archive, self._metadata, self._limits = archive, metadata, limits

    @property
    def schema(self) -> Values | None:
        """The chart's values.schema.json."""
        return self._archive.schema

    @cached_property
    def _chart(self) -> helm_python.Chart:
        return helm_python.Chart.load_archive(self._archive.data)

    @cached_property
    def _merges(self) -> "_Merges":
        return _Merges(self._chart)

    @errors_logged()
    def final_values(self, values: Values) -> Values:
        """The chart's values with `values` over them, merged by Helm. Parts of it are kept: not to be changed."""
        _refuse_fork()
        try:
            return self._merges.final(values) if self._archive.values is None else self._printed_values(values)
        except helm_python.HelmError as error:
            message = str(error)
            raise (SubchartValuesError if message.startswith(SCHEMA_FAILURE) else ChartError)(message) from error

    def _printed_values(self, values: Values) -> Values:
        """With subcharts a merge is not enough: a render names them by alias, switches them off, asks their schemas."""
        with helm_python.Chart.load_archive(self._archive.values or b"") as chart:
            printed: Values = json.loads(chart.render(values, name="values")[f"{chart.name}/{VALUES_TEMPLATE}"])
            return printed

    @errors_logged()
    def render(self, release: HelmRelease) -> str:
        """The manifests as one YAML stream. Raises `LimitError` for templates that loop or fill the memory."""
        _refuse_fork()
        self._check_kubernetes(release)
        try:
            return within_limit(limited(lambda: self._manifests(release), TEMPLATES, self._limits))
        except helm_python.HelmError as error:
            raise ChartError(str(error)) from error

    def _manifests(self, release: HelmRelease) -> str:
        if not self._metadata.get("dependencies"):
            return _stream(self._chart, release)
        with helm_python.Chart.load_archive(self._archive.data) as chart:
            return _stream(chart, release)

    def _check_kubernetes(self, release: HelmRelease) -> None:
        constraint = str(self._metadata.get("kubeVersion") or "")
        if constraint and not _satisfies(constraint, release.kube_version):
            wanted = f"Kubernetes {release.kube_version}" if release.kube_version else "Helm's default"
            raise ChartError(
                f"chart requires kubeVersion: {constraint} which is incompatible with {wanted}",
                "set the cluster's `kubernetes:` in gitops.yaml to the version that it runs",
            )


KEPT_MERGES = 512
"""Merged values of single keys that are kept; a fleet's environments share most of theirs."""


class _Merges:
    """A chart's values merged by Helm with those of one environment after the other.

    Helm copies all of a chart's values for a merge, which takes most of the time. Without subcharts, one top-level key
    does not touch another: Helm gets those that an environment sets and that no other one set alike.
    """

    def __init__(self, chart: helm_python.Chart) -> None:
        self._chart = chart
        self._parts: dict[frozenset[str], helm_python.Chart] = {}
        #: from a key and its value as text to a map of the key's final value; to an empty one where a null deletes it
        self._merged: dict[tuple[str, str], Values] = {}

    @cached_property
    def _own_values(self) -> Values:
        return self._chart.merge_values({})

    def final(self, values: Values) -> Values:
        """The chart's values with `values` over them."""
        if len(self._merged) > KEPT_MERGES:
            self._merged.clear()
        places = [(key, json.dumps(value)) for key, value in values.items()]
        self._merge({key: text for key, text in places if (key, text) not in self._merged}, values)
        final = {key: value for key, value in self._own_values.items() if key not in values}
        for place in places:
            final |= self._merged[place]
        return final

    def _merge(self, wanted: dict[str, str], values: Values) -> None:
        if wanted:
            merged = self._part(frozenset(wanted)).merge_values({key: values[key] for key in wanted})
            self._merged |= {(key, text): {key: merged[key]} if key in merged else {} for key, text in wanted.items()}

    def _part(self, keys: frozenset[str]) -> helm_python.Chart:
        """A chart with only these of the chart's values; fleets use few different sets of keys."""
        if keys not in self._parts:
            values = {key: value for key, value in self._chart.values.items() if key in keys}
            self._parts[keys] = helm_python.Chart.load_archive(values_archive(self._chart.name, values))
        return self._parts[keys]


def _render(chart: helm_python.Chart, release: HelmRelease) -> dict[str, str]:
    options: dict[str, Any] = {"name": release.name, "namespace": release.namespace}
    if release.kube_version:
        options["kube_version"] = release.kube_version
    if release.api_versions:
        options["api_versions"] = list(release.api_versions)
    handle = chart._raw()  # noqa: SLF001 - the public render takes no Kubernetes version
    answer = _native.call_string("helm_render", handle, json.dumps(release.values), json.dumps(options))
    rendered: dict[str, str] = json.loads(answer)
    return rendered


def _stream(chart: helm_python.Chart, release: HelmRelease) -> str:
    rendered = _render(chart, release)
    crds = [] if release.skip_crds else [(crd["filename"], crd["data"]) for crd in chart.crds if crd["data"].strip()]
    return printed(crds, rendered, skip_tests=release.skip_tests)


def _archive(chart: helm_python.Chart, path: Path) -> ChartArchive:
    if path.is_file():
        return without_schemas(path.read_bytes())
    with scratch() as folder:
        return without_schemas(Path(chart.save(str(folder))).read_bytes())


def _check_installable(chart: helm_python.Chart) -> None:
    """Reject charts that `helm template` rejects and the library accepts (https://github.com/helm/helm/blob/main/pkg/action/install.go)."""
    metadata = chart.metadata
    if metadata.get("type", "application") not in ("application", ""):
        raise ChartError(f"{metadata['type']} charts are not installable")
    have = {dependency["name"] for dependency in chart.dependencies}
    missing = [
        dependency["name"] for dependency in metadata.get("dependencies") or [] if dependency["name"] not in have
    ]
    if missing:
        raise ChartError(
            f"found in Chart.yaml, but missing in charts/ directory: {', '.join(missing)}",
            "run `helm dependency build` and commit charts/",
        )


_VERSION_CHECK = b"{{ semverCompare .Values.constraint .Capabilities.KubeVersion.Version }}"


@cache
def _satisfies(constraint: str, kube_version: str) -> bool:
    """Check a version constraint with Helm's rules, by rendering a minimal chart."""
    with scratch() as folder:
        (folder / "templates").mkdir()
        (folder / CHART_FILE).write_text("apiVersion: v2\nname: check\nversion: 0.0.0\n", encoding="utf-8")
        (folder / "templates" / "check").write_bytes(_VERSION_CHECK)
        release = HelmRelease(
            name="check",
            namespace="check",
            values={"constraint": constraint},
            kubernetes=kube_version.removeprefix("v"),
        )
        with helm_python.Chart.load(str(folder)) as chart:
            return _render(chart, release)["check/templates/check"] == "true"

"""Helm as the `helm` program: on request, and where the embedded library has no wheel (musl, Intel macOS)."""

import json
import os
import shutil
import tarfile
from functools import cache, cached_property
from pathlib import Path

from gitops_gen.helm.archive import SCHEMA, offline, top_files
from gitops_gen.helm.engine import (
    SCHEMA_FAILURE,
    TEMPLATES,
    ChartError,
    HelmRelease,
    LoadedChart,
    SubchartValuesError,
    Values,
    within_limit,
)
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.runtime.limits import Limits
from gitops_gen.runtime.programs import ProcessError, run, run_limited
from gitops_gen.runtime.scratch import scratch
from gitops_gen.yaml.reader import load, load_all
from gitops_gen.yaml.writer import dump

HELM_VARIABLE = "GITOPS_GEN_HELM"
_VALUES_TEMPLATE = "templates/gitops-gen-values.yaml"


@cache
def programs() -> tuple[str, ...]:
    """Every Helm that can be run here: what GITOPS_GEN_HELM names, and `helm`, `helm3` and `helm4` on PATH."""
    named = [os.environ.get(HELM_VARIABLE, ""), *(shutil.which(name) or "" for name in ("helm", "helm3", "helm4"))]
    return tuple(dict.fromkeys(filter(None, named)))


def helm_program() -> str:
    """The program that GITOPS_GEN_HELM names, else `helm` on PATH. Raises `ChartError` when there is none."""
    program = os.environ.get(HELM_VARIABLE) or shutil.which("helm")
    if not program:
        raise ChartError("no `helm` on PATH", f"install Helm 3.19 or newer, or set {HELM_VARIABLE} to it")
    return program


class BinaryEngine:
    """Runs one `helm` process per render."""

    name = "binary"

    def __init__(self, program: str) -> None:
        self._program = program

    @classmethod
    def find(cls) -> "BinaryEngine":
        """The program that GITOPS_GEN_HELM names, else `helm` on PATH. Raises `ChartError` when there is none."""
        return cls(helm_program())

    @cached_property
    def version(self) -> str:
        """The program's version."""
        return run([self._program, "version", "--template", "{{.Version}}"]).strip()

    def load(self, path: Path) -> LoadedChart:
        """Read a chart folder or archive. Raises `ChartError`."""
        try:
            run([self._program, "show", "chart", str(path)])
        except ProcessError as error:
            raise ChartError(_helm_message(error)) from error
        return BinaryChart(self._program, path)


class BinaryChart:
    """A chart at a path; each call runs `helm template`."""

    def __init__(self, program: str, path: Path) -> None:
        self._program, self._path = program, path

    @cached_property
    def schema(self) -> Values | None:
        """The chart's values.schema.json."""
        text = self._schema_text()
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise ChartError(f"invalid JSON in {SCHEMA}: {error}") from error

    def _schema_text(self) -> str:
        if self._path.is_dir():
            file = self._path / SCHEMA
            return file.read_text(encoding="utf-8") if file.is_file() else ""
        return top_files(self._path, SCHEMA.__eq__).get(SCHEMA, b"").decode()

    def final_values(self, values: Values) -> Values:
        """The chart's values with `values` over them: the chart with one template that prints them."""
        with scratch() as folder:
            copy = folder / "chart"
            self._copy_without_templates(copy)
            _support_any_kubernetes(copy / CHART_FILE)
            template = copy / _VALUES_TEMPLATE
            template.parent.mkdir(exist_ok=True)
            template.write_text("{{ .Values | toJson }}", encoding="utf-8")
            (copy / SCHEMA).unlink(missing_ok=True)
            _fetch_nothing(copy)
            release = HelmRelease(name="values", namespace="default", values=values)
            return dict(load_all(_template(self._program, copy, release, "--show-only", _VALUES_TEMPLATE), "values")[0])

    def _copy_without_templates(self, target: Path) -> None:
        if self._path.is_dir():
            shutil.copytree(self._path, target, ignore=shutil.ignore_patterns("templates"))
            return
        with scratch() as folder, tarfile.open(self._path) as archive:
            archive.extractall(folder, filter="data")
            (inner,) = folder.iterdir()
            shutil.copytree(inner, target, ignore=shutil.ignore_patterns("templates"))

    def render(self, release: HelmRelease) -> str:
        """The manifests as one YAML stream."""
        options = [
            *([] if release.skip_crds else ["--include-crds"]),
            *(["--skip-tests"] if release.skip_tests else []),
        ]
        return within_limit(_template(self._program, self._path, release, *options, "--skip-schema-validation"))


def _fetch_nothing(chart: Path) -> None:
    for file in (*chart.rglob(SCHEMA), *chart.rglob("*.tgz")):
        file.write_bytes(offline(file.relative_to(chart.parent).as_posix(), file.read_bytes()))


def _support_any_kubernetes(file: Path) -> None:
    """Values do not depend on the cluster's version, and a program's own default may be too old for the chart."""
    metadata = load(file.read_text(encoding="utf-8"), file.name)
    file.write_text(dump({key: value for key, value in metadata.items() if key != "kubeVersion"}), encoding="utf-8")


def _template(program: str, chart: Path, release: HelmRelease, *options: str) -> str:
    argv = [program, "template", release.name, str(chart), "--namespace", release.namespace, *options]
    if release.kube_version:
        argv += ["--kube-version", release.kube_version]
    for api_version in release.api_versions:
        argv += ["--api-versions", api_version]
    try:
        return run_limited([*argv, "--values", "-"], json.dumps(release.values), TEMPLATES, Limits.of_environment())
    except ProcessError as error:
        message = _helm_message(error)
        raise (SubchartValuesError if message.startswith(SCHEMA_FAILURE) else ChartError)(message) from error


def _helm_message(error: ProcessError) -> str:
    lines = [line for line in error.stderr.splitlines() if not line.startswith(("WARNING", "Use --debug flag"))]
    return "\n".join(lines).removeprefix("Error: ").strip() or str(error)

"""Giving the findings of an environment the file and line to edit."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from gitops_gen.errors import ProblemsError
from gitops_gen.helm.engine import ChartError
from gitops_gen.manifests.objects import Manifest
from gitops_gen.models.layout import CHART_FILE, VALUES_FILE
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.layers import Values, setter
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import read_text
from gitops_gen.rules.places import ValueFiles
from gitops_gen.rules.rule import Finding
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.yaml.key_paths import KeyPath, value_at
from gitops_gen.yaml.reader import load, locate


def located(judged: JudgedPlan, opened: OpenProject, environment: ResolvedEnvironment) -> JudgedPlan:
    """The findings at the line of the chart's template, or of the input that set the value. As they are for a chart
    that is not in the working tree.
    """
    if not environment.chart.own_folder or not (judged.findings or judged.notes):
        return judged
    files = _Inputs(opened, environment).files
    data = {str(item.id): item.data for item in reversed(judged.plan.manifests)}
    findings, notes = (
        tuple(files.located(finding, data.get(finding.object, {})) for finding in found)
        for found in (judged.findings, judged.notes)
    )
    return replace(judged, findings=findings, notes=notes)


def in_stream(judged: JudgedPlan, texts: Mapping[str, str]) -> JudgedPlan:
    """The findings about manifests from elsewhere at their lines in the file; a template that Helm names stays the
    source, without a line.
    """
    found = {str(item.id): item for item in reversed(judged.plan.manifests)}

    def at(finding: Finding) -> Finding:
        manifest = found.get(finding.object)
        if manifest is None or manifest.source not in texts:
            return finding
        return replace(finding, line=_line_in_stream(texts[manifest.source], manifest, finding.path))

    return replace(judged, findings=tuple(map(at, judged.findings)), notes=tuple(map(at, judged.notes)))


def _line_in_stream(text: str, manifest: Manifest, path: KeyPath) -> int:
    """`manifest.line` is that of the separator above its document, or of the first line."""
    lines = text.split("\n")[manifest.line - 1 :]
    first = 1 if lines[0].startswith("---") else 0
    end = next((index for index, line in enumerate(lines[first:], first) if line.startswith("---")), len(lines))
    document = "\n".join(["", *lines[first:end]] if first else lines[:end])
    wanted = path or ("kind",)
    return manifest.line - 1 + (locate(document, wanted) or 1)


class _Inputs:
    """Where the values of an environment are set."""

    def __init__(self, opened: OpenProject, environment: ResolvedEnvironment) -> None:
        self._opened, self._environment = opened, environment
        self._chart_file = f"{environment.chart.path}/{VALUES_FILE}"

    @property
    def files(self) -> ValueFiles:
        """What places of findings are looked up in."""
        return ValueFiles(
            text_of=cache(self._opened.charts.places.folders.text),
            set_at=self._set_at,
            chart=self._environment.chart.path,
            file_of=self._template_file,
            values=self._final(),
        )

    def _template_file(self, source: str) -> str:
        """The file of a template in `charts/`: Helm names it by the alias of the subchart, the folder has its name."""
        parts = source.split("/")
        for index in [index for index, part in enumerate(parts[:-1]) if part == "charts"]:
            chart_file = "/".join((*parts[:index], CHART_FILE))
            found = _loaded(self._opened.charts.places.folders.text(chart_file)).get("dependencies") or []
            names = {item.get("alias"): str(item.get("name")) for item in found if isinstance(item, dict)}
            parts[index + 1] = names.get(parts[index + 1], parts[index + 1])
        return "/".join(parts)

    def _final(self) -> Values:
        try:
            chart = self._opened.charts.chart(self._environment.chart)
            return chart.final_values(self._environment.helm.release.values)
        except ChartError:
            return {}

    def _set_at(self, path: KeyPath) -> tuple[str, int | None] | None:
        found = setter(self._environment.value_layers, path)
        if found:
            layer, set_path = found
            full = (*layer.prefix, *set_path)
            rest = path[len(set_path) :]
            if not rest or value_at(layer.values, set_path)[1] is None:
                return layer.file, self._line(layer.file, full)
        return self._default(path)

    def _line(self, file: str, path: KeyPath) -> int | None:
        try:
            return locate(read_text(self._opened.inputs, file), path)
        except ProblemsError:
            return None

    def _default(self, path: KeyPath) -> tuple[str, int | None] | None:
        text = self._opened.charts.places.folders.values_text(self._environment.chart)
        there = value_at(_loaded(text), path)[0] if text else False
        return (self._chart_file, locate(text, path)) if there else None


@cache
def _loaded(text: str) -> Values:
    found = load(text, VALUES_FILE)
    return found if isinstance(found, dict) else {}

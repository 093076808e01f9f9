"""What release.yaml starts with around somebody's chart: the images that the chart chooses by itself, written out,
so that there is something to promote; proven to change nothing of what the chart renders.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gitops_gen.errors import GitopsError
from gitops_gen.helm.engine import ChartError, HelmRelease, LoadedChart
from gitops_gen.helm.reading.chart_files import ChartFiles, chart_files
from gitops_gen.models.layout import VALUES_FILE
from gitops_gen.project.values_schema import ValuesSchema
from gitops_gen.starter.images import ImageKey, image_keys
from gitops_gen.yaml.editing.data import assigned
from gitops_gen.yaml.key_paths import KeyPath, plain_steps
from gitops_gen.yaml.reader import load


@dataclass(frozen=True, kw_only=True, slots=True)
class Seeds:
    """The first released values. `hints` are image keys that could not be written out, with what the chart's appVersion
    would make them. `failure` is Helm's message when the chart does not render with its own values.
    """

    images: tuple[ImageKey, ...] = ()
    hints: tuple[ImageKey, ...] = ()
    failure: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The values with which release.yaml begins."""
        return _tree(self.images)


def seeds(chart: Path, loaded: LoadedChart, release: HelmRelease) -> Seeds:
    """The image keys of `chart`, which an engine has loaded, with the values that they have without being set.

    Where the chart leaves a tag to its appVersion, that is written out when the manifests stay the same, and is a hint
    when not, or when that cannot be seen: the chart fails without values of its user, or uses random values.
    """
    keys = _keys(chart, loaded)
    try:
        before = loaded.render(release)
        repeats = loaded.render(release) == before
    except GitopsError as error:
        chosen, rest = _split(keys)
        return Seeds(images=tuple(chosen), hints=tuple(_versioned(rest, chart)), failure=str(error))
    if not repeats:
        chosen, rest = _split(keys)
        return Seeds(images=tuple(chosen), hints=tuple(_versioned(rest, chart)))
    wanted = [*_versioned(keys, chart)]
    kept = wanted if _same(loaded, release, before, wanted) else _harmless(loaded, release, before, wanted)
    paths = {key.path for key in kept}
    return Seeds(images=tuple(kept), hints=tuple(key for key in wanted if key.path not in paths))


def _keys(chart: Path, loaded: LoadedChart) -> list[ImageKey]:
    """Those of the chart's own values.yaml, where a null is still seen, and those of its subcharts."""
    file = chart / VALUES_FILE
    own = load(file.read_text(encoding="utf-8"), f"{chart.name}/{VALUES_FILE}") if file.is_file() else {}
    found = {key.path: key for key in image_keys(own if isinstance(own, Mapping) else {})}
    try:
        merged = image_keys(loaded.final_values({}))
    except ChartError:
        merged = ()
    return [*found.values(), *(key for key in merged if key.path not in found)]


def _split(keys: list[ImageKey]) -> tuple[list[ImageKey], list[ImageKey]]:
    return [key for key in keys if key.value != ""], [key for key in keys if key.value == ""]


def _versioned(keys: list[ImageKey], chart: Path) -> Iterator[ImageKey]:
    """The keys with the appVersion of the chart that each belongs to in place of nothing; left out where there is none.

    A number becomes text, as templates print it.
    """
    versions = app_versions(chart)
    for key in keys:
        value = key.value
        if value == "":
            value = versions.get(str(key.path[0]), versions.get("", "")) if len(key.path) > 1 else versions.get("", "")
        if value != "":
            yield replace(key, value=str(value) if isinstance(value, float) else value)


def _same(loaded: LoadedChart, release: HelmRelease, before: str, keys: list[ImageKey]) -> bool:
    values = _tree(keys)
    try:
        final = loaded.final_values(values)
        if loaded.schema is not None and not ValuesSchema(loaded.schema).fits(final):
            return False
        named = HelmRelease(
            name=release.name, namespace=release.namespace, values=values, kubernetes=release.kubernetes
        )
        return loaded.render(named) == before
    except GitopsError:
        return False


def _harmless(loaded: LoadedChart, release: HelmRelease, before: str, keys: list[ImageKey]) -> list[ImageKey]:
    return [key for key in keys if _same(loaded, release, before, [key])]


def _tree(keys: Iterable[ImageKey]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key in keys:
        tree = assigned(tree, key.path, key.value)
    return tree


def app_versions(chart: Path) -> dict[str, str]:
    """The appVersion of the chart, under the empty name, and of each of its subcharts, under the key of its values."""
    files = chart_files(chart)
    missing = {str(item.get("alias") or item.get("name")): "" for item in files.dependencies}
    return {"": _app_version(files), **missing, **{key: _app_version(one) for key, one in files.subcharts.items()}}


def _app_version(chart: ChartFiles) -> str:
    return str(chart.metadata.get("appVersion") or "")


def required_key(chart: Path, failure: str) -> KeyPath:
    """The value that the chart asked for, read off the place in the template that Helm's message names; empty when it
    does not say.
    """
    expression = re.search(r"at <(?:\$|)\.Values\.([\w.]+)>", failure)
    place = re.search(r"[(\s]([\w.-]+)/((?:charts/[\w.-]+/)*)(templates/[^\s:)]+):(\d+)", failure)
    if place is None:
        return plain_steps(expression[1]) if expression else ()
    subcharts = [part for part in place[2].split("/") if part and part != "charts"]
    if expression:
        return (*subcharts, *plain_steps(expression[1]))
    file = chart / place[2] / place[3]
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    line = lines[int(place[4]) - 1] if len(lines) >= int(place[4]) else ""
    found = re.search(r"\brequired\b.*?\.Values\.([\w.]+)", line) or re.search(r"\.Values\.([\w.]+)", line)
    return (*subcharts, *plain_steps(found[1])) if found else ()

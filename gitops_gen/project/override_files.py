"""Argo CD's override files in a chart folder: `.argocd-source.yaml` for every Application that uses the folder, and
`.argocd-source-<application>.yaml` for one, as Argo CD Image Updater writes it.

Argo CD merges each of them over the Application's source (a JSON merge patch) before it renders; path, repository and
revision of the source stay. So they count here too: as the strongest layers of the values.
https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git,
https://github.com/argoproj/argo-cd/blob/v3.5.1/reposerver/repository/repository.go (`mergeSourceParameters`)
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.git.paths import Root
from gitops_gen.helm.archive import BROKEN, top_files
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.helm_options import HELM, SOURCE, HelmOptions, HelmSource
from gitops_gen.project.layers import ValueLayer, merge_layers
from gitops_gen.project.reading import decoded, read_text
from gitops_gen.yaml.key_paths import KeyPath, dotted, value_at
from gitops_gen.yaml.reader import load, locate

_IGNORED = ("path", "chart", "repoURL", "targetRevision")
"""What Argo CD puts back to what the Application has."""

_PREFIX = ".argocd-source"

_FIELDS: dict[str, type] = {
    **dict.fromkeys(("valueFiles", "parameters", "fileParameters", "apiVersions"), list),
    **dict.fromkeys(("releaseName", "values", "version", "namespace", "kubeVersion"), str),
    **dict.fromkeys(
        ("ignoreMissingValueFiles", "passCredentials", "skipCrds", "skipTests", "skipSchemaValidation"), bool
    ),
    "valuesObject": dict,
}
_PARAMETER: dict[str, type] = {"name": str, "value": str, "forceString": bool}
"""Argo CD cannot read another type; a field that it does not know has no effect."""

_NAMES: dict[type, str] = {list: "a list", str: "text in quotes", bool: "true or false", dict: "a map"}


def override_names(application: str) -> tuple[str, str]:
    """The names of the files that Argo CD reads for an Application."""
    return f"{_PREFIX}.yaml", f"{_PREFIX}-{application}.yaml"


def with_override_files(environment: ResolvedEnvironment, chart: Path) -> ResolvedEnvironment:
    """The environment as Argo CD renders it with the override files in the folder or archive of its chart.

    Raises `ProblemsError` for a file that Argo CD cannot read, and for what cannot be rendered here.
    """
    found = _readers(chart, override_names(environment.application_name))
    if not found:
        return environment
    layers = tuple(_layer(f"{environment.chart.label}/{name}", read) for name, read in found.items())
    return replace(environment, helm=_options(environment, layers))


def _readers(chart: Path, names: tuple[str, ...]) -> dict[str, Callable[[], str]]:
    """What reads the text of each file that is there. Argo CD unpacks an archive first.

    https://github.com/argoproj/argo-cd/blob/v3.5.1/util/helm/client.go (`ExtractChart`)
    """
    if chart.is_file():
        packed = _packed(chart, chart.stat().st_mtime_ns)
        return {name: partial(decoded, packed[name], name) for name in names if name in packed}
    root = Root(chart.resolve(), "chart")
    return {name: partial(read_text, root, name) for name in names if os.path.isfile(chart / name)}


@lru_cache(maxsize=16)
def _packed(archive: Path, _changed: int) -> dict[str, bytes]:
    """The override files of all Applications: one archive may be the chart of many."""
    try:
        return top_files(archive, lambda name: name.startswith(_PREFIX))
    except BROKEN:
        return {}  # reported where the chart is rendered


def _layer(file: str, read: Callable[[], str]) -> ValueLayer:
    name = file.rpartition("/")[2]
    try:
        text = read()
        data = load(text, file)
    except ProblemsError as error:
        raise ProblemsError([replace(problem, file=file) for problem in error.problems]) from error
    data = {} if data is None else data
    fail_if_any(Problem(file=file, line=locate(text, path), key=dotted(path), **said) for path, said in _faults(data))
    kept = {key: value for key, value in data.items() if key not in _IGNORED}
    return ValueLayer(name=name, file=file, prefix=(), values={"spec": {"source": _spelled(kept)}}, text=text)


def _faults(data: Any) -> Iterator[tuple[KeyPath, dict[str, str]]]:
    if not isinstance(data, dict):
        hint = "see docs/reference/files.md"
        yield (), {"message": "must be a map of fields of an Application's source", "hint": hint}
        return
    helm = data.get("helm")
    if helm is not None and not isinstance(helm, dict):
        yield ("helm",), {"message": "must be a map", "hint": ""}
        return
    yield from _wrong(helm or {}, _FIELDS, ("helm",))
    parameters = (helm or {}).get("parameters")
    for index, item in enumerate(parameters if isinstance(parameters, list) else ()):
        yield from _wrong(_canonical(item), _PARAMETER, ("helm", "parameters", index))


def _wrong(data: Any, fields: dict[str, type], path: KeyPath) -> Iterator[tuple[KeyPath, dict[str, str]]]:
    if not isinstance(data, dict):
        yield path, {"message": "must be a map", "hint": ""}
        return
    for key, value in data.items():
        if key not in fields:
            yield (*path, key), {"message": "Argo CD ignores this field", "hint": did_you_mean(str(key), fields)}
        elif value is not None and not isinstance(value, fields[key]):
            yield (*path, key), {"message": f"must be {_NAMES[fields[key]]}, or Argo CD renders nothing", "hint": ""}


def _spelled(source: dict[str, Any]) -> dict[str, Any]:
    helm = source.get("helm") or {}
    if not helm.get("parameters"):
        return source
    return {**source, "helm": {**helm, "parameters": [_canonical(item) for item in helm["parameters"]]}}


def _canonical(item: Any) -> Any:
    """A parameter with its keys as Argo CD reads them, in any case: Image Updater writes `forcestring`.

    https://pkg.go.dev/encoding/json#Unmarshal
    """
    known = {name.lower(): name for name in _PARAMETER}
    return {known.get(str(key).lower(), key): value for key, value in item.items()} if isinstance(item, dict) else item


def _options(environment: ResolvedEnvironment, files: tuple[ValueLayer, ...]) -> HelmOptions:
    layers = (*environment.application_layers, *files)
    merged = merge_layers([ValueLayer(name="", file="", prefix=(), values=environment.application), *files])
    source = HelmSource(merged, layers, is_pinned=bool(environment.chart.revision))
    options = source.options(environment.helm.base, environment.application_name)
    fail_if_any(_problem(files, *refusal) for refusal in source.refusals)
    return replace(options, layers=tuple(_placed(layer, files) for layer in options.layers))


def _problem(files: tuple[ValueLayer, ...], path: KeyPath, message: str, hint: str) -> Problem:
    setting = [layer for layer in files if value_at(layer.values, path)[0]] or files
    inside = path[len(SOURCE) :]
    line = locate(setting[-1].text or "", inside)
    hint = hint or "remove it"
    return Problem(file=setting[-1].file, line=line, key=dotted(inside), message=message, hint=hint)


def _placed(layer: ValueLayer, files: tuple[ValueLayer, ...]) -> ValueLayer:
    """A layer of the options; in an override file its place counts from the source."""
    if layer.file not in {file.file for file in files}:
        return layer
    field = layer.prefix[len(HELM)]
    return replace(layer, name=f"{field} of {layer.file.rpartition('/')[2]}", prefix=layer.prefix[len(SOURCE) :])

"""`explain`: where each value of an environment comes from, layer by layer, with file and line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.errors import UsageError
from gitops_gen.helm.engine import Values
from gitops_gen.models.layout import VALUES_FILE
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.layers import ValueLayer
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import read_text
from gitops_gen.yaml.key_paths import KeyPath, dotted, leaves, parse_key, value_at
from gitops_gen.yaml.reader import locate

_ALLOW: KeyPath = ("argocd", "project", "allow")


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueOrigin:
    """A value that one layer sets: the layer, its place, and the value."""

    layer: str
    file: str
    line: int | None
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """A key, its final value, and everybody who set it, the strongest last (the chart's own default first)."""

    key: str
    value: Any
    origins: tuple[ValueOrigin, ...]


def explain(opened: OpenProject, name: str, key: str = "") -> list[Explanation]:
    """Every overridden key of an environment; with `key` that key (and, for a map, every key in it, overridden or not).

    `argocd.project.allow` and the keys in it are explained too. Raises `UsageError` for an unknown environment or key,
    `ProblemsError` for inputs that are wrong.
    """
    environment = opened.environment(name)
    if key and parse_key(key)[: len(_ALLOW)] == _ALLOW:
        return list(_allowed(opened, environment, parse_key(key)[len(_ALLOW) :]))
    chart = opened.charts.chart(environment.chart)
    final, defaults = chart.final_values(environment.helm.release.values), chart.final_values({})
    paths = _asked(final, key) if key else list(leaves(environment.helm.release.values))
    return [_explanation(opened, environment, path, final, defaults) for path in paths]


def _allowed(opened: OpenProject, environment: ResolvedEnvironment, field: KeyPath) -> Iterator[Explanation]:
    """What each layer adds to what the AppProject allows; `field` is one of the keys, or nothing for all."""
    total = {"secrets": False, **environment.allow.model_dump(by_alias=True, exclude_none=True)}
    for name, value in total.items():
        if field and field != (name,):
            continue
        origins = [
            ValueOrigin(layer="allow", file=layer.file, line=_line(opened, layer, ("allow", name)), value=entries)
            for layer in environment.project_layers
            for there, entries in [value_at(layer.values, ("allow", name))]
            if there
        ]
        yield Explanation(key=dotted((*_ALLOW, name)), value=value, origins=tuple(origins))
    if field and (len(field) > 1 or field[0] not in total):
        raise UsageError(f"no key `{dotted((*_ALLOW, *field))}`", did_you_mean(str(field[0]), list(total)))


def _line(opened: OpenProject, layer: ValueLayer, path: KeyPath) -> int | None:
    text = read_text(opened.inputs, layer.file) if layer.text is None else layer.text
    return locate(text, (*layer.prefix, *path))


def _asked(final: Values, key: str) -> list[KeyPath]:
    path = parse_key(key)
    there, value = value_at(final, path)
    if not there:
        known = [dotted(leaf) for leaf in leaves(final)]
        raise UsageError(f"no value `{key}` in the chart or any layer", did_you_mean(key, known) if known else "")
    return [(*path, *rest) for rest in leaves(value)] if isinstance(value, dict) and value else [path]


def _explanation(
    opened: OpenProject, environment: ResolvedEnvironment, path: KeyPath, final: Values, defaults: Values
) -> Explanation:
    origins = []
    there, default = value_at(defaults, path)
    if there:
        file = f"{environment.chart.path or environment.chart.name}/{VALUES_FILE}"
        text = opened.charts.places.folders.values_text(environment.chart)
        origins.append(ValueOrigin(layer="chart", file=file, line=locate(text, path) if text else None, value=default))
    for layer in environment.value_layers:
        there, value = value_at(layer.values, path)
        if there:
            line = _line(opened, layer, path)
            origins.append(ValueOrigin(layer=layer.name, file=layer.file, line=line, value=value))
    return Explanation(key=dotted(path), value=value_at(final, path)[1], origins=tuple(origins))

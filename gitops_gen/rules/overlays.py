"""The rule on values that an environment, or what it shares, sets to what they are without it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from gitops_gen.errors import GitopsError
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.layers import ValueLayer, Values, merge
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import read_text
from gitops_gen.rules.rule import Finding, Rule, Severity
from gitops_gen.yaml.key_paths import KeyPath, leaves, typed_key, value_at
from gitops_gen.yaml.reader import locate

_NAMED = 5

UNCHANGED = Rule(
    id="value-is-the-default",
    title="A layer of values changes something",
    explanation=(
        "A key that is set to the chart's default, where no weaker layer sets another value, changes nothing today and "
        "keeps the value when the chart's default changes. Each file that sets such keys is named once. Keys of a "
        "release and those that the project injects do not count."
    ),
    remedy="remove the key, or keep it to hold the value when the chart changes",
    severity=Severity.NOTE,
)
RULES = (UNCHANGED,)


def unchanged_values(opened: OpenProject, name: str) -> Iterator[Finding]:
    """A finding for each layer of an environment that sets keys to the chart's default; nothing where the chart cannot
    be had.
    """
    try:
        environment = opened.environment(name)
        defaults = opened.charts.defaults(environment.chart)
    except GitopsError:
        return  # other rules report it
    text_of = cache(lambda file: read_text(opened.inputs, file))
    for layer, paths in _unchanged(environment, defaults):
        text = layer.text if layer.text is not None else text_of(layer.file)
        lines = [locate(text, (*layer.prefix, *path)) for path in paths]
        first = min((line for line in lines if line), default=None)
        yield UNCHANGED.finding(_message(paths), source=layer.file, line=first)


def _unchanged(environment: ResolvedEnvironment, defaults: Values) -> Iterator[tuple[ValueLayer, list[KeyPath]]]:
    below: Values = defaults
    for layer in environment.layers:
        paths = [path for path in leaves(layer.values) if _is_default(path, layer.values, below, defaults)]
        if paths and not layer.exclusive:
            yield layer, paths
        below = merge(below, layer.values)


def _is_default(path: KeyPath, values: Values, below: Values, defaults: Values) -> bool:
    here, there, default = (value_at(item, path) for item in (values, below, defaults))
    return here[0] and there[0] and default[0] and _same(here[1], there[1]) and _same(here[1], default[1])


def _same(left: Any, right: Any) -> bool:
    """Equal as YAML: neither is `true` 1, nor is 1 `1.0`; an empty map changes nothing where there is one."""
    if isinstance(left, dict) and isinstance(right, dict):
        return not left or (left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left))
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return type(left) is type(right) and bool(left == right)


def _message(paths: list[KeyPath]) -> str:
    names = ", ".join(typed_key(path) for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"sets what is the chart's default: {names}{more}"

"""The rule on values that look copied: they have the name of another environment in them, as those of that one have."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from gitops_gen.errors import GitopsError
from gitops_gen.models.layout import environment_of_input, project_folder, short_name
from gitops_gen.project.layers import setter
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import read_text
from gitops_gen.rules.rule import Finding, Rule, Severity
from gitops_gen.yaml.key_paths import KeyPath, typed_key
from gitops_gen.yaml.reader import locate

COPIED = Rule(
    id="value-of-another-environment",
    title="A value does not name another environment where that one names itself",
    explanation=(
        "The value of an environment has the name of another one in it as a word (`shop-production`, "
        "`secret/production/db`), and not its own, and the other environment has its name at the same key: mostly a "
        "namespace, a database, a bucket or a path was copied, or was not set. A value that several environments share "
        "counts only where a third one names itself. In rules.ignore its object is the key. It is checked between the "
        "environments that are validated together."
    ),
    remedy="correct the value, or set it aside in rules.ignore when the environments share what it names",
    check=lambda _: (),
    severity=Severity.WARNING,
)
RULES = (COPIED,)

_WORD = re.compile(r"[a-z0-9]+")
_Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedValue:
    """A value with names of environments in it."""

    names: frozenset[str]
    #: the file that sets it, and where in the file
    file: str
    place: KeyPath
    #: whether the file is the environment's own
    is_own: bool


NamedValues: TypeAlias = Mapping[KeyPath, NamedValue]


def named_values(opened: OpenProject, name: str) -> NamedValues:
    """The values of an environment with names of its project's environments in them, by key."""
    try:
        environment = opened.environment(name)
    except GitopsError:
        return {}  # other rules report it
    known, found = _names(opened, project_folder(name)), {}
    for path, text in _texts(environment.values):
        names = _names_in(text, known)
        layer, part = (names and setter(environment.layers, path)) or (None, ())
        if layer and not layer.exclusive:
            is_own = environment_of_input(layer.file) == name
            found[path] = NamedValue(names=names, file=layer.file, place=(*layer.prefix, *part), is_own=is_own)
    return found


def copied_values(opened: OpenProject, environments: Iterable[tuple[str, NamedValues]]) -> dict[str, list[Finding]]:
    """For each environment the values that have the name of another one, where that one has it too."""
    at: dict[tuple[str, KeyPath], dict[str, NamedValue]] = {}
    for name, values in environments:
        for path, value in values.items():
            at.setdefault((project_folder(name), path), {})[name] = value
    found: dict[str, list[Finding]] = {}
    for (_, path), here in at.items():
        own = [name for name, value in here.items() if short_name(name) in value.names]
        for name in sorted(here.keys() - own):
            named = [other for other in own if short_name(other) in here[name].names]
            if named and (here[name].is_own or len(own) > len(named)):
                found.setdefault(name, []).append(_finding(opened, path, here[name], named[0]))
    return found


def _finding(opened: OpenProject, path: KeyPath, value: NamedValue, other: str) -> Finding:
    return Finding(
        rule=COPIED.id,
        message=f"has the name of {other} in it, as it has in that environment",
        object=typed_key(path),
        source=value.file,
        line=locate(read_text(opened.inputs, value.file), value.place),
        remedy=COPIED.remedy,
        severity=COPIED.severity,
        others=(other,),
    )


def _texts(node: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _texts(item, (*path, key))


@lru_cache(maxsize=8)
def _names(opened: OpenProject, folder: str) -> Mapping[_Words, str]:
    """The environments of a project by the words of their names."""
    names = map(short_name, opened.names(folder))
    return {tuple(_WORD.findall(name)): name for name in names}


def _names_in(text: str, names: Mapping[_Words, str]) -> frozenset[str]:
    words = _WORD.findall(text.lower())
    longest = max(map(len, names), default=0)
    parts = (tuple(words[start : start + size]) for size in range(1, longest + 1) for start in range(len(words)))
    return frozenset(names[part] for part in parts if part in names)

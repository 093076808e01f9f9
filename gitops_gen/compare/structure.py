"""Two values compared place by place: maps by key, lists by the key that Kubernetes merges them by, other lists by the
longest common sequence.

The merge keys are those of the API types (`x-kubernetes-list-map-keys`, `patchMergeKey`), and for custom resources what
every item of both lists has as its own name:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, TypeAlias

from gitops_gen.manifests.objects import mapping

Path: TypeAlias = tuple[str, ...]
"""Keys, with `[…]` for an item of a list."""

MISSING: Any = object()
ORDER = "[order]"

_BY_FIELD: dict[str, tuple[tuple[str, ...], ...]] = {
    "ports": (("containerPort", "protocol"), ("port", "protocol"), ("name",)),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "subjects": (("kind", "name"),),
    "tolerations": (("key", "operator", "value", "effect"),),
}
_KEYS: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("key",),
    ("secretKey",),
    ("ip",),
    ("host",),
    ("path",),
    ("secretName",),
    ("type",),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One place at which two values differ; `MISSING` where there is no value."""

    path: Path
    old: Any
    new: Any


def places(old: Any, new: Any, path: Path = ()) -> Iterator[Place]:
    """Every place at which the values differ, in the new value's order."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from places(old.get(key, MISSING), new.get(key, MISSING), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_places(old, new, path)
    elif type(old) is not type(new) or old != new:
        yield Place(path=path, old=old, new=new)


def _list_places(old: list[Any], new: list[Any], path: Path) -> Iterator[Place]:
    if old == new and _text(old) == _text(new):  # what is equal to Python may differ in type: 1 and true
        return
    keys = _merge_keys(old, new, path[-1] if path else "")
    if keys is None:
        yield from _sequence_places(old, new, path)
        return
    before, after = _by_key(old, keys), _by_key(new, keys)
    for key in [*after, *(key for key in before if key not in after)]:
        step = "/".join(part for part in key if part)
        yield from places(before.get(key, MISSING), after.get(key, MISSING), (*path, f"[{step}]"))
    common = [key for key in after if key in before]
    if common != [key for key in before if key in after]:
        yield Place(path=(*path, ORDER), old=_names(before), new=_names(after))


def _names(items: dict[tuple[str, ...], Any]) -> list[str]:
    return ["/".join(part for part in key if part) for key in items]


def _by_key(items: list[Any], keys: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    return {tuple(_key_text(item, key) for key in keys): item for item in items}


def _key_text(item: Any, key: str) -> str:
    # A volumeClaimTemplate is named in its metadata.
    value = item.get(key, mapping(item.get("metadata")).get(key, ""))
    return str(value)


def _merge_keys(old: list[Any], new: list[Any], field: str) -> tuple[str, ...] | None:
    """The keys that distinguish every item of both lists from the others; None when there are none."""
    if not all(isinstance(item, dict) for item in (*old, *new)):
        return None
    return next((keys for keys in (*_BY_FIELD.get(field, ()), *_KEYS) if _fit(old, keys) and _fit(new, keys)), None)


def _fit(items: list[Any], keys: tuple[str, ...]) -> bool:
    named = all(_key_text(item, keys[0]) and not isinstance(item.get(keys[0]), dict | list) for item in items)
    return named and len(_by_key(items, keys)) == len(items)


def _sequence_places(old: list[Any], new: list[Any], path: Path) -> Iterator[Place]:
    before, after = [_text(item) for item in old], [_text(item) for item in new]
    for kind, old_start, old_end, new_start, new_end in SequenceMatcher(None, before, after, False).get_opcodes():
        if kind != "equal":
            yield from _run_places(old[old_start:old_end], new[new_start:new_end], path, (old_start, new_start))


def _run_places(old: Sequence[Any], new: Sequence[Any], path: Path, start: tuple[int, int]) -> Iterator[Place]:
    both = min(len(old), len(new))
    for index in range(both):
        yield from places(old[index], new[index], (*path, f"[{start[1] + index}]"))
    for index in range(both, len(old)):
        yield Place(path=(*path, f"[{start[0] + index}]"), old=old[index], new=MISSING)
    for index in range(both, len(new)):
        yield Place(path=(*path, f"[{start[1] + index}]"), old=MISSING, new=new[index])


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def path_text(path: Path) -> str:
    """`spec.template.spec.containers[app].image`; keys with a dot in them are quoted."""
    text = ""
    for step in path:
        if step.startswith("["):
            text += step
        elif "." in step or "/" in step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text

"""The image keys of a chart: which of its values say what version of an image runs, found in the values as Helm merges
them, subcharts included.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_gen.yaml.key_paths import KeyPath

_REFERENCE = re.compile(r"[\w.-]+(:\d+)?(/[\w.-]+)*(:[\w][\w.-]*)?(@sha256:[0-9a-f]{64})?")
_TAG = re.compile(r":[\w][\w.-]*(?=$|@)")
_IMAGE_KEY = re.compile(r"image|.*[iI]mage|.*_image")
_TAG_KEY = re.compile(r".*(image|Image|docker|Docker)_?[tT]ag")
_VERSION_KEYS = ("tag", "digest")
_SIBLINGS = ("repository", "registry", "name", "image")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageKey:
    """A key that chooses an image, with the chart's own value; empty where the chart leaves it to its appVersion.

    `repository` is what the value is a tag of; empty for a digest, and where the chart does not say.
    """

    path: KeyPath
    value: str | int | float
    repository: str = ""


def image_keys(values: Mapping[str, Any]) -> tuple[ImageKey, ...]:
    """Every image key in `values`, in their order: tags and digests next to a repository, and whole references.

    Not in lists: an environment replaces a list as a whole.
    """
    found = {key.path: key for key in _walk(values, ())}
    return tuple(key for key in found.values() if "global" not in key.path[1:])


def _walk(values: Mapping[str, Any], path: KeyPath) -> Iterator[ImageKey]:
    is_image = _is_image(values, path)
    for key, value in values.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            yield from _walk(value, here)
        elif (is_image and key in _VERSION_KEYS) or _TAG_KEY.fullmatch(key):
            yield from _version(here, value, _repository(values) if key == "tag" else "")
        elif not is_image and _IMAGE_KEY.fullmatch(key) and isinstance(value, str) and _REFERENCE.fullmatch(value):
            yield ImageKey(path=here, value=value, repository=_TAG.sub("", value) if _TAG.search(value) else "")


def _is_image(values: Mapping[str, Any], path: KeyPath) -> bool:
    """Whether the map describes one image: a tag next to what it is a tag of, or below a key that says so."""
    if "tag" not in values and "digest" not in values:
        return False
    named = bool(path) and _IMAGE_KEY.fullmatch(str(path[-1])) is not None
    return named or any(isinstance(values.get(key), str) for key in _SIBLINGS)


def _repository(values: Mapping[str, Any]) -> str:
    """`registry` and the rest of the name, as most charts put them together."""
    name = next((values[key] for key in ("repository", "name", "image") if isinstance(values.get(key), str)), "")
    registry = values.get("registry")
    return f"{registry}/{name}" if name and isinstance(registry, str) and registry else str(name)


def _version(path: KeyPath, value: Any, repository: str) -> Iterator[ImageKey]:
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        return
    if value is not None and value != "":
        yield ImageKey(path=path, value=value, repository=repository)
    elif path[-1] != "digest":
        yield ImageKey(path=path, value="", repository=repository)

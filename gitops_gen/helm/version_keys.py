"""Keys that by their name hold a version: a tag, a digest, a commit. Their values are text, even where they look like
numbers, and those of an image are what a release is made of.
"""

import re

from gitops_gen.yaml.key_paths import KeyPath

_VERSIONS = {"tag", "version", "digest", "image", "revision", "commit", "sha"}
_IMAGE_VERSIONS = {"tag", "digest"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_RUN_TOGETHER = re.compile(
    r"(app|build|chart|commit|container|docker|git|image|release|target)(tag|version|digest|image|revision|commit|sha)"
)
_SCHEMA_VERSION = ("api", "version")
"""`apiVersion: 1` is the version of a file's format: Grafana's provisioning, for one, wants a number there."""


def holds_version(path: KeyPath) -> bool:
    """Whether the last part of a path names a version, in any style: `tag`, `imageTag`, `APP_VERSION`, `commit-sha`."""
    words = _words(path)
    return bool(words) and words[-1] in _VERSIONS and words != _SCHEMA_VERSION


def holds_tag(path: KeyPath) -> bool:
    """Whether the last part names nothing but a tag or digest."""
    return _words(path)[-1:] in {(word,) for word in _IMAGE_VERSIONS}


def holds_image(path: KeyPath) -> bool:
    """Whether the last part is an image, `image` or `sidecarImage`, whose value may be a reference or a map."""
    return _words(path)[-1:] == ("image",)


def is_released(path: KeyPath) -> bool:
    """Whether a path is what changes with a release: an image's tag or digest, whatever it is called, or the image."""
    if any(isinstance(step, int) for step in path):
        return False
    of_image = "image" in _words(path)[:-1] or _words(path[:-1])[-1:] == ("image",)
    return holds_tag(path) or holds_image(path) or (of_image and holds_version(path))


def _words(path: KeyPath) -> tuple[str, ...]:
    """The words of the last part of a path, in small letters and without numbers; none for an index."""
    if not path or not isinstance(path[-1], str):
        return ()
    found = [word.lower() for word in _WORD.findall(path[-1])]
    if found and (together := _RUN_TOGETHER.fullmatch(found[-1])):
        found[-1:] = together.groups()
    return tuple(found)

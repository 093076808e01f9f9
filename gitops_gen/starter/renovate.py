"""What Renovate needs to propose new versions: its configuration, and a comment above each image tag.

https://docs.renovatebot.com/modules/manager/regex/
"""

from collections.abc import Iterable
from pathlib import Path

from gitops_gen.starter.images import ImageKey
from gitops_gen.yaml.key_paths import KeyPath
from gitops_gen.yaml.reader import locate

RENOVATE = "renovate.json"
_NAMES = (RENOVATE, "renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5")
_PLACES = ("", ".github/", ".gitlab/")
"""https://docs.renovatebot.com/configuration-options/: the first of these is read."""


def configured(top: Path) -> str:
    """The file in which a repository configures Renovate; empty when it has none."""
    return next((place + name for name in _NAMES for place in _PLACES if (top / place / name).exists()), "")


def marked(release: str, images: Iterable[ImageKey]) -> str:
    """A release.yaml with a comment for Renovate above each of the images whose repository is known."""
    lines = release.splitlines(keepends=True)
    wanted = [(locate(release, _path(key)), key) for key in images if key.repository]
    for line, key in sorted(((line, key) for line, key in wanted if line), key=lambda found: -found[0]):
        indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
        lines.insert(line - 1, f"{indent}# renovate: datasource=docker depName={key.repository}\n")
    return "".join(lines)


def _path(key: ImageKey) -> KeyPath:
    return ("values", *key.path)

"""A digest of a chart's content: the same on every machine, for a checkout with CRLF, and whichever way Helm runs."""

import hashlib
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import accumulate
from pathlib import Path, PurePath

IGNORE_FILE = ".helmignore"

ARGOCD_FILES = ".argocd-source*.yaml"
"""Argo CD's override files: not the chart's, and one for each Application that uses it."""


def chart_digest(chart: Path) -> str:
    """Sixteen bytes as hex over the names and contents of what Helm reads of a chart folder or archive.

    Symlinks are followed, as Helm follows them. Argo CD's override files and those that .helmignore names are left out:
    https://helm.sh/docs/chart_template_guide/helm_ignore_file/
    """
    hashed = hashlib.blake2b(digest_size=16)
    for name, content in read_files(chart):
        for part in (os.fsencode(name), content if chart.is_file() else content.replace(b"\r\n", b"\n")):
            hashed.update(len(part).to_bytes(8, "big"))
            hashed.update(part)
    return hashed.hexdigest()


def read_files(chart: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a chart folder that Helm reads, by their path; an archive as it is."""
    if chart.is_file():
        yield chart.name, chart.read_bytes()
        return
    ignored = _patterns(chart / IGNORE_FILE)
    for name in sorted(_names(chart), key=lambda name: name.split("/")):
        if not (_is_ignored(name, ignored) or fnmatch(name, ARGOCD_FILES)):
            yield name, (chart / name).read_bytes()


def _names(chart: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(chart, followlinks=True):
        # A symlink to a folder that holds it would never end.
        folders[:] = [name for name in folders if not is_loop(Path(folder, name))]
        within = os.path.relpath(folder, chart)
        for file in files:
            if os.path.isfile(f"{folder}/{file}"):
                yield PurePath(within, file).as_posix()


def is_loop(folder: Path) -> bool:
    """Whether a folder is a symlink to one that holds it."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _patterns(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "!"))]


def _is_ignored(name: str, patterns: list[str]) -> bool:
    folders = accumulate(name.split("/")[:-1], "{}/{}".format)
    parts = [(name, False), *((folder, True) for folder in folders)]
    return any(_matches(part, pattern, is_folder=is_folder) for pattern in patterns for part, is_folder in parts)


def _matches(part: str, pattern: str, *, is_folder: bool) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    has_folder = "/" in pattern.rstrip("/")
    return fnmatch(part if has_folder else part.rpartition("/")[2], pattern.strip("/"))

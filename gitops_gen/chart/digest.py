"""A digest of a chart's content: the same on every machine, for a checkout with CRLF, and whichever way Helm runs."""

import hashlib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

IGNORE_FILE = ".helmignore"


def chart_digest(chart: Path) -> str:
    """Sixteen bytes as hex over the names and contents of what Helm reads of a chart folder or archive.

    Files that .helmignore names are left out (https://helm.sh/docs/chart_template_guide/helm_ignore_file/).
    """
    hashed = hashlib.blake2b(digest_size=16)
    for name, content in _files(chart):
        for part in (name.encode(), content):
            hashed.update(len(part).to_bytes(8, "big"))
            hashed.update(part)
    return hashed.hexdigest()


def _files(chart: Path) -> Iterator[tuple[str, bytes]]:
    if chart.is_file():
        yield chart.name, chart.read_bytes()
        return
    ignored = _patterns(chart / IGNORE_FILE)
    for path in sorted(chart.rglob("*")):
        name = path.relative_to(chart)
        if path.is_file() and not _is_ignored(PurePosixPath(name.as_posix()), ignored):
            yield name.as_posix(), path.read_bytes().replace(b"\r\n", b"\n")


def _patterns(file: Path) -> list[str]:
    lines = file.read_text().splitlines() if file.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "!"))]


def _is_ignored(name: PurePosixPath, patterns: list[str]) -> bool:
    parts = [name, *list(name.parents)[:-1]]
    return any(_matches(part, pattern, is_folder=part != name) for pattern in patterns for part in parts)


def _matches(part: PurePosixPath, pattern: str, *, is_folder: bool) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    bare = pattern.strip("/")
    return fnmatch(str(part) if "/" in pattern.rstrip("/") else part.name, bare)

"""Renders cached between runs. The key covers all inputs: the chart's files, the release and the engine.

An entry is one compressed file, written in one step and checked when it is read, so that processes can share the folder
and a torn or foreign file is only a miss. Streams with a Secret in them are never kept.
"""

import hashlib
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from gitops_gen.runtime.caches import caches

SHARD_LIMIT = 1024 * 1024
"""Bytes in each of the 256 folders: a quarter of a gigabyte in all."""

_DIGEST_SIZE = hashlib.sha256().digest_size
# Begins with letters and no condition, which lets `re` search for those: as long as a quarter of a render otherwise.
_SECRET = re.compile(r"""kind["']?\s*:\s*["']?Secret(List)?\b""")


def cache_folder() -> Path:
    """The folder of kept renders."""
    return caches() / "renders"


def chart_digest(path: Path) -> str:
    """A digest of every file that Helm could read of a chart folder or archive, byte by byte.

    Unlike `chart.digest`, which generated files hold: a render shows the line ends of the files it was made from.
    """
    digest = hashlib.sha256()
    for name, file in _files(path):
        content = file.read_bytes()
        digest.update(os.fsencode(f"{len(name)} {len(content)} {name}"))
        digest.update(content)
    return digest.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield "", path
        return
    for folder, folders, names in os.walk(path, followlinks=True):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():
                yield file.relative_to(path).as_posix(), file


class RenderCache:
    """A folder of rendered streams. Unreadable entries are rendered again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> str | None:
        """The stream kept under `key`; None when there is none, or not a whole one."""
        try:
            stored = self._path(key).read_bytes()
            text = zlib.decompress(stored[_DIGEST_SIZE:])
        except (OSError, zlib.error):
            return None
        return text.decode() if _seal(key, text) == stored[:_DIGEST_SIZE] else None

    def put(self, key: str, text: str) -> None:
        """Store a stream unless it contains a Secret; the oldest entries are removed."""
        if _SECRET.search(text):
            return
        content = text.encode()
        stored = _seal(key, content) + zlib.compress(content, 1)
        if len(stored) <= SHARD_LIMIT:
            try:
                self._write(self._path(key), stored)
            except OSError:
                return

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]

    def _write(self, path: Path, stored: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_oldest(path.parent, SHARD_LIMIT - len(stored))
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(stored)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _seal(key: str, content: bytes) -> bytes:
    """Binds the content to its key, so that neither a truncated nor a moved file is accepted."""
    return hashlib.sha256(key.encode() + content).digest()


def _remove_oldest(shard: Path, limit: int) -> None:
    """Remove the oldest entries (and what killed processes left) until at most `limit` bytes are left."""
    found = []
    for entry in os.scandir(shard):
        status = entry.stat(follow_symlinks=False)
        found.append((status.st_mtime, status.st_size, entry.path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= limit:
            return
        Path(path).unlink(missing_ok=True)
        total -= size

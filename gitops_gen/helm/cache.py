"""Renders cached between runs. The key covers all inputs: the chart's files, the release and the engine.

An entry is one compressed file, written in one step and checked when it is read, so that processes can share the folder
and a torn or foreign file is only a miss. Streams with a Secret in them are never kept.
"""

import hashlib
import json
import os
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from gitops_gen import __version__
from gitops_gen.helm.bundled import nulls_in, renders_alike, umbrella_nulls
from gitops_gen.helm.choice import open_engine
from gitops_gen.helm.engine import Engine, HelmRelease, LoadedChart
from gitops_gen.helm.use import HelmUse
from gitops_gen.helm.varying import rendered_again, varying_functions
from gitops_gen.runtime.caches import caches
from gitops_gen.yaml.key_paths import dotted

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


class CachedRenderer:
    """Renders charts by their path: from the cache, or with the engine on a miss."""

    def __init__(self, engine: Engine | Callable[[str], Engine], cache: RenderCache | None) -> None:
        """`engine` renders; or it opens the one for a version of Helm that Argo CD has, empty when it is not known."""
        self._open_engine = engine if callable(engine) else lambda _: engine
        self._engines: dict[str, Engine] = {}
        self._cache = cache
        self._loaded: dict[tuple[str, str], LoadedChart] = {}
        self._digests: dict[Path, str] = {}
        self._varying: dict[str, frozenset[str]] = {}
        self._nulls: dict[str, tuple[str, ...]] = {}

    def engine(self, helm: str = "") -> Engine:
        """The engine for a version of Helm that Argo CD has."""
        if helm not in self._engines:
            self._engines[helm] = self._open_engine(helm)
        return self._engines[helm]

    def chart(self, path: Path, helm: str = "") -> LoadedChart:
        """The chart, loaded once for each content and engine. Raises `ChartError`."""
        key = self._digest(path), helm
        if key not in self._loaded:
            self._loaded[key] = self.engine(helm).load(path)
        return self._loaded[key]

    def render(self, path: Path, release: HelmRelease) -> str:
        """The manifests, as `LoadedChart.render` gives them. Raises `ChartError`."""
        if self._cache is None:
            return self.chart(path, release.helm).render(release)
        key = self._key(path, release)
        text = self._cache.get(key)
        if text is None:
            text = self.chart(path, release.helm).render(release)
            self._cache.put(key, text)
        return text

    def render_again(self, path: Path, release: HelmRelease, rendered: str) -> str:
        """What was rendered once more, where the chart may render otherwise; else nothing. Raises `ChartError`."""
        digest = self._digest(path)
        if digest not in self._varying:
            self._varying[digest] = varying_functions(path)
        return rendered_again(self.engine(release.helm), path, release, self._varying[digest], rendered)

    def use(self, path: Path, release: HelmRelease) -> HelmUse:
        """Which Helm renders the chart here, and the nulls that Argo CD's may treat differently."""
        engine, digest = self.engine(release.helm), self._digest(path)
        nulls: tuple[str, ...] = ()
        if not release.helm or not renders_alike(engine.version, release.helm):
            if digest not in self._nulls:
                self._nulls[digest] = tuple(umbrella_nulls(path))
            nulls = (*(dotted(("values", *key)) for key in nulls_in(release.values)), *self._nulls[digest])
        return HelmUse(version=engine.version, engine=engine.name, bundled=release.helm, nulls=nulls)

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            # The folder's own name is in Helm's `# Source:` comments when Chart.yaml disagrees with it.
            self._digests[path] = f"{path.name} {chart_digest(path)}"
        return self._digests[path]

    def _key(self, path: Path, release: HelmRelease) -> str:
        parts = [
            __version__,
            self.engine(release.helm).name,
            self.engine(release.helm).version,
            self._digest(path),
            release.name,
            release.namespace,
            release.values,
            release.kube_version,
            list(release.api_versions),
            release.skip_tests,
            release.skip_crds,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def open_renderer(engine: str, *, cached: bool) -> CachedRenderer:
    """A renderer with the named engine, with or without a cache between runs.

    Raises `UsageError` for an unknown name and `ChartError` when the engine cannot run here.
    """
    return CachedRenderer(partial(open_engine, engine), RenderCache(cache_folder()) if cached else None)

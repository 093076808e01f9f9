"""Charts by their path: each loaded once for each Helm, rendered, and rendered again where they vary."""

import hashlib
import json
import logging
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from gitops_gen import __version__
from gitops_gen.helm.bundled import nulls_in, renders_alike, umbrella_nulls
from gitops_gen.helm.cache import RenderCache, cache_folder, chart_digest
from gitops_gen.helm.choice import open_engine
from gitops_gen.helm.engine import Engine, HelmRelease, LoadedChart
from gitops_gen.helm.use import HelmUse
from gitops_gen.helm.varying import rendered_again, varying_functions
from gitops_gen.yaml.key_paths import dotted

_log = logging.getLogger(__name__)


class Renderer:
    """Renders charts by their path: from the cache, or with the engine on a miss."""

    def __init__(self, open_engine: Callable[[str], Engine], renders: RenderCache | None = None) -> None:
        """`open_engine` opens Helm for a version that Argo CD has, empty when it is not known; it is called when the
        first chart is needed.
        """
        self._open_engine, self._renders = open_engine, renders
        self._engines: dict[str, Engine] = {}
        self._loaded: dict[tuple[Path, str], LoadedChart] = {}
        self._digest, self._varying, self._nulls = cache(_digest), cache(varying_functions), cache(umbrella_nulls)

    def engine(self, helm: str = "") -> Engine:
        """The engine for a version of Helm that Argo CD has. Raises `ChartError` when there is none."""
        if helm not in self._engines:
            engine = self._engines[helm] = self._open_engine(helm)
            _log.info("engine %s, Helm %s", engine.name, engine.version)
        return self._engines[helm]

    def chart(self, path: Path, helm: str = "") -> LoadedChart:
        """The chart, loaded once for each engine. Raises `ChartError`."""
        if (path, helm) not in self._loaded:
            self._loaded[path, helm] = self.engine(helm).load(path)
        return self._loaded[path, helm]

    def render(self, path: Path, release: HelmRelease) -> str:
        """The manifests, as `LoadedChart.render` gives them. Raises `ChartError`."""
        if self._renders is None:
            return self.chart(path, release.helm).render(release)
        key = self._key(path, release)
        text = self._renders.get(key)
        if text is None:
            text = self.chart(path, release.helm).render(release)
            self._renders.put(key, text)
        return text

    def render_again(self, path: Path, release: HelmRelease, rendered: str) -> str:
        """What was rendered once more, where the chart may render otherwise; else nothing. Raises `ChartError`."""
        return rendered_again(self.engine(release.helm), path, release, self._varying(path), rendered)

    def use(self, path: Path, release: HelmRelease, argocd: str = "") -> HelmUse:
        """Which Helm renders the chart here, and the nulls that Argo CD's may treat differently."""
        engine = self.engine(release.helm)
        nulls: tuple[str, ...] = ()
        if not release.helm or not renders_alike(engine.version, release.helm):
            nulls = (*(dotted(("values", *key)) for key in nulls_in(release.values)), *self._nulls(path))
        return HelmUse(version=engine.version, engine=engine.name, argocd=argocd, bundled=release.helm, nulls=nulls)

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


def _digest(path: Path) -> str:
    """The folder's own name is in Helm's `# Source:` comments when Chart.yaml disagrees with it."""
    return f"{path.name} {chart_digest(path)}"


def open_renderer(engine: str, *, cached: bool = False) -> Renderer:
    """A renderer with the named engine, with or without a cache between runs.

    Raises `UsageError` for an unknown name and `ChartError` when the engine cannot run here.
    """
    return Renderer(partial(open_engine, engine), RenderCache(cache_folder()) if cached else None)

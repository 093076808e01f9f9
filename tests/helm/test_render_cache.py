"""The cache never gives a wrong answer: every input is in the key, and what is not whole is not used."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from gitops_gen.helm import cache as cache_module
from gitops_gen.helm.cache import RenderCache, cache_folder, chart_digest
from gitops_gen.helm.choice import open_engine
from gitops_gen.helm.digest import chart_digest as content_digest
from gitops_gen.helm.engine import HelmRelease, LoadedChart, Values
from gitops_gen.helm.renderer import Renderer

KEY = "ab" * 32
RELEASE = HelmRelease(name="shop", namespace="shop", values={"a": 1}, kubernetes="1.36", api_versions=("v1",))


class CountingEngine:
    """Renders the chart's own text, and counts how often."""

    name = "counting"

    def __init__(self, version: str = "v1") -> None:
        self.version, self.renders = version, 0

    def load(self, path: Path) -> LoadedChart:
        return _CountingChart(self, path)


class _CountingChart:
    schema = None

    def __init__(self, engine: CountingEngine, path: Path) -> None:
        self._engine, self._path = engine, path

    def final_values(self, values: Values) -> Values:
        return values

    def render(self, release: HelmRelease) -> str:
        self._engine.renders += 1
        return f"{(self._path / 'Chart.yaml').read_text()} {release}"


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "chart"
    folder.mkdir()
    (folder / "Chart.yaml").write_text("name: shop\n")
    return folder


def test_the_second_render_comes_from_the_cache(chart: Path, tmp_path: Path) -> None:
    engine = CountingEngine()
    texts = [Renderer(lambda _: engine, RenderCache(tmp_path / "c")).render(chart, RELEASE) for _ in range(2)]
    assert texts[0] == texts[1]
    assert engine.renders == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(RELEASE, name="other"),
        replace(RELEASE, namespace="other"),
        replace(RELEASE, values={"a": True}),
        replace(RELEASE, values={"a": 1.5}),
        replace(RELEASE, values={"a": "1"}),
        replace(RELEASE, values={"a": 1, "b": None}),
        replace(RELEASE, kubernetes="1.35"),
        replace(RELEASE, api_versions=()),
    ],
)
def test_each_part_of_a_release_counts(chart: Path, tmp_path: Path, other: HelmRelease) -> None:
    engine = CountingEngine()
    for release in (RELEASE, other):
        Renderer(lambda _: engine, RenderCache(tmp_path / "c")).render(chart, release)
    assert engine.renders == 2


def _touched(chart: Path) -> None:
    (chart / "templates").mkdir()
    (chart / "templates/x.yaml").write_text("")


def _moved(chart: Path) -> None:
    (chart / "Chart.yaml").rename(chart / "Chart.yml")
    (chart / "Chart.yaml").write_text("name: shop\n")


@pytest.mark.parametrize("change", [_touched, _moved, lambda chart: (chart / "Chart.yaml").write_text("name: shop")])
def test_each_file_of_a_chart_counts(chart: Path, change: Callable[[Path], object]) -> None:
    before = chart_digest(chart)
    change(chart)
    assert chart_digest(chart) != before


def test_line_ends_count(chart: Path, tmp_path: Path) -> None:
    """A checkout with CRLF renders other ConfigMaps, though `generate` takes both for the same chart."""
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    (chart / "templates").mkdir()
    (chart / "templates/map.yaml").write_text('kind: ConfigMap\ndata: {{ .Files.Get "x.sh" | toJson }}\n')
    (chart / "x.sh").write_bytes(b"one\ntwo\n")
    same = content_digest(chart)
    texts = []
    for ends in (b"one\ntwo\n", b"one\r\ntwo\r\n"):
        (chart / "x.sh").write_bytes(ends)
        assert content_digest(chart) == same
        texts.append(Renderer(lambda _: open_engine("embedded"), RenderCache(tmp_path / "c")).render(chart, RELEASE))
    assert r"one\ntwo\n" in texts[0]
    assert r"one\r\ntwo\r\n" in texts[1]


def test_the_engine_counts(chart: Path, tmp_path: Path) -> None:
    engines = [CountingEngine("v1"), CountingEngine("v2")]
    for engine in engines:
        Renderer({"": engine}.__getitem__, RenderCache(tmp_path / "c")).render(chart, RELEASE)
    assert [engine.renders for engine in engines] == [1, 1]


def entry(folder: Path) -> Path:
    return next(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-1], lambda _: b"", lambda data: data[:40] + b"x" + data[41:], lambda _: b"x" * 99],
)
def test_a_torn_entry_is_a_miss(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    cache = RenderCache(tmp_path)
    cache.put(KEY, "kind: ConfigMap\n")
    assert cache.get(KEY) == "kind: ConfigMap\n"
    file = entry(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    assert cache.get(KEY) is None


def test_an_entry_under_another_key_is_a_miss(tmp_path: Path) -> None:
    cache = RenderCache(tmp_path)
    cache.put(KEY, "kind: ConfigMap\n")
    file = entry(tmp_path)
    file.rename(file.with_name("cd" * 31))
    assert cache.get("ab" + "cd" * 31) is None


@pytest.mark.parametrize(
    "text",
    [
        "kind: Secret\n",
        "kind: 'Secret'\n",
        '{"kind": "Secret"}\n',
        "a: 1\n---\nkind:   Secret # x\n",
        "kind: SecretList",
    ],
)
def test_a_stream_with_a_secret_is_not_kept(tmp_path: Path, text: str) -> None:
    RenderCache(tmp_path).put(KEY, text)
    assert not list(tmp_path.rglob("*"))


def test_it_stays_within_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "SHARD_LIMIT", 20_000)
    cache = RenderCache(tmp_path)
    for index in range(50):
        cache.put(f"ab{index:062}", os.urandom(1000).hex())
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 20_000
    assert cache.get(f"ab{49:062}") is not None
    assert cache.get(f"ab{0:062}") is None


def test_a_stream_beyond_the_size_is_not_kept_and_displaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "SHARD_LIMIT", 2_000)
    cache = RenderCache(tmp_path)
    small, big = f"ab{1:062}", f"ab{2:062}"
    cache.put(small, "kind: ConfigMap\n")
    cache.put(big, os.urandom(2_000).hex())
    assert cache.get(big) is None
    assert cache.get(small) == "kind: ConfigMap\n"


def test_a_folder_that_cannot_be_written_is_no_failure(chart: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    engine = CountingEngine()
    Renderer(lambda _: engine, RenderCache(tmp_path / "file")).render(chart, RELEASE)
    assert engine.renders == 1


def test_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "gitops-gen" / "renders"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "gitops-gen" / "renders"


def _hammer(folder: str) -> tuple[int, int]:
    """How many wrong streams came from the cache, and how many right ones."""
    cache, wrong, right = RenderCache(Path(folder)), 0, 0
    for index in range(200):
        key = f"ab{index % 7:062}"
        found = cache.get(key)
        wrong += found not in (None, key * 50)
        right += found == key * 50
        cache.put(key, key * 50)
    return wrong, right


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no rename over an open file")
def test_processes_share_it(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        counts = list(pool.map(_hammer, [str(tmp_path)] * 2))
    assert [wrong for wrong, _ in counts] == [0, 0]
    assert min(right for _, right in counts) >= 193, "all but the first look at each of seven keys"

"""Both engines behind one interface: the same manifests, the same refusals; and each habit of the embedded library that
the adapter makes up for.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitops_gen.errors import UsageError
from gitops_gen.helm.binary import BinaryEngine
from gitops_gen.helm.choice import open_engine
from gitops_gen.helm.embedded import EmbeddedEngine
from gitops_gen.helm.engine import ChartError, Engine, HelmRelease, SubchartValuesError
from gitops_gen.yaml.reader import load, load_all
from tests import helm_binary
from tests.conftest import REPOSITORY, GitopsGen
from tests.test_bad_input import FOLDER, arguments, copy_over

pytestmark = pytest.mark.slow

CHART = REPOSITORY / "helm/api-forge"
SCENARIOS = sorted(path.name for path in (CHART / "ci").glob("*-values.yaml"))
MakeChart = Callable[..., Path]


@pytest.fixture(params=["helm", "helm3"])
def binary(request: pytest.FixtureRequest) -> BinaryEngine:
    """The engine over a real program: Helm 4 and Helm 3."""
    return BinaryEngine(helm_binary.require(request.param))


@pytest.fixture(params=["embedded", "helm", "helm3"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine."""
    return EmbeddedEngine() if request.param == "embedded" else BinaryEngine(helm_binary.require(request.param))


@pytest.fixture
def make_chart(tmp_path: Path) -> MakeChart:
    """Writes a small chart: `make_chart(**{"Chart.yaml": …})`; what is not said gets a sound default."""

    def make(extra_metadata: str = "", folder: str = "chart", **files: str) -> Path:
        chart = tmp_path / folder
        texts = {
            "Chart.yaml": f"apiVersion: v2\nname: {chart.name}\nversion: 1.0.0\n{extra_metadata}",
            "templates/map.yaml": f"kind: ConfigMap\nmetadata: {{name: {chart.name}}}\n",
        } | files
        for name, text in texts.items():
            (chart / name).parent.mkdir(parents=True, exist_ok=True)
            (chart / name).write_text(text)
        return chart

    return make


def release(**changes: Any) -> HelmRelease:
    return HelmRelease(**{"name": "api-forge", "namespace": "api-forge-dev", "kubernetes": "1.33"} | changes)


def objects(stream: str) -> list[Any]:
    """The stream's objects, sorted: engines differ in that only."""
    return sorted(load_all(stream, "manifests"), key=lambda item: (item["kind"], item["metadata"]["name"]))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_engines_render_the_same(scenario: str, binary: BinaryEngine) -> None:
    values = load((CHART / "ci" / scenario).read_text(), scenario) or {}
    mine = EmbeddedEngine().load(CHART).render(release(values=values))
    theirs = binary.load(CHART).render(release(values=values))
    assert objects(mine)
    assert objects(mine) == objects(theirs)


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_the_command_line_renders_the_same(
    environment: str, reference: Path, gitops_gen: GitopsGen, binary: BinaryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", binary._program)
    mine = gitops_gen(reference, "render", environment)
    theirs = gitops_gen(reference, "--engine", "binary", "render", environment)
    assert (mine.code, theirs.code) == (0, 0), mine.err + theirs.err
    assert objects(mine.out) == objects(theirs.out)


@pytest.mark.parametrize("scenario", ["custom-values.yaml", "external-secrets-values.yaml"])
def test_engines_merge_the_same(scenario: str, binary: BinaryEngine) -> None:
    values = load((CHART / "ci" / scenario).read_text(), scenario)
    values["temporal"] = None
    assert EmbeddedEngine().load(CHART).final_values(values) == binary.load(CHART).final_values(values)


def test_engines_see_the_same_schema(engine: Engine, make_chart: MakeChart) -> None:
    chart = make_chart(**{"values.schema.json": '{"required": ["a"]}', "values.yaml": "b: 1\n"})
    loaded = engine.load(chart)
    assert loaded.schema == {"required": ["a"]}
    assert "ConfigMap" in loaded.render(release())  # a render does not validate: `generate` has
    assert engine.load(make_chart(folder="plain")).schema is None


def test_engines_take_an_archive(engine: Engine, make_chart: MakeChart, tmp_path: Path) -> None:
    import tarfile

    chart = make_chart(**{"values.yaml": "a: 1\n", "values.schema.json": "{}"})
    with tarfile.open(tmp_path / "chart-1.0.0.tgz", "w:gz") as archive:
        archive.add(chart, "chart")
    loaded = engine.load(tmp_path / "chart-1.0.0.tgz")
    assert loaded.final_values({"b": 2}) == {"a": 1, "b": 2}
    assert loaded.schema == {}
    assert objects(loaded.render(release())) == [{"kind": "ConfigMap", "metadata": {"name": "chart"}}]


def test_crds_are_rendered_and_notes_are_not(engine: Engine, make_chart: MakeChart) -> None:
    chart = make_chart(
        **{
            "crds/crd.yaml": "kind: CustomResourceDefinition\nmetadata: {name: a}\n",
            "templates/NOTES.txt": "kind: Note\n",
        }
    )
    kinds = [item["kind"] for item in objects(engine.load(chart).render(release()))]
    assert kinds == ["ConfigMap", "CustomResourceDefinition"]


def test_capabilities_are_the_clusters(engine: Engine, make_chart: MakeChart) -> None:
    text = (
        "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  version: {{ .Capabilities.KubeVersion.Version }}\n"
        '  api: {{ .Capabilities.APIVersions.Has "example.com/v1" | quote }}\n'
    )
    loaded = engine.load(make_chart(**{"templates/map.yaml": text}))
    (found,) = objects(loaded.render(release(kubernetes="1.31.4", api_versions=["example.com/v1"])))
    assert found["data"] == {"version": "v1.31.4", "api": "true"}


# What `helm template` refuses and the library does not


def test_a_kubernetes_that_the_chart_does_not_support(engine: Engine, make_chart: MakeChart) -> None:
    loaded = engine.load(make_chart("kubeVersion: '>=1.34.0-0'\n"))
    with pytest.raises(ChartError, match=r"kubeVersion: >=1\.34\.0-0"):
        loaded.render(release(kubernetes="1.33"))
    assert objects(loaded.render(release(kubernetes="1.34")))


def test_a_missing_dependency(engine: Engine, make_chart: MakeChart) -> None:
    chart = make_chart("dependencies:\n- {name: redis, version: 1.0.0, repository: 'https://charts.example.com'}\n")
    with pytest.raises(ChartError, match="missing in charts/ directory: redis"):
        engine.load(chart).render(release())


def test_a_library_chart(engine: Engine, make_chart: MakeChart) -> None:
    chart = make_chart("type: library\n", **{"templates/map.yaml": ""})
    with pytest.raises(ChartError, match="library charts are not installable"):
        engine.load(chart).render(release())


def test_a_template_that_fails(engine: Engine, make_chart: MakeChart) -> None:
    loaded = engine.load(make_chart(**{"templates/map.yaml": '{{ fail "say which store" }}'}))
    with pytest.raises(ChartError, match=r"templates/map\.yaml:1:3.*say which store"):
        loaded.render(release())


# The library's other habits


def subchart_toggle(make_chart: MakeChart) -> Path:
    chart = make_chart(
        "dependencies:\n- {name: cache, version: 1.0.0, condition: cache.enabled}\n",
        **{"values.yaml": "cache: {enabled: true}\n"},
    )
    make_chart(folder="chart/charts/cache")
    return chart


def test_a_subchart_switched_off_once_is_rendered_again(engine: Engine, make_chart: MakeChart) -> None:
    loaded = engine.load(subchart_toggle(make_chart))
    names = [
        [item["metadata"]["name"] for item in objects(loaded.render(release(values={"cache": {"enabled": enabled}})))]
        for enabled in (True, False, True)
    ]
    assert names == [["cache", "chart"], ["chart"], ["cache", "chart"]]


def test_merging_values_does_not_switch_a_subchart_off(make_chart: MakeChart) -> None:
    loaded = EmbeddedEngine().load(subchart_toggle(make_chart))
    for enabled in (True, False, True):
        assert loaded.final_values({"cache": {"enabled": enabled}})["cache"]["enabled"] is enabled


def test_a_subcharts_schema_is_asked_when_the_subchart_is_on(engine: Engine, make_chart: MakeChart) -> None:
    chart = subchart_toggle(make_chart)
    (chart / "charts/cache/values.schema.json").write_text('{"properties": {"port": {"type": "integer"}}}')
    loaded = engine.load(chart)
    with pytest.raises(SubchartValuesError) as refused:
        loaded.final_values({"cache": {"port": "x"}})
    assert refused.value.faults == ((("cache", "port"), "got string, want integer"),)
    assert loaded.final_values({"cache": {"port": "x", "enabled": False}})["cache"]["port"] == "x"


def test_threads_may_share_a_chart_without_subcharts(make_chart: MakeChart) -> None:
    loaded = EmbeddedEngine().load(
        make_chart(**{"templates/map.yaml": "kind: A\nmetadata: {name: {{ .Values.name }}}\n"})
    )

    def name(index: int) -> str:
        return str(objects(loaded.render(release(values={"name": f"n-{index}"})))[0]["metadata"]["name"])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(name, range(200))) == [f"n-{index}" for index in range(200)]


def test_threads_may_share_a_chart(make_chart: MakeChart) -> None:
    loaded = EmbeddedEngine().load(subchart_toggle(make_chart))

    def count(index: int) -> int:
        return len(objects(loaded.render(release(values={"cache": {"enabled": index % 2 == 0}}))))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(200))) == [2, 1] * 100


def test_output_that_is_not_yaml_is_reported_by_file(good: Path, gitops_gen: GitopsGen) -> None:
    (good / "chart/templates/settings.yaml").write_text("kind: ConfigMap\ndata: {a: [}\n")
    result = gitops_gen(good, "render", "dev")
    assert (result.code, result.out) == (1, "")
    assert "shop/templates/settings.yaml" in result.err


FORKING = """
import os, sys
from pathlib import Path
from gitops_gen.helm.embedded import EmbeddedEngine
from gitops_gen.helm.engine import ChartError, HelmRelease
chart = EmbeddedEngine().load(Path(sys.argv[1]))
chart.render(HelmRelease(name="a", namespace="a"))
child = os.fork()
if child == 0:
    try:
        chart.render(HelmRelease(name="a", namespace="a"))
    except ChartError as error:
        print(error, "|", error.hint, flush=True)
        os._exit(7)
    os._exit(8)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_is_refused_instead_of_hanging(make_chart: MakeChart) -> None:
    argv = [sys.executable, "-c", FORKING, str(make_chart())]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (
        7,
        "Helm's runtime does not survive a fork | start worker processes with `spawn` or `forkserver`\n",
    )


# Choosing an engine


def test_without_the_library_a_helm_on_path_does(monkeypatch: pytest.MonkeyPatch, helm: str, tmp_path: Path) -> None:
    (tmp_path / "helm").symlink_to(helm)
    monkeypatch.setitem(sys.modules, "gitops_gen.helm.embedded", None)
    monkeypatch.delenv("GITOPS_GEN_HELM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert open_engine().name == "binary"
    assert open_engine().version.startswith("v")

    monkeypatch.setenv("PATH", "")
    with pytest.raises(ChartError, match="no `helm` on PATH") as raised:
        open_engine()
    assert "install Helm" in raised.value.hint
    with pytest.raises(ChartError, match="Helm cannot be loaded into this process"):
        open_engine("embedded")


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch, helm: str) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", helm)
    assert open_engine().name == "embedded"
    monkeypatch.setenv("GITOPS_GEN_ENGINE", "binary")
    assert open_engine().name == "binary"
    assert open_engine("embedded").name == "embedded"
    monkeypatch.setenv("GITOPS_GEN_ENGINE", "tiller")
    with pytest.raises(UsageError, match="unknown engine `tiller`"):
        open_engine()


@pytest.mark.parametrize("fault", sorted(path.name for path in FOLDER.glob("chart-*")))
def test_charts_at_fault_are_reported_by_the_program_too(
    fault: str, good: Path, gitops_gen: GitopsGen, helm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", helm)
    copy_over(good, FOLDER / fault)
    result = gitops_gen(good, "--engine", "binary", *arguments(FOLDER / fault))
    assert result.code == 1, result.err
    assert str(good) not in result.err

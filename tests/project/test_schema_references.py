"""A values.schema.json that refers to a URL: nothing is fetched, the rest is checked, and a note says what is not."""

import http.server
import json
import shutil
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_gen.helm.binary import BinaryEngine
from gitops_gen.helm.embedded import EmbeddedEngine
from tests import helm_binary
from tests.conftest import GitopsGen

HEAD = "apiVersion: gitops-gen/v1\n"
PROJECT = f"""{HEAD}kind: Project
name: shop
repository: https://git.example.com/shop.git
chart: {{path: chart}}
clusters: {{eu: {{server: "https://kubernetes.default.svc"}}}}
stages: [{{name: dev}}]
defaults: {{cluster: eu}}
"""
CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"
FILES = {
    "gitops.yaml": PROJECT,
    "environments/dev/environment.yaml": f"{HEAD}kind: Environment\nstage: dev\n",
    "chart/Chart.yaml": CHART.format("shop") + "dependencies: [{name: inner, version: 1.0.0}]\n",
    "chart/values.yaml": "replicas: 1\naffinity: {}\n",
    "chart/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    'data: {r: "{{ .Values.replicas }}", a: {{ toJson .Values.affinity | quote }}}\n',
    "chart/charts/inner/Chart.yaml": CHART.format("inner"),
    "chart/charts/inner/values.yaml": "affinity: {}\nport: 80\n",
    "chart/charts/inner/templates/a.yaml": "# {{ .Values.affinity }} {{ .Values.port }}\n",
}


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The URL of a server on this machine, and the paths that it was asked for."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


def project(folder: Path, url: str, release: str) -> None:
    """A project around a chart, whose schema and whose subchart's schema refer to `url`."""
    own = {"affinity": {"$ref": f"{url}/affinity.json#/definitions/a"}, "replicas": {"type": "integer"}}
    inner = {"affinity": {"$ref": f"{url}/inner.json"}, "port": {"type": "integer"}}
    written = FILES | {
        "environments/dev/release.yaml": f"{HEAD}kind: Release\nvalues: {release}\n",
        "chart/values.schema.json": json.dumps({"properties": own}),
        "chart/charts/inner/values.schema.json": json.dumps({"properties": inner}),
    }
    for name, text in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_nothing_is_fetched_and_a_note_says_so(
    tmp_path: Path, gitops_gen: GitopsGen, asked: tuple[str, list[str]]
) -> None:
    url, paths = asked
    project(tmp_path, url, "{affinity: {any: 1}, inner: {affinity: {any: 1}}}")
    made = gitops_gen(tmp_path, "generate")
    assert made.code == 0, made.err
    assert f"values.schema.json of chart refers to {url}/affinity.json#/definitions/a: " in made.err
    assert gitops_gen(tmp_path, "render", "dev").code == 0
    assert gitops_gen(tmp_path, "schema", "release").out.count(f"{url}/affinity.json#/definitions/a") == 1
    assert paths == []


@pytest.mark.parametrize("release", ["{replicas: two}", "{inner: {port: eighty}}"])
def test_the_rest_of_the_schema_is_checked(
    release: str, tmp_path: Path, gitops_gen: GitopsGen, asked: tuple[str, list[str]]
) -> None:
    project(tmp_path, asked[0], release)
    made = gitops_gen(tmp_path, "generate")
    assert made.code == 1
    assert "environments/dev/release.yaml:3" in made.err
    assert asked[1] == []


def pack_subchart(folder: Path) -> None:
    """Make the subchart an archive, as `helm dependency build` does."""
    subchart = folder / "chart/charts/inner"
    with tarfile.open(folder / "chart/charts/inner-1.0.0.tgz", "w:gz") as archive:
        archive.add(subchart, "inner")
    shutil.rmtree(subchart)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["embedded", "helm", "helm3"])
@pytest.mark.parametrize("form", ["folder", "archive"])
def test_no_engine_fetches_the_schema_of_a_subchart(
    engine: str, form: str, tmp_path: Path, asked: tuple[str, list[str]]
) -> None:
    url, paths = asked
    project(tmp_path, url, "{inner: {affinity: {any: 1}}}")
    (tmp_path / "chart/values.schema.json").unlink()
    if form == "archive":
        pack_subchart(tmp_path)
    used = EmbeddedEngine() if engine == "embedded" else BinaryEngine(helm_binary.require(engine))
    assert used.load(tmp_path / "chart").final_values({"inner": {"port": 81}})["inner"]["port"] == 81
    assert paths == []

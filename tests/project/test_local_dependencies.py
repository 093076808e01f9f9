"""Dependencies with `repository: file://…` are there in every command that renders, as `helm dependency build` puts
them, and the checkout stays as it is.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from gitops_gen.helm.dependencies import Dependencies
from tests.conftest import GitopsGen, commit_all, git, tree

CHART = """\
apiVersion: v2
name: shop
version: 1.0.0
dependencies:
- {name: common, version: ">=1.0.0 <2.0.0", repository: "file://../charts/common", alias: basis, tags: [a, b]}
"""
COMMON = {
    "Chart.yaml": "apiVersion: v2\nname: common\nversion: 1.2.0\n",
    "values.yaml": "color: red\n",
    ".helmignore": "*.md\n",
    "README.md": "not for Helm\n",
    "templates/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: common}\n"
    "data: {color: {{ .Values.color }}, files: {{ len .Files | quote }}}\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def shop(good: Path) -> Path:
    """The good project with a chart that depends on another chart of the repository; committed."""
    write(good / "charts/common", COMMON)
    write(good, {"chart/Chart.yaml": CHART})
    (good / "chart/values.schema.json").unlink()
    return good


def rendered(folder: Path, gitops_gen: GitopsGen, *options: str) -> str:
    result = gitops_gen(folder, *options, "render", "dev")
    assert result.code == 0, result.err
    return result.out


@pytest.mark.parametrize("engine", ["embedded", "binary"])
def test_a_render_is_that_of_helm_after_a_build(
    engine: str, shop: Path, gitops_gen: GitopsGen, helm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", helm)
    before = tree(shop)
    ours = rendered(shop, gitops_gen, "--engine", engine)
    assert "color: red" in ours
    assert tree(shop) == before
    copy = shutil.copytree(shop, shop.with_name("copy"))
    subprocess.run([helm, "dependency", "build", str(copy / "chart")], check=True, capture_output=True)
    assert rendered(copy, gitops_gen, "--engine", engine) == ours


def test_a_change_in_a_local_dependency_is_a_change(shop: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(shop, "generate").code == 0
    application = (shop / "argocd/applications/dev.yaml").read_text()
    assert "manifest-generate-paths: /chart;/charts/common;/environments/dev" in application
    commit_all(shop, "v2")
    assert gitops_gen(shop, "diff").code == 0
    write(shop / "charts/common", {"values.yaml": "color: blue\n"})
    said = gitops_gen(shop, "diff").out
    assert "red" in said
    assert "blue" in said
    commit_all(shop)
    assert "blue" in gitops_gen(shop, "diff", "v2", "HEAD").out
    release = shop / "environments/dev/release.yaml"
    release.write_text(f"{release.read_text()}chart: {{revision: v2}}\n")
    assert "color: red" in rendered(shop, gitops_gen)


def test_the_digest_of_the_lock_is_that_of_helm(shop: Path, helm: str) -> None:
    imports = CHART.replace("tags", "import-values: [{parent: a<b, child: data}, all], condition: c.enabled, tags")
    write(shop, {"chart/Chart.yaml": imports})
    subprocess.run([helm, "dependency", "update", str(shop / "chart")], check=True, capture_output=True)
    found = Dependencies(shop / "chart")
    assert (found.lock_fault, found.missing, found.others_than_locked) == ("", [], [])
    write(shop, {"chart/Chart.yaml": imports.replace("<2.0.0", "<3.0.0")})
    assert Dependencies(shop / "chart").lock_fault == "Chart.lock does not fit the dependencies in Chart.yaml"


def test_the_lock_of_an_old_chart(shop: Path, helm: str) -> None:
    head, _, entries = CHART.partition("dependencies:")
    write(shop, {"chart/Chart.yaml": head.replace("v2", "v1"), "chart/requirements.yaml": f"dependencies:{entries}"})
    subprocess.run([helm, "dependency", "update", str(shop / "chart")], check=True, capture_output=True)
    assert Dependencies(shop / "chart").lock_fault == ""
    shutil.rmtree(shop / "chart/charts")
    assert [item.name for item in Dependencies(shop / "chart").missing] == ["common"]


def locked(shop: Path, helm: str) -> None:
    subprocess.run([helm, "dependency", "update", str(shop / "chart")], check=True, capture_output=True)
    shutil.rmtree(shop / "chart/charts")


FAULTS = {
    "stale-lock": ({"chart/Chart.yaml": CHART.replace("1.0.0 <", "1.0.1 <")}, "Chart.lock does not fit"),
    "other-than-locked": ({"charts/common/Chart.yaml": COMMON["Chart.yaml"].replace("1.2", "1.3")}, "is version 1.3.0"),
    "gone": ({"chart/Chart.yaml": CHART.replace("charts/common", "lost")}, "lost"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_build_would_refuse_is_refused(fault: str, shop: Path, gitops_gen: GitopsGen, helm: str) -> None:
    locked(shop, helm)
    assert "color: red" in rendered(shop, gitops_gen)
    files, said = FAULTS[fault]
    write(shop, files)
    assert subprocess.run([helm, "dependency", "build", str(shop / "chart")], check=False).returncode != 0
    for command in (["render", "dev"], ["generate"], ["plan", "dev"]):
        result = gitops_gen(shop, *command)
        assert (result.code, said in result.err) == (1, True), result.err


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../../outside", "is outside of the git repository"),
        ("/etc", "is outside of the git repository"),
        ("../chart/templates", "is not a chart at"),
    ],
)
def test_where_there_is_no_chart(path: str, said: str, shop: Path, gitops_gen: GitopsGen) -> None:
    write(shop, {"chart/Chart.yaml": CHART.replace("../charts/common", path)})
    for command in (["render", "dev"], ["generate"], ["diff"]):
        result = gitops_gen(shop, *command)
        assert result.code in (1, 2)
        assert said in result.out + result.err, (command, result)


def test_a_version_outside_of_the_range_without_a_lock(shop: Path, gitops_gen: GitopsGen) -> None:
    write(shop, {"charts/common/Chart.yaml": COMMON["Chart.yaml"].replace("1.2", "2.0")})
    result = gitops_gen(shop, "render", "dev")
    assert "the dependency `common` is version 2.0.0, not >=1.0.0 <2.0.0" in result.err


def test_a_committed_archive_counts_as_in_argocd(shop: Path, gitops_gen: GitopsGen, helm: str) -> None:
    subprocess.run([helm, "dependency", "update", str(shop / "chart")], check=True, capture_output=True)
    write(shop / "charts/common", {"values.yaml": "color: blue\n"})
    assert "color: red" in rendered(shop, gitops_gen)
    assert git(shop, "status", "--porcelain", "chart/charts") != ""

"""`chart vendor`: dependencies of a chart from a Helm repository and a registry on loopback."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gitops_gen.runtime.scratch import TEMPORARY
from tests.conftest import GitopsGen, commit_all, tree

pytestmark = pytest.mark.slow


def metadata(url: str, version: str = ">=1.0.0 <2.0.0") -> str:
    local = "- {name: base, version: 1.0.0, repository: 'file://../charts/base'}\n"
    web = f'- {{name: web, version: "{version}", repository: "{url}"}}\n'
    return f"apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n{web}{local}"


@pytest.fixture(params=["https", "oci"])
def shop(request: pytest.FixtureRequest, good: Path, charts: str) -> Path:
    """The good project with a chart that depends on `web` in a repository, and on a chart in the same repository."""
    (good / "charts/base/templates").mkdir(parents=True)
    (good / "charts/base/Chart.yaml").write_text("apiVersion: v2\nname: base\nversion: 1.0.0\n")
    (good / "charts/base/templates/map.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: base}\ndata: {from: base}\n"
    )
    (good / "chart/Chart.yaml").write_text(metadata(charts.replace("https", request.param)))
    (good / "chart/values.schema.json").unlink()
    commit_all(good)
    return good


def test_what_is_vendored_renders_and_is_what_helm_makes(shop: Path, gitops_gen: GitopsGen, own_helm: str) -> None:
    refused = gitops_gen(shop, "render", "dev")
    assert refused.code == 1
    assert "missing in charts/ directory: web; there is no Chart.lock" in refused.err
    assert "gitops-gen chart vendor" in refused.err

    done = gitops_gen(shop, "chart", "vendor")

    files = ["chart/Chart.lock", "chart/charts/base-1.0.0.tgz", "chart/charts/web-1.0.0.tgz"]
    assert (done.code, done.out.splitlines()) == (0, files), done.err
    assert sorted(path.name for path in shop.iterdir() if path.name.endswith(TEMPORARY)) == []
    rendered = gitops_gen(shop, "render", "dev").out
    assert "image: web:1.0" in rendered.replace('"', "")
    assert "from: base" in rendered
    again = gitops_gen(shop, "chart", "vendor")
    assert (again.code, again.out, again.err) == (0, "", "no chart lacks a dependency\n")
    if "oci://" in (shop / "chart/Chart.yaml").read_text():  # Helm builds from `helm repo add` only otherwise
        shutil.rmtree(shop / "chart/charts")
        subprocess.run([own_helm, "dependency", "build", str(shop / "chart")], check=True, capture_output=True)
        assert gitops_gen(shop, "render", "dev").out == rendered


def test_a_lock_that_fits_decides_the_versions(shop: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(shop, "chart", "vendor").code == 0
    before = tree(shop / "chart")
    shutil.rmtree(shop / "chart/charts")
    assert "Chart.lock" not in gitops_gen(shop, "render", "dev").err
    done = gitops_gen(shop, "chart", "vendor")
    assert done.out.splitlines() == ["chart/charts/base-1.0.0.tgz", "chart/charts/web-1.0.0.tgz"]
    assert tree(shop / "chart").keys() == before.keys()
    assert tree(shop / "chart")["Chart.lock"] == before["Chart.lock"]


def test_an_edit_of_the_range_makes_the_lock_stale(shop: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(shop, "chart", "vendor").code == 0
    file = shop / "chart/Chart.yaml"
    file.write_text(file.read_text().replace(">=1.0.0 <2.0.0", "2.x"))
    noted = gitops_gen(shop, "generate")
    assert noted.code == 0
    assert "chart: Chart.lock does not fit the dependencies in Chart.yaml" in noted.err
    done = gitops_gen(shop, "chart", "vendor")
    expected = ["chart/Chart.lock", "chart/charts/web-1.0.0.tgz", "chart/charts/web-2.0.0.tgz"]
    assert done.out.splitlines() == expected
    assert not (shop / "chart/charts/web-1.0.0.tgz").exists()
    assert "does not fit" not in gitops_gen(shop, "generate").err


def test_another_environment_goes_on(shop: Path, gitops_gen: GitopsGen) -> None:
    release = shop / "environments/production/release.yaml"
    release.write_text(f"{release.read_text()}chart: {{revision: v1.0.0}}\n")
    assert gitops_gen(shop, "generate").code == 1
    assert gitops_gen(shop, "generate", "production").code == 0
    assert gitops_gen(shop, "render", "production").code == 0
    assert gitops_gen(shop, "plan", "production").code == 0
    said = gitops_gen(shop, "diff", "v1.0.0").out
    assert "does not render" in said


def test_what_cannot_be_had_changes_nothing(shop: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(shop, "chart", "vendor").code == 0
    file = shop / "chart/Chart.yaml"
    file.write_text(file.read_text().replace(">=1.0.0 <2.0.0", "9.x"))
    before = tree(shop)
    result = gitops_gen(shop, "chart", "vendor")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("chart/Chart.yaml: ")
    assert "check repository, name and version" in result.err
    assert tree(shop) == before


def test_what_git_ignores_is_reported(shop: Path, gitops_gen: GitopsGen) -> None:
    (shop / ".gitignore").write_text("*.tgz\n")
    result = gitops_gen(shop, "chart", "vendor")
    assert result.code == 0
    assert "git ignores chart/charts/base-1.0.0.tgz and 1 more by `*.tgz` in .gitignore:1" in result.err

"""Renovate itself with the configuration that `init` writes: it finds the versions, and its edit passes through the job
for bots.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.built import BIN
from tests.ci_run import clean_clone, github
from tests.conftest import GitopsGen, commit_all, git
from tests.starter_charts import chart

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def renovate() -> str:
    found = os.environ.get("GITOPS_GEN_RENOVATE") or shutil.which("renovate") or str(BIN / "renovate")
    if not Path(found).is_file():
        pytest.skip("no `renovate` on PATH: install it with `make renovate`")
    return found


@pytest.fixture
def project(charts: str, tmp_path: Path, gitops_gen: GitopsGen) -> Path:
    """A project whose image is in the registry on loopback, in the versions of the charts there."""
    host = charts.removeprefix("https://")
    shop = chart(tmp_path / "shop", f"image: {{repository: {host}/web, tag: 1.0.0}}\n")
    top = tmp_path / "top"
    git(tmp_path, "init", "--quiet", "--template=", str(top))
    assert gitops_gen(top, "init", ".", "--chart", str(shop)).code == 0
    commit_all(top)
    return top


def run(renovate: str, folder: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """What Renovate says of the files that it has found, one entry a dependency."""
    report = tmp_path / "report.json"
    env = os.environ | {
        "LOG_LEVEL": "warn",
        "NODE_EXTRA_CA_CERTS": os.environ["SSL_CERT_FILE"],
        "RENOVATE_REPORT_TYPE": "file",
        "RENOVATE_REPORT_PATH": str(report),
        "RENOVATE_BASE_DIR": str(tmp_path / "base"),
    }
    options = ["--platform=local", "--dry-run=lookup", "--require-config=required", "--enabled-managers=custom.regex"]
    argv = [renovate, *options]
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (repository,) = json.loads(report.read_text())["repositories"].values()
    found = [file for files in repository["packageFiles"].values() for file in files]
    return [{**item, "file": file["packageFile"]} for file in found for item in file["deps"]]


def test_an_image_in_the_first_environment(project: Path, renovate: str, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    said = run(renovate, project, tmp_path)
    (found,) = [item for item in said if item["file"].startswith("environments/")]
    assert found["file"] == "environments/dev/release.yaml"
    assert (found["datasource"], found["currentValue"]) == ("docker", "1.0.0")
    assert [update["newValue"] for update in found["updates"]] == ["2.0.0"]

    git(project, "switch", "--quiet", "--create", "renovate/web")
    file = project / found["file"]
    file.write_text(file.read_text().replace(found["currentValue"], "2.0.0"))
    commit_all(project)
    assert gitops_gen(project, "generate", "--check").code == 1
    clone = clean_clone(project, tmp_path / "run/clone")
    git(clone, "switch", "--quiet", "renovate/web")
    git(project, "switch", "--quiet", "main")
    facts = {"github.event_name": "push", "github.ref_name": "renovate/web"}
    result = github(clone, clone / ".github/workflows/gitops-bots.yaml", facts)
    assert result.failed == "", result.said
    git(project, "switch", "--quiet", "renovate/web")
    assert gitops_gen(project, "generate", "--check").code == 0
    assert "tag: 2.0.0" in (project / "environments/dev/values.yaml").read_text()


def test_a_chart_of_a_repository(
    project: Path, charts: str, renovate: str, tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    file = project / "gitops.yaml"
    remote = f"chart: {{repository: '{charts}', name: web, version: 1.0.0}}\n"
    file.write_text(file.read_text().replace("chart:\n  path: helm/shop\n", remote))
    assert gitops_gen(project, "generate").code == 0
    (found,) = [item for item in run(renovate, project, tmp_path) if item["file"] == "gitops.yaml"]
    assert (found["depName"], found["currentValue"], found["datasource"]) == ("web", "1.0.0", "helm")
    assert [update["newValue"] for update in found["updates"]] == ["2.0.0"]

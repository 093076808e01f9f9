"""`chart pull`: charts of Helm repositories, from a repository on loopback, for a clone that has none of them."""

from pathlib import Path

import pytest

from tests.ci_run import clean_clone, github
from tests.conftest import GitopsGen, commit_all, git

pytestmark = pytest.mark.slow


@pytest.fixture
def project(charts: str, tmp_path: Path, gitops_gen: GitopsGen) -> Path:
    """A project that takes its chart from the Helm repository, without the chart itself."""
    folder = tmp_path / "project"
    git(tmp_path, "init", "--quiet", "--template=", "project")
    assert gitops_gen(folder, "init", ".", "--chart", str(tmp_path / "web")).code == 0
    remote = f"chart: {{repository: '{charts}', name: web, version: 1.0.0}}\n"
    file = folder / "gitops.yaml"
    file.write_text(file.read_text().replace("chart:\n  path: helm/web\n", remote))
    assert "path:" not in file.read_text()
    git(folder, "rm", "-rq", "--cached", "--ignore-unmatch", "helm")
    assert gitops_gen(folder, "generate").code == 0
    return folder


def test_what_is_missing_is_pulled_once(project: Path, gitops_gen: GitopsGen) -> None:
    first = gitops_gen(project, "chart", "pull")
    assert (first.code, first.out) == (0, ".gitops-gen/charts/web-1.0.0.tgz\n"), first.err
    assert "image: web:1.0" in gitops_gen(project, "render", "dev").out.replace('"', "")
    second = gitops_gen(project, "chart", "pull")
    assert (second.code, second.out) == (0, "")
    assert [path.name for path in (project / ".gitops-gen/charts").iterdir()] == ["web-1.0.0.tgz"]


def test_a_project_without_remote_charts_needs_no_helm(
    good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITOPS_GEN_HELM", raising=False)
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert gitops_gen(good, "chart", "pull").code == 0


def test_a_difference_has_the_pulled_chart_in_any_folder_of_the_project(project: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(project, "chart", "pull").code == 0
    commit_all(project)
    assert gitops_gen(project, "set", "dev", "image.tag=1.1").code == 0
    for folder in (project, project / "environments"):
        result = gitops_gen(folder, "diff")
        assert result.code == 1, result.out
        assert "Deployment/" in result.out


def test_a_version_that_is_nowhere(project: Path, gitops_gen: GitopsGen) -> None:
    release = project / "environments/dev/release.yaml"
    url = (project / "gitops.yaml").read_text().partition("repository: '")[2].partition("'")[0]
    release.write_text(release.read_text() + f"chart: {{repository: '{url}', name: web, version: 9.9.9}}\n")
    result = gitops_gen(project, "chart", "pull")
    assert (result.code, result.out) == (1, "")
    assert "web 9.9.9: " in result.err
    assert "check repository, name and version" in result.err
    assert [path.name for path in (project / ".gitops-gen/charts").iterdir()] == ["web-1.0.0.tgz"]


def test_ci_pulls_what_a_clean_clone_lacks(project: Path, tmp_path: Path) -> None:
    commit_all(project)
    clone = clean_clone(project, tmp_path / "run/clone")
    assert not (clone / ".gitops-gen/charts").exists()
    result = github(clone, clone / ".github/workflows/gitops.yaml", {"github.event_name": "push"})
    assert result.failed == "", result.said
    assert (clone / ".gitops-gen/charts/web-1.0.0.tgz").is_file()


def test_ci_pulls_what_the_base_of_a_pull_request_has(project: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    commit_all(project)
    git(project, "switch", "--quiet", "--create", "change")
    file = project / "gitops.yaml"
    file.write_text(file.read_text().replace("version: 1.0.0", "version: 2.0.0"))
    assert gitops_gen(project, "generate").code == 0
    commit_all(project)
    git(project, "switch", "--quiet", "main")

    clone = clean_clone(project, tmp_path / "run/clone", "change")
    facts = {"github.event_name": "pull_request", "github.base_ref": "main", "fork": "yes"}
    result = github(clone, clone / ".github/workflows/gitops.yaml", facts)

    assert result.failed == "", result.said
    pulled = sorted(path.name for path in (clone / ".gitops-gen/charts").iterdir())
    assert pulled == ["web-1.0.0.tgz", "web-2.0.0.tgz"]


def test_a_ref_without_the_project_or_none_at_all(good: Path, gitops_gen: GitopsGen) -> None:
    git(good, "checkout", "--quiet", "--orphan", "empty")
    git(good, "commit", "--quiet", "--message", "Nothing", "--only", "--allow-empty")
    assert gitops_gen(good, "chart", "pull", "empty").code == 0
    unknown = gitops_gen(good, "chart", "pull", "nowhere")
    assert (unknown.code, unknown.out) == (2, "")
    assert "no commit `nowhere`" in unknown.err

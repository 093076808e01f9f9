"""Several projects in one repository: two environments in one namespace of one cluster are found across them."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import INPUTS, GitopsGen, Result, commit_all, git

Repository = Path
SHARED = "environments/dev/environment.yaml"


@pytest.fixture
def repository(tmp_path: Path, gitops_gen: GitopsGen) -> Repository:
    """The folders `shop` and `till` of one repository, each with a project that deploys to `us` and `eu`."""
    for name in ("shop", "till"):
        shutil.copytree(INPUTS / "good", tmp_path / name)
        project = tmp_path / name / "gitops.yaml"
        project.write_text(project.read_text().replace("name: shop\n", f"name: {name}\n"))
        commit_all(tmp_path)
        assert gitops_gen(tmp_path / name, "generate").code == 0
    commit_all(tmp_path)
    return tmp_path


def deploy(project: Path, *lines: str) -> None:
    file = project / SHARED
    file.write_text(file.read_text() + "".join(f"{line}\n" for line in lines))


def printed(done: Result) -> str:
    """What a run that succeeded has to say, except for what it wrote."""
    assert done.code == 0, done.err
    return "".join(line for line in done.err.splitlines() if line.startswith("note: "))


def test_what_the_other_one_has_is_refused(repository: Repository, gitops_gen: GitopsGen) -> None:
    deploy(repository / "till", "cluster: us", "namespace: shop-dev")
    assert printed(gitops_gen(repository / "till", "generate")) == ""
    deploy(repository / "shop", "cluster: us")
    done = gitops_gen(repository / "shop", "generate")
    assert done.code == 1
    other = "environment `dev` of the project in ../till"
    assert f"namespace: deploys to namespace `shop-dev` on us-1, and so does {other}\n    give one of them" in done.err
    deploy(repository / "shop", "namespace: own")
    assert printed(gitops_gen(repository / "shop", "generate")) == ""


def test_the_line_is_named_where_there_is_one(repository: Repository, gitops_gen: GitopsGen) -> None:
    deploy(repository / "shop", "cluster: us", "namespace: both")
    deploy(repository / "till", "cluster: us", "namespace: both")
    assert gitops_gen(repository / "shop", "generate").code == 0
    done = gitops_gen(repository / "till", "generate")
    assert done.err.startswith("environments/dev/environment.yaml:7: namespace: deploys to ")


def test_a_merged_application_is_read_too(repository: Repository, gitops_gen: GitopsGen) -> None:
    deploy(repository / "till", "cluster: us", "namespace: both", "argocd: {application: {spec: {info: []}}}")
    assert gitops_gen(repository / "till", "generate").code == 0
    deploy(repository / "shop", "cluster: us", "namespace: both")
    assert "environment `dev` of the project in ../till" in gitops_gen(repository / "shop", "generate").err


def test_on_argo_cds_own_cluster_it_is_only_reported(repository: Repository, gitops_gen: GitopsGen) -> None:
    deploy(repository / "till", "namespace: shop-dev")
    assert gitops_gen(repository / "till", "generate").code == 0
    said = printed(gitops_gen(repository / "shop", "generate"))
    assert "`dev` deploys to namespace `shop-dev` of Argo CD's own cluster, and so does environment `dev`" in said


def test_the_same_name_is_reported(repository: Repository, gitops_gen: GitopsGen) -> None:
    project = repository / "till/gitops.yaml"
    project.write_text(project.read_text().replace("name: till\n", "name: shop\n").replace("{project}", "till"))
    said = printed(gitops_gen(repository / "shop", "generate"))
    assert said == (
        "note: the project in ../till is called `shop` too, as its Argo CD objects are: "
        "only correct if a different Argo CD reads it"
    )


def test_what_git_does_not_track_is_not_another_project(repository: Repository, gitops_gen: GitopsGen) -> None:
    git(repository, "rm", "-rq", "--cached", "till")
    deploy(repository / "shop", "namespace: till-dev")
    assert printed(gitops_gen(repository / "shop", "generate")) == ""


def test_another_broken_project_stops_nothing(repository: Repository, gitops_gen: GitopsGen) -> None:
    (repository / "till/gitops.yaml").write_text("name: [")
    (repository / "till/argocd/applications/dev.yaml").write_text("a: [")
    (repository / "till/argocd/applications/production.yaml").write_bytes(b"\xff")
    assert printed(gitops_gen(repository / "shop", "generate")) == ""


def test_without_git_it_says_what_it_did_not_do(
    repository: Repository, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository / "empty"))
    said = printed(gitops_gen(repository / "shop", "generate", "--check"))
    assert "other projects of this repository are not checked" in said

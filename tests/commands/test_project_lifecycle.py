"""Projects of a workspace that come and go."""

import json
from pathlib import Path

import pytest

from tests.conftest import GitopsGen, commit_all, git, tree


def test_projects_are_listed(workspace: Path, gitops_gen: GitopsGen) -> None:
    found = json.loads(gitops_gen(workspace, "project", "list", "--output", "json").out)["projects"]
    assert [(item["name"], item["folder"], item["chart"]) for item in found] == [
        ("api", "services/api", "charts/service"),
        ("web", "services/web", "charts/service"),
    ]
    assert found[0]["environments"] == ["dev", "production", "staging"]


def test_a_single_project_is_listed(good: Path, gitops_gen: GitopsGen) -> None:
    assert json.loads(gitops_gen(good, "project", "list", "--output", "json").out)["projects"][0]["folder"] == "."


def test_a_project_is_added_and_removed(workspace: Path, gitops_gen: GitopsGen) -> None:
    before = tree(workspace)
    added = gitops_gen(workspace, "project", "add", "jobs", "--release-of", "api/dev", "--commit", "-o", "json")
    assert json.loads(added.out)["commit"], added.err
    assert (workspace / "services/jobs/gitops.yaml").read_text().endswith("name: jobs\n")
    assert gitops_gen(workspace, "generate", "--check").code == 0
    assert gitops_gen(workspace, "plan", "--project", "jobs").code == 0

    assert gitops_gen(workspace, "project", "remove", "jobs").code == 1
    assert gitops_gen(workspace, "project", "remove", "jobs", "--delete-running", "--commit").code == 0

    assert tree(workspace) == before
    assert git(workspace, "status", "--porcelain") == ""


def test_a_project_is_added_with_its_own_chart_and_environments(workspace: Path, gitops_gen: GitopsGen) -> None:
    typed = ["project", "add", "jobs", "--chart", "charts/service", "--environment", "dev", "--path", "services/batch"]
    assert gitops_gen(workspace, *typed).code == 0
    assert "  path: ../../charts/service\n" in (workspace / "services/batch/gitops.yaml").read_text()
    assert (workspace / "argocd/applications/services/batch/dev.yaml").exists()
    assert not (workspace / "argocd/applications/services/batch/staging.yaml").exists()


def test_a_project_is_renamed(workspace: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(workspace, "project", "rename", "web", "site").code == 1
    result = gitops_gen(workspace, "project", "rename", "web", "site", "--delete-running")
    assert result.code == 0, result.err
    assert "name: site-dev" in (workspace / "argocd/applications/services/web/dev.yaml").read_text()
    commit_all(workspace)
    assert gitops_gen(workspace, "generate", "--check").code == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("add api", "there is a project `api` already"),
        ("add Api_1", "name: must"),
        ("add jobs --path elsewhere/jobs", "is not one of the workspace's projects"),
        ("remove nothing", "no project `nothing`"),
        ("rename api web --delete-running", "`web` is also the name of"),
    ],
)
def test_what_cannot_be(typed: str, said: str, workspace: Path, gitops_gen: GitopsGen) -> None:
    before = tree(workspace)
    result = gitops_gen(workspace, "project", *typed.split())
    assert result.code in (1, 2)
    assert said in result.err
    assert tree(workspace) == before


def test_a_repository_of_one_project_has_no_other(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "project", "add", "jobs")
    assert (result.code, "init DIR --workspace" in result.err) == (1, True)


def test_an_environment_of_a_service_lives(workspace: Path, gitops_gen: GitopsGen) -> None:
    """Added, cloned, renamed and removed, though only the workspace's environment.yaml has its stage."""
    for typed in (
        "env add api/qa --stage staging --release-of staging",
        "env clone api/production eu --namespace shop-eu",
        "env rename api/eu europe --delete-running",
    ):
        result = gitops_gen(workspace, *typed.replace("--release-of s", "--release-of api/s").split(), "--commit")
        assert result.code == 0, result.err
    found = json.loads(gitops_gen(workspace, "env", "list", "--project", "api", "-o", "json").out)["environments"]
    stages = {item["name"]: (item["stage"], item["namespace"]) for item in found}
    assert stages["services/api/europe"] == ("production", "shop-eu")
    assert stages["services/api/qa"] == ("staging", "shop-qa")
    assert len(json.loads(gitops_gen(workspace, "history", "api/europe", "-o", "json").out)["events"]) == 2
    assert gitops_gen(workspace, "env", "remove", "api/europe", "--delete-running", "--commit").code == 0
    assert gitops_gen(workspace, "generate", "--check").code == 0


def test_an_edit_of_generated_values_is_adopted(workspace: Path, gitops_gen: GitopsGen) -> None:
    values = workspace / "services/api/environments/dev/values.yaml"
    values.write_text(values.read_text().replace("tag: 1.0.0", "tag: 1.0.1"))
    assert gitops_gen(workspace, "adopt", "api/dev", "--commit").code == 0
    assert "tag: 1.0.1" in (workspace / "services/api/environments/dev/release.yaml").read_text()

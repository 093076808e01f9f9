"""`init --workspace`: a repository with two services."""

import json
import re
from pathlib import Path

from tests.conftest import GitopsGen, commit_all, tree


def test_two_services_are_ready(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tmp_path, "init", "my-shop", "--workspace").code == 0
    shop = tmp_path / "my-shop"
    commit_all(shop)
    places = json.loads((shop / "renovate.json").read_text())["customManagers"][1]["managerFilePatterns"]
    patterns = [re.compile(place.removeprefix("/").removesuffix("/")) for place in places]
    assert [path for path in tree(shop) if any(pattern.search(path) for pattern in patterns)] == [
        "gitops.yaml",
        *(
            f"services/{name}/{file}"
            for name in ("api", "web")
            for file in ("environments/dev/release.yaml", "gitops.yaml")
        ),
    ]
    assert gitops_gen(shop, "generate", "--check").code == 0
    assert gitops_gen(shop, "plan").code == 0
    assert [path for path in tree(shop) if path.startswith("argocd/applications/")] == [
        f"argocd/applications/services/{service}/{stage}.yaml"
        for service in ("api", "web")
        for stage in ("dev", "production", "staging")
    ]


def test_services_around_a_given_chart(good: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    typed = ["init", "team", "--workspace", "--chart", str(good / "chart"), "--environment", "test=dev"]
    result = gitops_gen(tmp_path, *typed)
    assert "helm/chart" in (tmp_path / "team/gitops.yaml").read_text(), result.err
    assert (tmp_path / "team/services/web/environments/test/release.yaml").exists()


def test_a_workspace_gets_a_project_by_another_command(workspace: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(workspace, "init", "services/jobs")
    assert (result.code, "project add NAME" in result.err) == (2, True)


def test_a_project_elsewhere_is_no_part_of_a_workspace(workspace: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(workspace, "init", "other/jobs", "--workspace")
    assert result.code == 0, result.err
    assert gitops_gen(workspace / "other/jobs", "generate", "--check").code == 0


def test_a_single_project_has_no_schema_of_a_workspace(tmp_path: Path, good: Path, gitops_gen: GitopsGen) -> None:
    gitops_gen(tmp_path, "init", "one", "--chart", str(good / "chart"))
    assert not (tmp_path / "one/.gitops-gen/workspace.schema.json").exists()

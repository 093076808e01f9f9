"""The releases of all projects of a workspace: promoted in one commit, and taken back in one."""

import json
from pathlib import Path

import pytest

from tests.conftest import GitopsGen, commit_all, git, tree


@pytest.fixture
def tested(workspace: Path, gitops_gen: GitopsGen) -> Path:
    """The workspace with new releases of both services in staging."""
    assert gitops_gen(workspace, "set", "api/staging", "image.tag=2.0.0").code == 0
    assert gitops_gen(workspace, "set", "web/staging", "image.tag=3.0.0").code == 0
    commit_all(workspace)
    return workspace


def tags(folder: Path, gitops_gen: GitopsGen) -> dict[str, str]:
    """What each environment releases."""
    found = json.loads(gitops_gen(folder, "status", "--output", "json").out)["environments"]
    return {item["name"]: item["release"][0]["value"] for item in found if item["stage"] == "production"}


def test_a_release_set_is_promoted_in_one_commit(tested: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(tested, "promote", "staging", "production", "--commit", "--output", "json")

    assert result.code == 0, result.err
    assert git(tested, "rev-list", "--count", "HEAD").strip() == "3"
    assert tags(tested, gitops_gen) == {"services/api/production": "2.0.0", "services/web/production": "3.0.0"}
    message = git(tested, "log", "-1", "--format=%B")
    assert message.startswith("Promote staging to production\n\nservices/api/production: image.tag 1.0.0 → 2.0.0\n")
    assert gitops_gen(tested, "generate", "--check").code == 0


@pytest.mark.parametrize(
    "typed",
    [
        "staging production --only-project api",
        "staging api/production",
        "api/staging production",
        "api/staging api/production",
    ],
)
def test_one_project_is_promoted_alone(typed: str, tested: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tested, "promote", *typed.split(), "--commit").code == 0
    assert tags(tested, gitops_gen) == {"services/api/production": "2.0.0", "services/web/production": "1.0.0"}


def test_a_project_is_promoted_in_its_folder(tested: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tested / "services/web", "promote", "staging", "production", "--commit").code == 0
    assert tags(tested, gitops_gen) == {"services/api/production": "1.0.0", "services/web/production": "3.0.0"}


def test_a_project_without_one_side_is_named(tested: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tested, "env", "remove", "web/production", "--delete-running", "--commit").code == 0
    result = gitops_gen(tested, "promote", "staging", "production")
    assert result.code == 0
    assert "note: services/web has no production: nothing of it is promoted" in result.err


def test_nothing_is_promoted_from_one_project_to_another(tested: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(tested, "promote", "api/staging", "web/production")
    assert result.code == 2
    assert "promote within one project" in result.err


def test_a_stage_is_not_skipped(tested: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(tested, "promote", "dev", "production")
    assert (result.code, "promote step by step" in result.err) == (1, True)


def test_what_waits_is_shown_for_each_project(tested: Path, gitops_gen: GitopsGen) -> None:
    waiting = json.loads(gitops_gen(tested, "status", "--output", "json").out)["waiting"]
    pairs = {(item["sources"][0], item["targets"][0]) for item in waiting}
    assert ("services/api/staging", "services/api/production") in pairs
    assert all(source.rpartition("/")[0] == target.rpartition("/")[0] for source, target in pairs)


@pytest.mark.parametrize("typed", [["--stage", "production"], ["production"], ["api/production", "web/production"]])
def test_a_release_set_is_taken_back_in_one_commit(typed: list[str], tested: Path, gitops_gen: GitopsGen) -> None:
    before = tree(tested)
    assert gitops_gen(tested, "promote", "staging", "production", "--commit").code == 0

    result = gitops_gen(tested, "rollback", *typed, "--commit")

    assert result.code == 0, result.err
    assert tree(tested) == before
    subject = 'Revert "Promote staging to production" in 2 environments'
    assert git(tested, "log", "-1", "--format=%s").strip() == subject


def test_a_rollback_is_taken_back(tested: Path, gitops_gen: GitopsGen) -> None:
    for typed in (["promote", "staging", "production"], ["rollback", "production"], ["rollback", "production"]):
        assert gitops_gen(tested, *typed, "--commit").code == 0
    assert tags(tested, gitops_gen) == {"services/api/production": "2.0.0", "services/web/production": "3.0.0"}
    assert git(tested, "log", "-1", "--format=%s").startswith('Reapply "Promote staging to production" in 2 ')


def test_a_rollback_leaves_alone_what_the_last_change_did_not_touch(tested: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tested, "promote", "staging", "production", "--commit").code == 0
    assert gitops_gen(tested, "set", "web/production", "image.tag=3.0.1", "--commit").code == 0
    assert gitops_gen(tested, "rollback", "--stage", "production", "--commit").code == 0
    assert tags(tested, gitops_gen) == {"services/api/production": "2.0.0", "services/web/production": "3.0.0"}


def test_a_plain_revert_takes_it_back_too(tested: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tested, "promote", "staging", "production", "--commit").code == 0
    git(tested, "revert", "--no-edit", "HEAD")
    assert gitops_gen(tested, "generate", "--check").code == 0


def test_a_rollback_says_which_environments(tested: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tested, "rollback").code == 2


@pytest.mark.parametrize(
    ("typed", "file", "text"),
    [
        ("api/dev image.tag=9.0.0", "services/api/environments/dev/release.yaml", "tag: 9.0.0"),
        ("api/dev replicas=9", "services/api/environments/dev/environment.yaml", "kind: Environment\nvalues:\n  rep"),
        ("--all replicas=9", "gitops.yaml", "  values:\n    replicas: 9"),
        ("--stage production port=9", "gitops.yaml", "        port: 9"),
        ("--all --project api replicas=9", "services/api/gitops.yaml", "defaults:\n  values:\n    replicas: 9"),
        ("--stage dev --project web port=9", "services/web/environments/dev/environment.yaml", "values:\n  port: 9"),
    ],
)
def test_a_value_goes_into_the_file_of_who_is_meant(
    typed: str, file: str, text: str, workspace: Path, gitops_gen: GitopsGen
) -> None:
    assert gitops_gen(workspace, "set", *typed.split(), "--commit").code == 0
    assert text in (workspace / file).read_text()
    assert file in git(workspace, "show", "--name-only", "--format=").split()
    assert gitops_gen(workspace, "generate", "--check").code == 0


def test_history_of_one_project(tested: Path, gitops_gen: GitopsGen) -> None:
    found = json.loads(gitops_gen(tested, "history", "--project", "web", "--output", "json").out)["events"]
    assert {item["environment"].rpartition("/")[0] for item in found} == {"services/web"}
    assert json.loads(gitops_gen(tested, "history", "web/staging", "--output", "json").out)["events"][0]["release"]

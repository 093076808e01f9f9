"""A sparse checkout: what is not checked out is neither generated nor removed, and nobody takes it for removed."""

import os
from pathlib import Path

import pytest

from tests.changes.conftest import is_clean
from tests.conftest import Change, GitopsGen, commit_all, git, tree

pytestmark = pytest.mark.slow


def leave_out(folder: Path, pattern: str) -> None:
    """Take files that match the pattern out of the checkout."""
    git(folder, "update-index", "--refresh")  # git trusts no file of a copied folder before it has read it
    git(folder, "sparse-checkout", "set", "--no-cone", "/*", f"!{pattern}")


@pytest.fixture
def sparse(good: Path) -> Path:
    """The good project without the files of production."""
    leave_out(good, "/environments/production/")
    assert not (good / "environments/production").exists()
    return good


def test_an_environment_that_is_not_checked_out_keeps_its_files(sparse: Path, gitops_gen: GitopsGen) -> None:
    before = tree(sparse)
    result = gitops_gen(sparse, "generate")
    assert (result.code, result.out, tree(sparse)) == (0, "", before)
    checked = gitops_gen(sparse, "generate", "--check")
    assert (checked.code, checked.out) == (0, "")
    assert "note: not checked out and skipped: production" in checked.err
    assert is_clean(sparse)


def test_the_others_are_generated(sparse: Path, change: Change) -> None:
    change(sparse, "set", "dev", "image.tag=1.5.0", "--commit")
    assert "applications/production.yaml" in git(sparse, "ls-files")
    assert git(sparse, "diff", "--name-only", "HEAD~1").split() == [
        "environments/dev/release.yaml",
        "environments/dev/values.yaml",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "production"),
        ("render", "production"),
        ("set", "production", "image.tag=2"),
        ("promote", "dev", "production", "--from-env", "--env"),
        ("env", "remove", "production"),
        ("env", "add", "production"),
    ],
)
def test_a_command_for_it_says_what_to_type(sparse: Path, gitops_gen: GitopsGen, words: tuple[str, ...]) -> None:
    before = tree(sparse)
    result = gitops_gen(sparse, *words)
    assert result.code == 2, result.err
    assert "environment `production` is not checked out" in result.err
    assert "git sparse-checkout add environments/production" in result.err
    assert tree(sparse) == before
    git(sparse, "sparse-checkout", "add", "environments/production")
    assert gitops_gen(sparse, "generate", "--check", "production").code == 0


@pytest.mark.parametrize("words", [("env", "list"), ("status",), ("diff",), ("plan",)])
def test_a_command_for_all_says_which_it_left_out(sparse: Path, gitops_gen: GitopsGen, words: tuple[str, ...]) -> None:
    result = gitops_gen(sparse, *words)
    assert "not checked out and skipped: production" in result.err
    assert "production" not in result.out
    assert result.code == 0, result.err


def test_what_is_meant_for_all_is_refused(sparse: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(sparse, "set", "--all", "replicas=7")
    assert result.code == 2
    assert "not checked out: production" in result.err


def test_a_part_of_an_environment_is_not_an_environment(good: Path, gitops_gen: GitopsGen) -> None:
    leave_out(good, "/environments/production/environment.yaml")
    before = tree(good)
    assert (good / "environments/production/release.yaml").exists()
    assert gitops_gen(good, "generate").code == 0
    assert tree(good) == before


def test_manifests_that_are_not_checked_out_are_held_against_the_index(good: Path, gitops_gen: GitopsGen) -> None:
    leave_out(good, "/argocd/")
    assert not (good / "argocd").exists()
    before = tree(good)
    assert gitops_gen(good, "generate").code == 0
    assert tree(good) == before
    file = good / "environments/dev/environment.yaml"
    file.write_text(file.read_text() + "namespaceLabels: {team: forge}\n")
    before = tree(good)
    checked = gitops_gen(good, "generate", "--check")
    assert (checked.code, checked.out) == (1, "stale and not checked out  argocd/applications/dev.yaml\n")
    refused = gitops_gen(good, "generate")
    assert refused.code == 1
    assert "argocd/applications/dev.yaml: would change but is not checked out" in refused.err
    assert "git sparse-checkout add argocd/applications" in refused.err
    assert tree(good) == before


@pytest.mark.parametrize("left_out", ["/chart/", "/chart/templates/"])
def test_a_chart_that_is_not_checked_out_is_reported(good: Path, gitops_gen: GitopsGen, left_out: str) -> None:
    leave_out(good, left_out)
    result = gitops_gen(good, "generate", "--check")
    assert result.code == 1
    assert "chart: is only partly checked out" in result.err
    assert "git sparse-checkout add chart" in result.err


def test_the_bit_of_single_files_is_enough(good: Path, gitops_gen: GitopsGen) -> None:
    files = [f"environments/production/{name}" for name in ("environment.yaml", "release.yaml", "values.yaml")]
    git(good, "update-index", "--skip-worktree", *files)
    for file in files:
        (good / file).unlink()
    before = tree(good)
    assert gitops_gen(good, "generate").code == 0
    assert tree(good) == before


def test_an_environment_that_was_removed_is_removed(sparse: Path, gitops_gen: GitopsGen) -> None:
    for name in ("environment.yaml", "release.yaml"):
        (sparse / "environments/dev" / name).unlink()
    result = gitops_gen(sparse, "generate")
    assert result.code == 0, result.err
    assert not (sparse / "argocd/applications/dev.yaml").exists()
    assert (sparse / "argocd/applications/production.yaml").exists()


def test_a_folder_that_is_a_symlink_to_another_is_refused(good: Path, gitops_gen: GitopsGen) -> None:
    os.symlink("dev", good / "environments/twin")
    commit_all(good)
    before = tree(good)
    result = gitops_gen(good, "generate")
    assert result.code == 1
    assert "environments/twin: is a symlink to environments/dev" in result.err
    assert tree(good) == before


def test_a_file_that_is_a_symlink_is_an_input_like_others(good: Path, gitops_gen: GitopsGen) -> None:
    folder = good / "environments/production"
    (good / "shared.yaml").write_bytes((folder / "environment.yaml").read_bytes())
    (folder / "environment.yaml").unlink()
    (folder / "environment.yaml").symlink_to("../../shared.yaml")
    assert gitops_gen(good, "generate").out == ""
    commit_all(good)
    (good / "shared.yaml").write_text((good / "shared.yaml").read_text() + "namespaceLabels: {a: b}\n")
    assert gitops_gen(good, "generate").out == "updated  argocd/applications/production.yaml\n"

"""Pushing beside others, and merges by hand: inputs are merged, generated files are made anew."""

import subprocess
from pathlib import Path

import pytest

from bench.writers import run_kills, run_writers
from tests.change.conftest import head, is_clean
from tests.conftest import git


@pytest.fixture
def other(origin: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", str(origin), "other")
    return tmp_path / "other"


def test_who_loses_the_race_goes_on_top(good: Path, other: Path, origin: Path, change) -> None:
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    said = change(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert "at attempt 2: others were faster" in said
    assert git(origin, "log", "--format=%s", "-2", "main").splitlines() == [
        "Set image.tag to 1.6.0 in dev",
        "Set image.tag to 1.5.0 in production",
    ]
    assert head(good) == git(origin, "rev-parse", "main").strip()
    assert is_clean(good)


def test_neighbouring_lines_are_no_conflict(good: Path, other: Path, change) -> None:
    change(other, "set", "dev", "settings.a=1", "--release", "--push")
    change(good, "set", "dev", "settings.b=2", "--release", "--push")
    text = (good / "environments/dev/release.yaml").read_text()
    assert 'a: "1"' in text or "a: '1'" in text
    assert 'b: "2"' in text or "b: '2'" in text


def test_the_same_key_is_a_conflict_that_is_named(good: Path, other: Path, origin: Path, change, gitops_gen) -> None:
    change(other, "set", "dev", "image.tag=1.5.0", "--push")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 1
    assert "values.image.tag: was changed on both sides" in result.err
    assert "git pull --rebase origin main" in result.err
    assert git(origin, "log", "-1", "--format=%s", "main") == "Set image.tag to 1.5.0 in dev\n"
    assert git(good, "log", "-1", "--format=%s") == "Set image.tag to 1.6.0 in dev\n"
    assert is_clean(good)
    assert git(good, "worktree", "list").count("\n") == 1


def test_the_same_change_twice_is_one(good: Path, other: Path, origin: Path, change) -> None:
    change(other, "set", "dev", "image.tag=1.5.0", "--push")
    change(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert git(origin, "rev-list", "--count", "main") == "2\n"


def test_a_merge_that_makes_no_sense_is_not_pushed(good: Path, other: Path, origin: Path, change, gitops_gen) -> None:
    change(other, "set", "dev", "settings.mode=a", "--environment", "--push")
    result = gitops_gen(good, "set", "dev", "settings.mode=b", "--release", "--push")
    assert result.code == 1
    assert "values.settings.mode" in result.err
    assert git(origin, "rev-list", "--count", "main") == "2\n"


def test_own_commits_that_were_not_pushed_go_along(good: Path, other: Path, origin: Path, change) -> None:
    (good / "notes").write_text("mine\n")
    git(good, "add", "notes")
    git(good, "commit", "-qm", "Take notes")
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert git(origin, "log", "--format=%s", "-2", "main").splitlines() == [
        "Set image.tag to 1.6.0 in dev",
        "Take notes",
    ]


def test_files_that_are_being_edited_survive_the_race(good: Path, other: Path, change, gitops_gen) -> None:
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    file = good / "environments/production/release.yaml"
    file.write_text(file.read_text() + "# thinking\n")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 0, result.err
    assert "your checkout stays behind" in result.err
    assert file.read_text().endswith("# thinking\n")


@pytest.mark.parametrize("way", ["merge", "rebase", "cherry-pick"])
def test_a_conflict_in_generated_files_is_resolved_by_generating(good: Path, change, gitops_gen, way: str) -> None:
    git(good, "switch", "-qc", "feature")
    change(good, "set", "dev", "settings.a=x", "--environment", "--commit")
    git(good, "switch", "-q", "main")
    change(good, "set", "dev", "settings.b=z", "--release", "--commit")
    done = subprocess.run(["git", way, "feature"], cwd=good, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "<<<<<<<" in (good / "environments/dev/values.yaml").read_text()
    assert gitops_gen(good, "generate", "--check").code == 1
    result = gitops_gen(good, "generate")
    assert result.code == 0, result.err
    assert "resolved the merge conflict in" in result.err
    assert "environments/dev/values.yaml" in result.err
    git(good, "-c", "core.editor=true", way, "--continue")
    assert is_clean(good)
    assert gitops_gen(good, "generate", "--check").code == 0
    text = (good / "environments/dev/values.yaml").read_text()
    assert "  a: x\n\n  b: z\n" in text


def test_a_conflict_in_an_input_is_left_to_people(good: Path, change, gitops_gen) -> None:
    git(good, "switch", "-qc", "feature")
    change(good, "set", "dev", "image.tag=1.6.0", "--commit")
    git(good, "switch", "-q", "main")
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    subprocess.run(["git", "merge", "feature"], cwd=good, capture_output=True, check=False)
    result = gitops_gen(good, "generate")
    assert result.code == 1
    assert "environments/dev/release.yaml" in result.err
    assert "UU environments/dev/release.yaml" in git(good, "status", "--porcelain")


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    race = run_writers(tmp_path, writers=3, bumps=2)
    assert race.wrong == []
    assert race.pushed == 6


def test_kills_leave_a_whole_tree(tmp_path: Path) -> None:
    killed = run_kills(tmp_path, kills=6)
    assert killed.wrong == []
    assert killed.hits

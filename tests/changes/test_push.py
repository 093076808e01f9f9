"""Pushing while others push, and merges by hand: inputs are merged, generated files are generated again."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.writers import run_writers
from gitops_gen.yaml.reader import load
from tests.changes.conftest import as_author, head, is_clean
from tests.conftest import Change, GitopsGen, git

pytestmark = pytest.mark.slow


@pytest.fixture
def other(origin: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", str(origin), "other")
    return tmp_path / "other"


def test_a_stale_clone_commits_on_top_of_what_the_remote_has(
    good: Path, other: Path, origin: Path, change: Change
) -> None:
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    said = change(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert "origin/main has a commit that is not in the local branch" in said
    assert "Set image.tag to 1.5.0 in production (Test)" in said
    assert git(origin, "log", "--format=%s", "-2", "main").splitlines() == [
        "Set image.tag to 1.6.0 in dev",
        "Set image.tag to 1.5.0 in production",
    ]
    assert head(good) == git(origin, "rev-parse", "main").strip()
    assert is_clean(good)


def test_neighbouring_lines_are_no_conflict(good: Path, other: Path, change: Change) -> None:
    change(other, "set", "dev", "settings.a=1", "--release", "--push")
    change(good, "set", "dev", "settings.b=2", "--release", "--push")
    release = load((good / "environments/dev/release.yaml").read_text(), "release.yaml")
    assert release["values"]["settings"] == {"a": "1", "b": "2"}


def test_the_same_key_is_a_conflict_that_is_named(
    good: Path, other: Path, origin: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    with as_author("Olga"):
        change(other, "set", "dev", "image.tag=1.5.0", "--push")
    before = head(good)
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 1
    assert "environments/dev/release.yaml: values.image.tag: was changed on both sides: 1.6.0 by Test" in result.err
    assert f"1.5.0 by Olga ({head(other)[:12]} Set image.tag to 1.5.0 in dev)" in result.err
    assert "nothing was changed; run `git pull --rebase origin main`" in result.err
    assert git(origin, "log", "-1", "--format=%s", "main") == "Set image.tag to 1.5.0 in dev\n"
    assert head(good) == before
    assert is_clean(good)
    git(good, "pull", "-q", "--rebase", "origin", "main")
    change(good, "set", "dev", "image.tag=1.6.0", "--push")


def test_what_only_the_remote_has_is_not_overwritten_unnoticed(
    good: Path, other: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    """To the user's eyes nothing changes, so nothing may be taken back on the remote."""
    change(other, "set", "dev", "image.tag=1.5.0", "--push")
    result = gitops_gen(good, "set", "dev", "image.tag=1.4.2", "--push")
    assert result.code == 1
    assert "1.4.2 by Test (this command), 1.5.0 by Test" in result.err


def race(good: Path, *words: str) -> None:
    """Have a command push from elsewhere at the moment when `good` pushes for the first time."""
    hook = good / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    inner = " ".join(f"'{word}'" for word in words)
    hook.write_text(f"#!/bin/sh\nrm -f '{hook}'\n'{sys.executable}' -m gitops_gen -C {inner} >&2\n")
    hook.chmod(0o755)


def test_a_lost_race_leaves_one_commit(good: Path, other: Path, origin: Path, change: Change) -> None:
    race(good, str(other), "set", "production", "image.tag=1.5.0", "--push")
    said = change(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert "at attempt 2: others pushed first" in said
    assert "Set image.tag to 1.5.0 in production (Test)" in said
    assert git(origin, "log", "--format=%s", "main").splitlines() == [
        "Set image.tag to 1.6.0 in dev",
        "Set image.tag to 1.5.0 in production",
        "All",
    ]
    assert head(good) == git(origin, "rev-parse", "main").strip()
    assert is_clean(good)


def test_a_conflict_after_a_lost_race_keeps_the_commit(
    good: Path, other: Path, origin: Path, gitops_gen: GitopsGen
) -> None:
    race(good, str(other), "set", "dev", "image.tag=1.5.0", "--push")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 1
    assert "was changed on both sides: 1.6.0 by Test (this command), 1.5.0 by Test" in result.err
    assert f"the commit {head(good)[:12]} is kept on your branch `main`; next: `git pull --rebase" in result.err
    assert git(good, "log", "-1", "--format=%s") == "Set image.tag to 1.6.0 in dev\n"
    assert git(origin, "log", "-1", "--format=%s", "main") == "Set image.tag to 1.5.0 in dev\n"
    assert is_clean(good)


def test_a_promotion_that_loses_the_race_looks_again(good: Path, other: Path, origin: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    git(other, "pull", "-q")
    race(good, str(other), "rollback", "dev", "--push")
    said = change(good, "promote", "dev", "production", "--push")
    assert "image.tag" in said
    assert "tag: 1.6.0" not in git(origin, "show", "main:environments/production/release.yaml")
    assert head(good) == git(origin, "rev-parse", "main").strip()


def test_what_the_remote_says_is_shown(good: Path, origin: Path, change: Change) -> None:
    hook = origin / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf 'Create a pull request by visiting:\\n  https://x.example/new\\033[31m\\n'\n")
    hook.chmod(0o755)
    said = change(good, "set", "dev", "image.tag=1.5.0", "--branch", "up", "--push")
    assert "origin says: Create a pull request by visiting:" in said
    assert "origin says:   https://x.example/new" in said
    assert "\033" not in said


@pytest.mark.parametrize(
    ("kind", "quoted"), [("lock", "cannot lock ref 'refs/heads/main'"), ("hook", "remote: cannot lock ref ")]
)
def test_a_remote_that_refuses_for_good_is_quoted_at_once(
    good: Path, origin: Path, gitops_gen: GitopsGen, kind: str, quoted: str
) -> None:
    if kind == "lock":
        (origin / "refs/heads/main.lock").write_text("")
    else:
        hook = origin / "hooks/update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho 'cannot lock ref' >&2\nexit 1\n")
        hook.chmod(0o755)
    start = time.monotonic()
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert time.monotonic() - start < 15
    assert result.code == 1
    assert "others" not in result.err
    assert quoted in result.err
    assert f"the commit {head(good)[:12]} is kept on your branch `main`; next: `git push`" in result.err


def test_a_branch_whose_name_conflicts_with_another_on_the_remote(
    good: Path, origin: Path, gitops_gen: GitopsGen
) -> None:
    git(origin, "branch", "feat", "main")
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--branch", "feat/x", "--push")
    assert result.code == 1
    assert "feat" in result.err
    assert "others" not in result.err
    assert "the commit is kept on the local branch `feat/x`" in result.err
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--branch", "feat")
    assert result.code == 2
    assert "git cannot create a branch `feat` while the branch `feat/x` exists" in result.err


def test_a_branch_that_the_remote_has_is_not_moved(good: Path, origin: Path, gitops_gen: GitopsGen) -> None:
    git(origin, "branch", "up", "main")
    before = git(origin, "rev-parse", "up")
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--branch", "up", "--push")
    assert result.code == 1
    assert "origin already has a branch `up`" in result.err
    assert git(origin, "rev-parse", "up") == before


def test_a_kept_commit_is_pushed_by_the_same_command(
    good: Path, origin: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    hook = origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert result.code == 1
    assert "branch is protected" in result.err
    hook.unlink()
    said = change(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert "also pushed, because it was not pushed yet" in said
    assert git(origin, "log", "-1", "--format=%s", "main") == "Set image.tag to 1.5.0 in dev\n"
    assert git(origin, "rev-list", "--count", "main") == "2\n"


def test_a_remote_that_cannot_be_reached_changes_nothing(good: Path, origin: Path, gitops_gen: GitopsGen) -> None:
    origin.rename(origin.with_suffix(".away"))
    before = head(good)
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert result.code == 1
    assert "nothing was changed" in result.err
    assert head(good) == before
    assert is_clean(good)


def test_a_rewritten_branch_is_not_brought_back(
    good: Path, other: Path, origin: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    git(good, "pull", "-q")
    git(other, "reset", "-q", "--hard", "HEAD~1")
    git(other, "push", "-q", "--force")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 1
    assert "origin/main was rewritten" in result.err
    assert git(origin, "rev-list", "--count", "main") == "1\n"


def test_a_merge_that_was_not_pushed_is_not_taken_apart(
    good: Path, other: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    git(good, "switch", "-qc", "side")
    change(good, "set", "dev", "replicas=4", "--commit")
    git(good, "switch", "-q", "main")
    git(good, "merge", "-q", "--no-ff", "--no-edit", "side")
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 1
    assert "your branch has a merge commit that was not pushed" in result.err
    git(good, "pull", "-q", "--no-rebase", "--no-edit")
    change(good, "set", "dev", "image.tag=1.6.0", "--push")


def test_a_conflict_of_an_older_commit_names_both_sides(
    good: Path, other: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(good, "set", "dev", "image.tag=1.6.0", "--commit")
    change(other, "set", "dev", "image.tag=1.5.0", "--push")
    before = head(good)
    result = gitops_gen(good, "set", "production", "image.tag=1.6.0", "--push")
    assert result.code == 1
    assert f"the unpushed commit {before[:12]} (Set image.tag to 1.6.0 in dev)" in result.err
    assert "values.image.tag: was changed on both sides: 1.6.0 by Test, 1.5.0 by Test" in result.err
    assert head(good) == before


def test_the_same_change_twice_is_one(good: Path, other: Path, origin: Path, change: Change) -> None:
    change(other, "set", "dev", "image.tag=1.5.0", "--push")
    change(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert git(origin, "rev-list", "--count", "main") == "2\n"


def test_a_merge_that_makes_no_sense_is_not_pushed(
    good: Path, other: Path, origin: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(other, "set", "dev", "settings.mode=a", "--environment", "--push")
    result = gitops_gen(good, "set", "dev", "settings.mode=b", "--release", "--push")
    assert result.code == 1
    assert "values.settings: was changed on both sides" in result.err
    assert git(origin, "rev-list", "--count", "main") == "2\n"


def test_own_commits_that_were_not_pushed_go_along(good: Path, other: Path, origin: Path, change: Change) -> None:
    (good / "notes").write_text("mine\n")
    git(good, "add", "notes")
    git(good, "commit", "-qm", "Take notes")
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert git(origin, "log", "--format=%s", "-2", "main").splitlines() == [
        "Set image.tag to 1.6.0 in dev",
        "Take notes",
    ]


def test_files_that_are_being_edited_survive_the_race(
    good: Path, other: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(other, "set", "production", "image.tag=1.5.0", "--push")
    file = good / "environments/production/release.yaml"
    file.write_text(file.read_text() + "# thinking\n")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 0, result.err
    assert "your checkout is not updated" in result.err
    assert file.read_text().endswith("# thinking\n")


@pytest.mark.parametrize("way", ["merge", "rebase", "cherry-pick"])
def test_a_conflict_in_generated_files_is_resolved_by_generating(
    good: Path, change: Change, gitops_gen: GitopsGen, way: str
) -> None:
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


def test_a_conflict_in_an_input_is_left_to_people(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
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
    assert len(race.pushes) == 6

"""Two people, one branch: who has not pulled decides on what the remote has, or is stopped with what the other did."""

from pathlib import Path

import pytest

from tests.changes.conftest import as_author, head, is_clean
from tests.conftest import Change, GitopsGen, git

pytestmark = pytest.mark.slow

DEV, PRODUCTION = "environments/dev/release.yaml", "environments/production/release.yaml"


@pytest.fixture
def other(origin: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", str(origin), "other")
    return tmp_path / "other"


def tag(origin: Path, path: str) -> str:
    """The tag that an environment runs on the remote."""
    lines = git(origin, "show", f"main:{path}").splitlines()
    return next(line.split("tag:")[1].strip() for line in lines if "tag:" in line)


def olga(change: Change, folder: Path, *words: str) -> str:
    with as_author("Olga"):
        return change(folder, *words, "--push")


def test_a_release_that_was_rolled_back_is_not_promoted(good: Path, other: Path, origin: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    git(other, "pull", "-q")
    olga(change, other, "rollback", "dev")
    said = change(good, "promote", "dev", "production", "--push")
    assert tag(origin, PRODUCTION) == "1.4.2"
    assert "(Olga)" in said
    assert "production: image.tag 1.4.2 → 1.6.0" in said  # what it would have been
    assert head(good) == git(origin, "rev-parse", "main").strip()


@pytest.mark.parametrize("how", [("--branch", "up", "--push"), ("--push", "--dry-run")])
def test_neither_is_it_on_a_branch_or_in_a_dry_run(
    good: Path, other: Path, origin: Path, change: Change, how: tuple[str, ...]
) -> None:
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    git(other, "pull", "-q")
    olga(change, other, "set", "dev", "image.tag=1.5.9")
    before = head(good)
    said = change(good, "promote", "dev", "production", *how)
    assert "production: image.tag 1.4.2 → 1.5.9" in said
    assert head(good) == before
    if "up" in how:
        assert "tag: 1.5.9" in git(origin, "show", f"up:{PRODUCTION}")
    assert tag(origin, PRODUCTION) == "1.4.2"


def test_the_newest_change_of_the_remote_is_rolled_back(good: Path, other: Path, origin: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--push")
    git(other, "pull", "-q")
    olga(change, other, "set", "dev", "image.tag=1.6.0")
    said = change(good, "rollback", "dev", "--push")
    assert tag(origin, DEV) == "1.5.0"
    assert "Set image.tag to 1.6.0 in dev" in said
    assert "the local state would have given: Undo" in said


def test_who_rolls_back_second_does_not_undo_the_rollback(
    good: Path, other: Path, origin: Path, change: Change
) -> None:
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    git(other, "pull", "-q")
    olga(change, other, "rollback", "dev")
    said = change(good, "rollback", "dev", "--push")
    assert tag(origin, DEV) == "1.4.2"
    assert "origin/main already has this change" in said
    assert "by Olga" in said
    assert "nothing changes" in said
    assert head(good) == git(origin, "rev-parse", "main").strip()


def test_a_hotfix_of_the_target_is_not_overwritten_unnoticed(
    good: Path, other: Path, origin: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    git(other, "pull", "-q")
    olga(change, other, "set", "production", "image.tag=1.4.3")
    result = gitops_gen(good, "promote", "dev", "production", "--push")
    assert result.code == 1
    both = "was changed on both sides: 1.6.0 by Test (this command), 1.4.3 by Olga"
    assert f"{PRODUCTION}: values.image.tag: {both}" in result.err
    assert tag(origin, PRODUCTION) == "1.4.3"
    git(good, "pull", "-q")
    change(good, "promote", "dev", "production", "--push")
    assert tag(origin, PRODUCTION) == "1.6.0"


def test_a_promotion_that_others_made_already_is_not_made_again(
    good: Path, other: Path, origin: Path, change: Change
) -> None:
    """Not with what FROM runs since either: nobody has checked that release."""
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    git(other, "pull", "-q")
    olga(change, other, "promote", "dev", "production")
    olga(change, other, "set", "dev", "image.tag=1.7.0")
    said = change(good, "promote", "dev", "production", "--push")
    assert "origin/main already has this change" in said
    assert tag(origin, PRODUCTION) == "1.6.0"


def test_an_environment_that_only_the_remote_has_can_be_changed(
    good: Path, other: Path, origin: Path, change: Change
) -> None:
    olga(change, other, "env", "clone", "dev", "qa", "--shared")
    change(good, "set", "qa", "image.tag=1.6.0", "--push")
    assert tag(origin, "environments/qa/release.yaml") == "1.6.0"
    assert is_clean(good)


def test_an_environment_that_the_remote_has_not_any_more_cannot(
    good: Path, other: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    olga(change, other, "env", "remove", "dev", "--delete-running")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--push")
    assert result.code == 2
    assert "no environment `dev`" in result.err


def test_a_removal_does_not_take_what_others_just_changed(
    good: Path, other: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    olga(change, other, "set", "dev", "image.tag=1.6.0")
    result = gitops_gen(good, "env", "remove", "dev", "--delete-running", "--push")
    assert result.code == 1
    assert "by Olga" in result.err


def test_a_renamed_environment_keeps_what_others_just_changed(
    good: Path, other: Path, origin: Path, change: Change
) -> None:
    olga(change, other, "set", "dev", "image.tag=1.6.0")
    change(good, "env", "rename", "dev", "qa", "--delete-running", "--push")
    assert tag(origin, "environments/qa/release.yaml") == "1.6.0"


def test_a_promotion_that_waited_here_does_not_go_along_when_its_source_has_moved(
    good: Path, other: Path, origin: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(good, "set", "dev", "image.tag=1.6.0", "--push")
    git(other, "pull", "-q")
    change(good, "promote", "dev", "production", "--commit", "-m", "OPS-1")
    waiting = head(good)
    olga(change, other, "rollback", "dev")
    result = gitops_gen(good, "set", "production", "replicas=3", "--push")
    assert result.code == 1
    assert f"{waiting[:12]} (OPS-1) was not pushed yet, and {DEV} has changed on origin/main" in result.err
    assert tag(origin, PRODUCTION) == "1.4.2"
    assert head(good) == waiting


def test_a_shared_default_of_others_is_in_what_is_generated(
    good: Path, other: Path, origin: Path, change: Change
) -> None:
    olga(change, other, "set", "--stage", "production", "settings.mode=x")
    change(good, "set", "production", "image.tag=1.6.0", "--push")
    text = git(origin, "show", "main:environments/production/values.yaml")
    assert "mode: x" in text
    assert "tag: 1.6.0" in text


def test_a_detached_head_pushes_a_separate_branch(good: Path, origin: Path, change: Change) -> None:
    git(good, "checkout", "-q", "--detach")
    change(good, "set", "dev", "image.tag=1.6.0", "--branch", "up", "--push")
    assert "tag: 1.6.0" in git(origin, "show", f"up:{DEV}")

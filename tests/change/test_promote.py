"""`promote`: the release moves, in order, and nothing else does."""

from pathlib import Path

from tests.change.conftest import committed, head, is_clean, message
from tests.conftest import git

PRODUCTION = "environments/production/release.yaml"


def test_the_release_is_copied_and_the_rest_stays(good: Path, change) -> None:
    before = (good / "environments/production/environment.yaml").read_text()
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    source = head(good)
    change(good, "promote", "dev", "production", "--commit")
    assert "tag: 1.5.0" in (good / PRODUCTION).read_text()
    assert (good / "environments/production/environment.yaml").read_text() == before
    assert committed(good) == [PRODUCTION, "environments/production/values.yaml"]
    assert f"Source-Commit: {source}\n" in message(good)
    assert "production: image.tag 1.4.2 → 1.5.0" in message(good)


def test_comments_of_the_target_survive(good: Path, change) -> None:
    (good / PRODUCTION).write_text("# careful\n" + (good / PRODUCTION).read_text().replace("1.4.2", "1.4.2 # blessed"))
    change(good, "set", "dev", "image.tag=1.5.0")
    change(good, "promote", "dev", "production")
    text = (good / PRODUCTION).read_text()
    assert text.startswith("# careful\n")
    assert "tag: 1.5.0 # blessed\n" in text


def test_a_stage_is_skipped_only_by_force(good: Path, change, gitops_gen) -> None:
    result = gitops_gen(good, "promote", "production", "dev")
    assert result.code == 1
    assert "`dev` is the first stage" in result.err
    change(good, "set", "production", "image.tag=1.3.0")
    change(good, "promote", "production", "dev", "--force")
    assert "tag: 1.3.0" in (good / "environments/dev/release.yaml").read_text()


def test_all_environments_of_a_stage_are_promoted_together(good: Path, change) -> None:
    change(good, "env", "clone", "production", "production-us", "--cluster", "us", "--shared", "--commit")
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "promote", "dev", "production-us", "--commit")
    assert "tag: 1.4.2" in (good / PRODUCTION).read_text()
    change(good, "set", "dev", "image.tag=1.6.0", "--commit")
    change(good, "env", "clone", "dev", "dev-2", "--shared", "--commit")
    change(good, "promote", "dev", "production", "--commit")
    assert message(good).count("Environment: ") == 1  # an environment's name goes before a stage's


def test_a_stage_whose_environments_differ_cannot_be_promoted(good: Path, change, gitops_gen) -> None:
    (good / "gitops.yaml").write_text((good / "gitops.yaml").read_text().replace("name: dev", "name: test"))
    (good / "environments/dev/environment.yaml").write_text(
        (good / "environments/dev/environment.yaml").read_text().replace("stage: dev", "stage: test")
    )
    change(good, "generate")
    change(good, "env", "clone", "dev", "dev-2", "--shared")
    change(good, "promote", "test", "production")
    change(good, "set", "dev-2", "image.tag=1.5.0")
    result = gitops_gen(good, "promote", "test", "production")
    assert result.code == 1
    assert "values.image.tag" in result.err


def test_only_narrows_it_to_some_keys(good: Path, change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0")
    change(good, "set", "dev", "settings.mode=new", "--release")
    said = change(good, "promote", "dev", "production", "--only", "image")
    text = (good / PRODUCTION).read_text()
    assert "tag: 1.5.0" in text
    assert "mode" not in text
    assert "settings" not in said


def test_only_of_an_unknown_key_names_the_known(good: Path, gitops_gen) -> None:
    result = gitops_gen(good, "promote", "dev", "production", "--only", "image.tga")
    assert result.code == 2
    assert "did you mean `image.tag`?" in result.err


def test_values_of_one_side_only_are_warned_about(good: Path, change) -> None:
    change(good, "set", "dev", "settings.mode=new", "--environment")
    change(good, "set", "production", "settings.old=x", "--release")
    said = change(good, "promote", "dev", "production", "--dry-run")
    assert "dev sets settings.mode, production does not; it is not promoted" in said
    assert "values.settings is set in production only and goes" in said
    assert "production sets replicas, dev does not" in said


def test_a_pinned_chart_is_promoted_along(good: Path, change) -> None:
    release = good / "environments/dev/release.yaml"
    release.write_text(release.read_text() + "chart:\n  revision: v1.0.0\n")
    change(good, "generate")
    change(good, "promote", "dev", "production")
    assert "chart:\n  revision: v1.0.0\n" in (good / PRODUCTION).read_text()


def test_a_target_without_a_release_gets_one(good: Path, change) -> None:
    (good / PRODUCTION).unlink()
    (good / "chart/values.yaml").write_text((good / "chart/values.yaml").read_text().replace('tag: ""', "tag: latest"))
    change(good, "generate")
    change(good, "promote", "dev", "production")
    assert "tag: 1.4.2" in (good / PRODUCTION).read_text()


def test_dry_run_writes_nothing(good: Path, change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    said = change(good, "promote", "dev", "production", "--dry-run", "--branch", "x", "--push")
    assert "+    tag: 1.5.0" in said
    assert is_clean(good)
    assert git(good, "branch", "--list", "x") == ""


def test_a_branch_is_made_beside_the_checkout(good: Path, change, origin: Path) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    before = head(good)
    (good / "scratch.txt").write_text("mine\n")
    change(good, "promote", "dev", "production", "--branch", "promote-1.5", "--push")
    assert head(good) == before
    assert (good / "scratch.txt").read_text() == "mine\n"
    assert git(origin, "log", "-1", "--format=%s", "promote-1.5") == "Promote dev to production\n"
    assert git(good, "worktree", "list").count("\n") == 1


def test_a_branch_that_is_there_is_not_moved(good: Path, change, gitops_gen) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    git(good, "branch", "taken")
    result = gitops_gen(good, "promote", "dev", "production", "--branch", "taken")
    assert result.code == 2
    assert "taken" in result.err

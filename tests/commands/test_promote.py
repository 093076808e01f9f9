"""`promote`: the release moves, in order, and nothing else does."""

import re
import shutil
from pathlib import Path

import pytest

from tests.changes.conftest import committed, head, is_clean, message
from tests.conftest import Change, GitopsGen, git

pytestmark = pytest.mark.slow

PRODUCTION = "environments/production/release.yaml"


def test_the_release_is_copied_and_the_rest_stays(good: Path, change: Change) -> None:
    before = (good / "environments/production/environment.yaml").read_text()
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    source = head(good)
    change(good, "promote", "dev", "production", "--commit")
    assert "tag: 1.5.0" in (good / PRODUCTION).read_text()
    assert (good / "environments/production/environment.yaml").read_text() == before
    assert committed(good) == [PRODUCTION, "environments/production/values.yaml"]
    assert f"Source-Commit: {source}\n" in message(good)
    assert "production: image.tag 1.4.2 → 1.5.0" in message(good)


def test_comments_of_the_target_survive(good: Path, change: Change) -> None:
    (good / PRODUCTION).write_text("# careful\n" + (good / PRODUCTION).read_text().replace("1.4.2", "1.4.2 # blessed"))
    change(good, "set", "dev", "image.tag=1.5.0")
    change(good, "promote", "dev", "production")
    text = (good / PRODUCTION).read_text()
    assert text.startswith("# careful\n")
    assert "tag: 1.5.0 # blessed\n" in text


def test_a_stage_is_skipped_only_by_force(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "promote", "production", "dev")
    assert result.code == 1
    assert "`dev` is the first stage" in result.err
    change(good, "set", "production", "image.tag=1.3.0")
    change(good, "promote", "production", "dev", "--force")
    assert "tag: 1.3.0" in (good / "environments/dev/release.yaml").read_text()


@pytest.fixture
def three(good: Path, change: Change) -> Path:
    """Three environments in the stage production, one of them of the same name; dev runs a newer release."""
    for name in ("production-eu", "production-us"):
        change(good, "env", "clone", "production", name, "--cluster", "us", "--shared", "--commit")
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    return good


def tags(folder: Path) -> dict[str, str]:
    return {
        file.parent.name: match[1]
        for file in sorted(folder.glob("environments/*/release.yaml"))
        if (match := re.search(r"tag: (\S+)", file.read_text()))
    }


ALL_OLD = {"dev": "1.5.0", "production": "1.4.2", "production-eu": "1.4.2", "production-us": "1.4.2"}


def test_a_name_of_an_environment_and_a_larger_stage_stops(three: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(three, "promote", "dev", "production", "--commit")
    assert result.code == 2
    assert "`production` is an environment, and a stage with production-eu, production-us too" in result.err
    assert "all 3: `gitops-gen promote dev production --stage`" in result.err
    assert "that one: `gitops-gen promote dev production --env`" in result.err
    assert is_clean(three)
    assert tags(three) == ALL_OLD


@pytest.mark.parametrize("arguments", [("dev", "production", "--stage"), ("dev", "--stage", "production")])
def test_all_environments_of_a_stage_are_promoted_together(
    three: Path, change: Change, arguments: tuple[str, ...]
) -> None:
    said = change(three, "promote", *arguments, "--commit")
    assert set(tags(three).values()) == {"1.5.0"}
    assert "production, production-eu, production-us: image.tag 1.4.2 → 1.5.0\n" in said
    assert "3 environments change in one commit" in said
    assert "start with `gitops-gen promote dev production --env`" in said
    assert message(three).startswith("Promote dev to stage production\n")
    assert message(three).count("Environment: ") == 3


def test_what_to_type_keeps_how_from_was_meant(three: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(three, "promote", "--from-env", "dev", "production")
    assert "`gitops-gen promote --from-env dev production --stage`" in result.err


def test_the_environment_alone_is_promoted_when_that_is_said(three: Path, change: Change) -> None:
    change(three, "promote", "dev", "production", "--env", "--commit")
    assert tags(three) == ALL_OLD | {"production": "1.5.0"}
    assert message(three).count("Environment: ") == 1


def test_several_targets_are_promoted_in_the_order_they_are_named(three: Path, change: Change) -> None:
    said = change(three, "promote", "dev", "production-us", "production-eu", "--commit")
    assert tags(three) == ALL_OLD | {"production-eu": "1.5.0", "production-us": "1.5.0"}
    assert "production-us, production-eu: image.tag 1.4.2 → 1.5.0\n" in said
    assert message(three).startswith("Promote dev to production-us, production-eu\n")


def test_what_some_targets_run_already_is_said(three: Path, change: Change) -> None:
    change(three, "promote", "dev", "production-us", "--commit")
    said = change(three, "promote", "dev", "production", "--stage", "--commit")
    assert "production, production-eu: image.tag 1.4.2 → 1.5.0\nproduction-us already runs it\n" in said
    assert "already runs it" not in message(three)


def test_one_ambiguous_name_among_several_targets_stops_them_all(three: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(three, "promote", "dev", "production-us", "production", "--commit")
    assert result.code == 2
    assert "promote dev production-us production production-eu production-us --env`" in result.err
    assert tags(three) == ALL_OLD


def test_a_stage_with_the_environment_of_its_name_alone_is_no_question(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "promote", "dev", "production", "--commit")
    assert tags(good) == {"dev": "1.5.0", "production": "1.5.0"}


@pytest.mark.parametrize(("option", "kind"), [("--stage", "stage"), ("--env", "environment")])
def test_a_name_of_the_other_kind_is_refused(three: Path, gitops_gen: GitopsGen, option: str, kind: str) -> None:
    name = {"stage": "production-eu", "environment": "productio"}[kind]
    result = gitops_gen(three, "promote", "dev", name, option)
    assert result.code == 2
    assert f"no {kind} `{name}`" in result.err
    assert "did you mean `production`?" in result.err


def test_from_may_be_a_stage_or_an_environment_while_they_run_the_same(
    good: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "env", "clone", "dev", "dev-2", "--shared", "--commit")
    change(good, "promote", "dev", "production", "--commit")
    assert tags(good)["production"] == "1.5.0"
    change(good, "set", "dev-2", "image.tag=1.6.0", "--commit")
    result = gitops_gen(good, "promote", "dev", "production")
    assert result.code == 2
    assert "`dev` is an environment, and a stage with dev-2 too" in result.err
    assert "`gitops-gen promote --from-env dev production`" in result.err
    result = gitops_gen(good, "promote", "--from-stage", "dev", "production")
    assert result.code == 1
    assert "`dev` and `dev-2` run different releases (values.image.tag)" in result.err
    change(good, "promote", "--from-env", "dev", "production", "--commit")
    assert tags(good)["production"] == "1.5.0"
    change(good, "promote", "dev-2", "production", "--commit")
    assert tags(good)["production"] == "1.6.0"


def test_an_environment_is_not_promoted_to_itself(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "promote", "dev", "dev")
    assert result.code == 2
    assert "`dev` cannot be promoted to itself" in result.err


def test_a_stage_whose_environments_differ_cannot_be_promoted(
    good: Path, change: Change, gitops_gen: GitopsGen
) -> None:
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


def test_only_narrows_it_to_some_keys(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0")
    change(good, "set", "dev", "settings.mode=new", "--release")
    said = change(good, "promote", "dev", "production", "--only", "image")
    text = (good / PRODUCTION).read_text()
    assert "tag: 1.5.0" in text
    assert "mode" not in text
    assert "settings" not in said


def test_only_of_an_unknown_key_names_the_known(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "promote", "dev", "production", "--only", "image.tga")
    assert result.code == 2
    assert "did you mean `image.tag`?" in result.err


def test_what_a_release_brings_or_loses_is_warned_about(good: Path, change: Change) -> None:
    change(good, "set", "production", "settings.old=x", "--release")
    change(good, "set", "dev", "image.repository=registry.example.com/new", "--release")
    said = change(good, "promote", "dev", "production", "--dry-run")
    assert "warning: production: values.settings is set only there and is removed\n" in said
    assert "warning: production: values.image.repository is new there\n" in said


def test_settings_that_stay_are_one_note(good: Path, change: Change) -> None:
    change(good, "set", "dev", "settings.mode=new", "settings.more=new", "--environment")
    said = change(good, "promote", "dev", "production", "--dry-run")
    assert "warning" not in said
    assert said.count("note: ") == 1
    assert "note: 3 settings are only in dev or only in production, and not promoted: " in said
    assert "`gitops-gen diff --env dev production`" in said
    listed = change(good, "--verbose", "promote", "dev", "production", "--dry-run")
    assert "note: production: settings.mode stays unset, though dev sets it\n" in listed
    assert "note: production: replicas stays, though dev does not set it\n" in listed
    assert listed.count("note: ") == 3


def test_equal_changes_of_many_environments_are_one_line(good: Path, change: Change) -> None:
    for number in range(5):
        folder = good / f"environments/production-{number}"
        shutil.copytree(good / "environments/production", folder)
        (folder / "values.yaml").unlink()
        with (folder / "environment.yaml").open("a") as file:
            file.write("cluster: us\n")
    change(good, "generate")
    change(good, "set", "dev", "image.tag=1.5.0")
    said = change(good, "promote", "dev", "production", "--stage", "--dry-run")
    assert "6 environments: image.tag 1.4.2 → 1.5.0\n" in said
    assert said.count("+    tag: 1.5.0") == 1
    assert "the same in release.yaml of 5 environments\n" in said


def test_a_pinned_chart_is_promoted_along(good: Path, change: Change) -> None:
    release = good / "environments/dev/release.yaml"
    release.write_text(release.read_text() + "chart:\n  revision: v1.0.0\n")
    change(good, "generate")
    change(good, "promote", "dev", "production")
    assert "chart:\n  revision: v1.0.0\n" in (good / PRODUCTION).read_text()


def test_a_target_without_a_release_gets_one(good: Path, change: Change) -> None:
    (good / PRODUCTION).unlink()
    (good / "chart/values.yaml").write_text((good / "chart/values.yaml").read_text().replace('tag: ""', "tag: latest"))
    change(good, "generate")
    change(good, "promote", "dev", "production")
    assert "tag: 1.4.2" in (good / PRODUCTION).read_text()


def test_dry_run_writes_nothing(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    said = change(good, "promote", "dev", "production", "--dry-run", "--branch", "x", "--push")
    assert "+    tag: 1.5.0" in said
    assert is_clean(good)
    assert git(good, "branch", "--list", "x") == ""


def test_a_branch_is_made_outside_the_checkout(good: Path, change: Change, origin: Path) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    before = head(good)
    (good / "scratch.txt").write_text("mine\n")
    change(good, "promote", "dev", "production", "--branch", "promote-1.5", "--push")
    assert head(good) == before
    assert (good / "scratch.txt").read_text() == "mine\n"
    assert git(origin, "log", "-1", "--format=%s", "promote-1.5") == "Promote dev to production\n"
    assert git(good, "worktree", "list").count("\n") == 1


def test_a_branch_that_is_there_is_not_moved(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    git(good, "branch", "taken")
    result = gitops_gen(good, "promote", "dev", "production", "--branch", "taken")
    assert result.code == 2
    assert "taken" in result.err

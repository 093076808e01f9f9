"""`set`: the right file, the right type, nothing else touched."""

import json
import shutil
from pathlib import Path

import pytest

from gitops_gen.yaml.reader import load
from tests.changes.conftest import changed, committed, head, is_clean, message
from tests.conftest import Change, GitopsGen, commit_all, git, tree

RELEASE = "environments/dev/release.yaml"
ENVIRONMENT = "environments/dev/environment.yaml"


def test_a_released_key_goes_into_the_release(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0")
    assert changed(good) == [RELEASE, "environments/dev/values.yaml"]
    assert "tag: 1.5.0" in (good / RELEASE).read_text()


def test_what_an_environment_sets_stays_there(good: Path, change: Change) -> None:
    change(good, "set", "dev", "hosts=[a.example.com, b.example.com]")
    assert "hosts: [a.example.com, b.example.com]" in (good / ENVIRONMENT).read_text()


def test_a_sibling_of_a_released_key_stays_with_the_environment(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.repository=shop")
    assert "repository: shop" in (good / ENVIRONMENT).read_text()


@pytest.mark.parametrize("sibling", ["", "values: {image: {repository: shop}}\n"])
def test_a_tag_is_released_with_or_without_siblings(good: Path, gitops_gen: GitopsGen, sibling: str) -> None:
    for name in ("dev", "production"):
        (good / f"environments/{name}/release.yaml").unlink()
        own = f"apiVersion: gitops-gen/v1\nkind: Environment\nstage: {name}\n{sibling}"
        (good / f"environments/{name}/environment.yaml").write_text(own)
    result = gitops_gen(good, "set", "--all", "image.tag=1.10", "hosts=[a.example.com]")
    assert result.code == 0, result.err
    assert "tag: '1.10'" in (good / RELEASE).read_text()
    assert "tag:" not in (good / ENVIRONMENT).read_text()


def test_what_nobody_sets_stays_with_the_environment(good: Path, change: Change) -> None:
    change(good, "set", "dev", "replicas=4")
    assert "replicas: 4" in (good / ENVIRONMENT).read_text()


def test_a_key_that_another_release_sets_is_released(good: Path, change: Change) -> None:
    change(good, "set", "production", "settings.mode=fast", "--release")
    change(good, "set", "dev", "settings.mode=slow")
    assert "mode: slow" in (good / RELEASE).read_text()


def test_nothing_is_asked(good: Path, change: Change) -> None:
    change(good, "set", "dev", "settings.a=x", "--release")
    change(good, "set", "dev", "settings.b=x", "--environment")
    change(good, "set", "dev", "settings.c=x")
    assert "c: x" in (good / ENVIRONMENT).read_text()


def test_the_tag_of_a_map_is_released(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image={tag: 1.10}")
    assert "tag: '1.10'" in (good / RELEASE).read_text()
    assert "image" not in (good / ENVIRONMENT).read_text()


def test_a_tag_stays_where_it_is_set_and_how_to_release_it_is_printed(good: Path, change: Change) -> None:
    change(good, "set", "dev", "--move", "image.tag", "--environment")
    said = change(good, "set", "dev", "image.tag=2.0.0")
    assert "tag: 2.0.0" in (good / ENVIRONMENT).read_text()
    assert "`gitops-gen set dev --move image.tag --release`" in said


def test_a_map_is_split_between_the_files_of_its_keys(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image={repository: shop, tag: 1.10}")
    assert "repository: shop" in (good / ENVIRONMENT).read_text()
    assert "tag: '1.10'" in (good / RELEASE).read_text()


TARGETS = [
    ("dev",),
    ("--stage", "production"),
    ("--all",),
]
REQUESTS = [
    *(("settings.mode=x",), ("--string", "settings.mode=x"), ("--json", 'settings.mode="x"')),
    *(
        ("--file", "settings.mode=notes.txt"),
        ("--unset", "settings.old"),
        ("settings.mode=x", "--unset", "settings.old"),
    ),
    *(("--unset", "settings.old", "--string", "settings.mode=x", "--json", 'hosts=["a.example.com"]'),),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("words", REQUESTS)
def test_every_target_takes_every_request(
    good: Path, change: Change, target: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (good / "notes.txt").write_text("x")
    change(good, "set", *target, "settings.old=y")
    change(good, "set", *target, *words)
    name = "production" if "production" in target else "dev"
    values = load((good / f"environments/{name}/values.yaml").read_text(), "values.yaml")
    wanted = {} if words == ("--unset", "settings.old") else {"mode": "x"}
    assert values.get("settings", {}) == (wanted if "--unset" in words else {**wanted, "old": "y"})


@pytest.mark.parametrize(
    "words", [(), ("--unset", "a"), ("dev",), ("--all",), ("--all", "--stage", "dev", "a=b"), ("--all", "dev", "a=b")]
)
def test_a_request_without_a_target_or_a_key_is_refused(
    good: Path, gitops_gen: GitopsGen, words: tuple[str, ...]
) -> None:
    result = gitops_gen(good, "set", *words)
    assert result.code == 2
    assert is_clean(good)


def test_what_is_unset_in_all_is_unset_where_it_is_set(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    change(good, "set", "dev", "settings.mode=x")
    change(good, "set", "--all", "--unset", "settings.mode")
    assert not changed(good)
    result = gitops_gen(good, "set", "--all", "--unset", "settings.mode")
    assert result.code == 2
    assert "no value `settings.mode` in all environments" in result.err


def test_what_is_unset_in_all_is_unset_in_the_stages_too(good: Path, change: Change) -> None:
    said = change(good, "set", "--all", "--unset", "replicas")
    assert "production: replicas 2 (integer) → 1 (integer)" in said
    assert "replicas" not in (good / "gitops.yaml").read_text()


def test_where_a_key_is_unset_instead_is_printed(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "set", "production", "--unset", "replicas")
    assert result.code == 2
    assert "stage production (gitops.yaml) sets it" in result.err
    assert "`gitops-gen set --stage production --unset replicas`" in result.err


def test_environments_that_keep_their_own_value_are_named_when_a_default_goes(good: Path, change: Change) -> None:
    change(good, "set", "--all", "replicas=3")
    said = change(good, "set", "--all", "--unset", "replicas")
    assert "production keeps its own replicas (stage production, gitops.yaml)" in said


@pytest.mark.parametrize("tag", ["1.10", "1e3", "123e5", "0400", "on", "2024-01-01", "true", "~", "a: b", "'x'", "{a}"])
def test_a_tag_stays_a_string(good: Path, change: Change, gitops_gen: GitopsGen, tag: str) -> None:
    change(good, "set", "dev", f"image.tag={tag}")
    explained = json.loads(gitops_gen(good, "explain", "dev", "image.tag", "--output", "json").out)
    assert explained["keys"][0]["value"] == tag


def test_a_value_that_the_schema_refuses_changes_nothing(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "set", "dev", "replicas=many")
    assert result.code == 1
    assert "replicas" in result.err
    assert is_clean(good)


def test_a_key_that_the_chart_does_not_have_changes_nothing(good: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(good, "set", "dev", "image.tga=x", "--commit").code == 1
    assert is_clean(good)


def test_a_stage_is_set_once_in_its_defaults(good: Path, change: Change) -> None:
    change(good, "set", "--stage", "production", "replicas=7")
    assert changed(good) == ["environments/production/values.yaml", "gitops.yaml"]


def test_environments_that_keep_their_own_value_are_named(good: Path, change: Change) -> None:
    said = change(good, "set", "--all", "hosts=[all.example.com]")
    assert "warning: dev, production: keeps its own hosts (environment, " in said


def test_a_released_key_of_all_goes_into_every_release(good: Path, change: Change) -> None:
    change(good, "set", "--all", "image.tag=2.0.0", "--commit")
    assert [path for path in committed(good) if path.endswith("release.yaml")] == [
        "environments/dev/release.yaml",
        "environments/production/release.yaml",
    ]


def test_unset_removes_the_key_and_the_maps_left_empty(good: Path, change: Change) -> None:
    before = (good / ENVIRONMENT).read_text()
    change(good, "set", "dev", "settings.mode=x")
    change(good, "set", "dev", "--unset", "settings.mode")
    assert (good / ENVIRONMENT).read_text() == before


def test_dry_run_writes_nothing(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "set", "dev", "image.tag=9", "--dry-run", "--commit")
    assert result.code == 0
    assert "+    tag: '9'" in result.out
    assert is_clean(good)


def test_inputs_and_outputs_are_one_commit_with_trailers(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    assert committed(good) == [RELEASE, "environments/dev/values.yaml"]
    assert message(good) == "Set image.tag to 1.5.0 in dev\n\nEnvironment: dev\nChange: set\n\n"
    assert is_clean(good)


def test_what_else_is_staged_or_edited_is_left_alone(good: Path, change: Change) -> None:
    (good / "notes.txt").write_text("mine\n")
    git(good, "add", "notes.txt")
    (good / "environments/production/release.yaml").write_text(
        (good / "environments/production/release.yaml").read_text() + "# thinking\n"
    )
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    assert committed(good) == [RELEASE, "environments/dev/values.yaml"]
    assert git(good, "diff", "--cached", "--name-only").split() == ["notes.txt"]


def test_a_file_that_is_being_edited_is_not_committed_along(good: Path, gitops_gen: GitopsGen) -> None:
    (good / RELEASE).write_text((good / RELEASE).read_text() + "# thinking\n")
    before = (good / RELEASE).read_text()
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--commit")
    assert result.code == 1
    assert f"{RELEASE}: has uncommitted changes" in result.err
    assert (good / RELEASE).read_text() == before


def test_nothing_to_change_makes_no_commit(good: Path, gitops_gen: GitopsGen) -> None:
    before = head(good)
    result = gitops_gen(good, "set", "dev", "image.tag=1.4.2", "--commit")
    assert result.code == 0
    assert "nothing changes" in result.err
    assert head(good) == before


def test_a_refusing_hook_undoes_everything(good: Path, gitops_gen: GitopsGen) -> None:
    hooks = good / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "pre-commit").write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--commit")
    assert result.code == 1
    assert "not on a Friday" in result.err
    assert is_clean(good)


def test_hooks_run(good: Path, change: Change) -> None:
    hooks = good / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "commit-msg").write_text('#!/bin/sh\necho "Ticket: SHOP-1" >> "$1"\n')
    (hooks / "commit-msg").chmod(0o755)
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    assert "Ticket: SHOP-1" in message(good)


def test_a_project_outside_of_git_can_be_changed(
    good: Path, change: Change, gitops_gen: GitopsGen, tmp_path: Path
) -> None:
    git(good, "config", "core.bare", "false")
    (good / ".git").rename(tmp_path / "elsewhere")
    change(good, "set", "dev", "image.tag=1.5.0")
    result = gitops_gen(good, "set", "dev", "image.tag=1.6.0", "--commit")
    assert result.code == 1
    assert "git init" in result.err


def test_a_linked_input_is_not_replaced_by_a_copy(good: Path, gitops_gen: GitopsGen) -> None:
    (good / "environments/dev/release.yaml").rename(good / "shared.yaml")
    (good / "environments/dev/release.yaml").symlink_to("../../shared.yaml")
    commit_all(good)
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0")
    assert result.code == 1
    assert "symlink" in result.err
    assert is_clean(good)


@pytest.mark.parametrize("words", [["image.tag"], ["=1"], ["image.tag=[", "hosts=["]])
def test_words_that_say_nothing_are_refused(good: Path, gitops_gen: GitopsGen, words: list[str]) -> None:
    assert gitops_gen(good, "set", "dev", *words).code in (1, 2)
    assert is_clean(good)


def test_a_dry_run_shows_the_rendered_difference_without_git(good: Path, gitops_gen: GitopsGen) -> None:
    shutil.rmtree(good / ".git")
    before = tree(good)
    result = gitops_gen(good, "set", "dev", "image.tag=9.9.9", "--dry-run")
    assert result.code == 0, result.err
    assert "9.9.9" in result.out
    assert "ConfigMap/shop" in result.out
    assert "no rendered difference" not in result.out + result.err
    assert tree(good) == before

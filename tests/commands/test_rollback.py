"""`rollback`: one environment back in one commit, whatever else was committed since."""

from pathlib import Path

import pytest

from tests.changes.conftest import committed, head, is_clean, message
from tests.conftest import Change, GitopsGen, git, tree

pytestmark = pytest.mark.slow

RELEASE = "environments/dev/release.yaml"


def test_the_last_change_is_undone_though_others_are_between(good: Path, change: Change) -> None:
    before = tree(good / "environments/dev")
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    bad = head(good)
    change(good, "set", "production", "image.tag=1.4.3", "--commit")
    (good / "README").write_text("read me\n")
    git(good, "add", "README")
    git(good, "commit", "-qm", "Write a readme")
    change(good, "rollback", "dev")
    assert tree(good / "environments/dev") == before
    assert committed(good) == [RELEASE, "environments/dev/values.yaml"]
    assert message(good).startswith('Revert "Set image.tag to 1.5.0 in dev" in dev\n')
    assert f"Environment: dev\nChange: rollback\nSource-Commit: {bad}\n" in message(good)
    assert "tag: 1.4.3" in (good / "environments/production/release.yaml").read_text()


def test_a_rollback_of_the_rollback_is_the_identity(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "replicas=4", "--commit")
    before, undone = tree(good), head(good)
    change(good, "rollback", "dev")
    assert tree(good) != before
    said = change(good, "rollback", "dev")
    assert tree(good) == before
    assert f"That was a rollback of {undone[:12]}: the changes that it undid are restored" in said


def test_subjects_do_not_nest(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    subjects = []
    for _ in range(4):
        said = change(good, "rollback", "dev")
        subjects.append(message(good).splitlines()[0])
        assert ("the changes that it undid are restored" in said) == subjects[-1].startswith("Reapply")
    undone, redone = (f'{word} "Set image.tag to 1.5.0 in dev" in dev' for word in ("Revert", "Reapply"))
    assert subjects == [undone, redone, undone, redone]


@pytest.mark.parametrize(
    ("there", "then"),
    [
        ('Revert "Ship "it" now"', 'Reapply "Ship "it" now" in dev'),
        ('Revert "Revert "Ship it""', 'Revert "Ship it" in dev'),
        ('Reapply "Ship it"', 'Revert "Ship it" in dev'),
        ('Revert "Revert "Ship it" in dev" in dev', 'Revert "Ship it" in dev'),
        ("Revert the tag", 'Revert "Revert the tag" in dev'),
    ],
)
def test_a_revert_by_anybody_is_known(good: Path, change: Change, there: str, then: str) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    git(good, "commit", "--quiet", "--amend", "--message", there)
    change(good, "rollback", "dev")
    assert message(good).splitlines()[0] == then


def test_only_this_environment_of_a_change_of_many_is_undone(good: Path, change: Change) -> None:
    change(good, "set", "--all", "image.tag=2.0.0", "--commit")
    change(good, "rollback", "dev")
    assert "tag: 1.4.2" in (good / RELEASE).read_text()
    assert "tag: 2.0.0" in (good / "environments/production/release.yaml").read_text()


def test_to_a_commit_undoes_all_that_came_after(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "set", "dev", "image.tag=1.6.0", "--commit")
    said = change(good, "rollback", "dev", "--to", "v1.0.0")
    assert "tag: 1.4.2" in (good / RELEASE).read_text()
    assert said.count("Undo ") == 2
    assert message(good).splitlines()[0] == "Revert 2 changes in dev"
    change(good, "rollback", "dev")
    assert "tag: 1.6.0" in (good / RELEASE).read_text()
    assert message(good).splitlines()[0] == "Reapply 2 changes in dev"


def test_a_word_counts_from_where_the_user_is(good: Path, origin: Path, change: Change, tmp_path: Path) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--push")
    git(tmp_path, "clone", "-q", str(origin), "other")
    change(tmp_path / "other", "set", "production", "image.tag=1.4.3", "--push")
    change(good, "rollback", "dev", "--to", "HEAD~1", "--push")
    assert "tag: 1.4.2" in git(origin, "show", f"main:{RELEASE}")


def test_undo_keeps_later_changes(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    bad = head(good)
    change(good, "set", "dev", "image.repository=shop", "--release", "--commit")
    change(good, "rollback", "dev", "--undo", bad)
    text = (good / RELEASE).read_text()
    assert "tag: 1.4.2" in text
    assert "repository: shop" in text


def test_undo_names_what_was_changed_again(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "image.repository=bad", "--commit")
    bad = head(good)
    change(good, "set", "dev", "image.tag=1.6.0", "--commit")
    said = change(good, "rollback", "dev", "--undo", bad)
    text = (good / RELEASE).read_text()
    assert "values.image.tag was changed again since and stays" in said
    assert "tag: 1.6.0" in text
    assert "bad" not in text


def test_what_is_being_edited_is_not_overwritten(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    (good / RELEASE).write_text((good / RELEASE).read_text() + "# thinking\n")
    result = gitops_gen(good, "rollback", "dev")
    assert result.code == 1
    assert (good / RELEASE).read_text().endswith("# thinking\n")


def test_dry_run_says_what_git_cannot_undo(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    before = head(good)
    said = change(good, "rollback", "dev", "--dry-run")
    assert "database schemas" in said
    assert "it waits for a sync that is running, at most " in said
    assert "`argocd app terminate-op shop-dev` and then `argocd app sync shop-dev`" in said
    assert head(good) == before
    assert is_clean(good)


def test_an_application_without_paths_needs_no_sync_by_hand(good: Path, change: Change) -> None:
    path = good / "environments/dev/environment.yaml"
    annotations = "annotations: {argocd.argoproj.io/manifest-generate-paths: null}"
    path.write_text(f"{path.read_text()}argocd: {{application: {{metadata: {{{annotations}}}}}}}\n")
    change(good, "generate")
    git(good, "add", "--all")
    git(good, "commit", "-qm", "Look at every commit")
    said = change(good, "rollback", "dev", "--dry-run")
    assert "`argocd app terminate-op shop-dev`" in said
    assert "app sync" not in said


def test_a_shared_change_is_named_and_left(good: Path, change: Change) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "set", "--stage", "dev", "settings.mode=x", "--commit")
    said = change(good, "rollback", "dev")
    assert "Set settings.mode to x in stage dev changed shared inputs and is not undone" in said


def test_an_environment_is_not_rolled_back_to_before_its_birth(
    good: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(good, "env", "clone", "dev", "dev-2", "--shared", "--commit")
    result = gitops_gen(good, "rollback", "dev-2")
    assert result.code == 1
    assert "has no older version: it did not exist before" in result.err
    assert "env remove" not in result.err, "nobody wants production removed"
    assert "gitops-gen promote FROM dev-2" in result.err


@pytest.mark.parametrize("words", [(), ("--to", "v0"), ("--undo", "v1.0.0")])
def test_the_first_version_is_the_oldest(good: Path, gitops_gen: GitopsGen, words: tuple[str, ...]) -> None:
    git(good, "checkout", "--quiet", "--orphan", "before")
    git(good, "rm", "--quiet", "-r", "--cached", ".")
    git(good, "commit", "--quiet", "--allow-empty", "--message", "Nothing yet")
    git(good, "tag", "v0")
    git(good, "add", "--all")
    git(good, "commit", "--quiet", "--message", "All")
    git(good, "tag", "--force", "v1.0.0")
    result = gitops_gen(good, "rollback", "production", *words)
    assert result.code == 1
    assert "`production` has no older version" in result.err
    assert "env remove" not in result.err


def test_the_old_name_of_a_renamed_environment_is_printed(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    change(good, "env", "rename", "dev", "qa", "--delete-running", "--commit")
    result = gitops_gen(good, "rollback", "qa")
    assert result.code == 1
    assert "`qa` was called `dev` before" in result.err
    assert "`gitops-gen env rename qa dev`" in result.err


def test_a_removed_environment_is_restored(good: Path, change: Change) -> None:
    before = tree(good)
    change(good, "env", "remove", "dev", "--delete-running", "--commit")
    assert not (good / "environments/dev").exists()
    change(good, "rollback", "dev")
    assert tree(good) == before


def test_a_plain_git_revert_is_consistent(good: Path, change: Change) -> None:
    before = tree(good)
    for words in (
        ("set", "--all", "image.tag=2.0.0"),
        ("env", "clone", "dev", "dev-2", "--shared"),
        ("promote", "dev", "production", "--force"),
    ):
        change(good, *words, "--commit")
    for commit in git(good, "rev-list", "v1.0.0..HEAD").split():
        git(good, "revert", "--no-edit", commit)
        change(good, "generate", "--check")
    assert tree(good) == before


def test_a_merge_counts_as_one_change(good: Path, change: Change) -> None:
    before = tree(good / "environments/dev")
    git(good, "switch", "-q", "-c", "feature")
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "set", "dev", "image.tag=1.6.0", "--commit")
    git(good, "switch", "-q", "main")
    git(good, "merge", "-q", "--no-ff", "--no-edit", "feature")
    change(good, "rollback", "dev")
    assert tree(good / "environments/dev") == before


def test_an_option_is_not_a_commit(good: Path, gitops_gen: GitopsGen) -> None:
    for word in ("--output=x", "-x", "HEAD --", "nowhere"):
        result = gitops_gen(good, "rollback", "dev", f"--to={word}")
        assert result.code == 2, word
    assert is_clean(good)


def test_an_unknown_environment_is_distinguished_from_a_known(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "rollback", "dve")
    assert result.code == 2
    assert "did you mean `dev`?" in result.err

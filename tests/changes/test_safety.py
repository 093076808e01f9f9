"""The states of a checkout: each works, or is named before anything is written."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitops_gen.git.journal import recover, transaction
from gitops_gen.git.lock import locked, state_folder
from gitops_gen.git.temporary_checkout import temporary_checkout
from tests.changes.conftest import committed, head, is_clean, message
from tests.conftest import REPOSITORY, Change, GitopsGen, commit_all, git, tree

pytestmark = pytest.mark.slow

COMMIT = ("set", "dev", "image.tag=1.5.0", "--commit")


def refused(gitops_gen: GitopsGen, folder: Path, *words: str) -> str:
    """The message of a command that must not have written anything."""
    before = tree(folder)
    result = gitops_gen(folder, *words)
    assert result.code == 1, result.err
    assert tree(folder) == before
    return result.err


def test_a_detached_head(good: Path, gitops_gen: GitopsGen, change: Change) -> None:
    git(good, "checkout", "-q", "--detach")
    assert "HEAD is detached" in refused(gitops_gen, good, *COMMIT)
    change(good, "set", "dev", "image.tag=1.5.0")


def test_a_detached_head_can_make_a_branch(good: Path, change: Change) -> None:
    git(good, "checkout", "-q", "--detach")
    change(good, "promote", "dev", "production", "--only", "image.tag", "--dry-run")
    change(good, "set", "dev", "image.tag=1.5.0")
    git(good, "commit", "-qam", "Bump")
    change(good, "promote", "dev", "production", "--branch", "up")
    assert git(good, "log", "-1", "--format=%s", "up") == "Promote dev to production\n"


@pytest.mark.parametrize("command", ["merge", "rebase", "cherry-pick", "revert"])
def test_an_operation_in_progress(good: Path, gitops_gen: GitopsGen, command: str) -> None:
    (good / "note").write_text("a\n")
    commit_all(good)
    git(good, "switch", "-qc", "other")
    (good / "note").write_text("b\n")
    commit_all(good)
    git(good, "switch", "-q", "main")
    (good / "note").write_text("c\n")
    commit_all(good)
    arguments = {"revert": ["HEAD~1"]}.get(command, ["other"])
    subprocess.run(["git", command, *arguments], cwd=good, capture_output=True, check=False)
    said = refused(gitops_gen, good, *COMMIT)
    assert f"a {command} is in progress" in said
    assert f"git {command} --continue` or `--abort`" in said


def test_nobody_known_to_git(good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{who}_NAME")
        monkeypatch.delenv(f"GIT_{who}_EMAIL")
    monkeypatch.setenv("EMAIL", "")
    git_config = good / ".git" / "config"
    git_config.write_text(git_config.read_text() + "[user]\n\tuseConfigOnly = true\n")
    assert "no git user is configured" in refused(gitops_gen, good, *COMMIT)


def test_no_remote(good: Path, gitops_gen: GitopsGen) -> None:
    assert "git remote add" in refused(gitops_gen, good, "set", "dev", "image.tag=1.5.0", "--push")


def test_a_bare_repository(good: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(good), "bare.git")
    result = gitops_gen(tmp_path / "bare.git", *COMMIT)
    assert result.code == 1
    assert "no gitops.yaml" in result.err


def test_a_shallow_clone(good: Path, gitops_gen: GitopsGen, change: Change, tmp_path: Path) -> None:
    change(good, *COMMIT)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{good}", "shallow")
    shallow = tmp_path / "shallow"
    assert "shallow" in refused(gitops_gen, shallow, "rollback", "dev")
    assert "shallow" in gitops_gen(shallow, "history", "dev").err
    change(shallow, "set", "dev", "image.tag=1.6.0", "--commit")
    change(shallow, "rollback", "dev")


def test_a_push_from_a_stale_shallow_clone(good: Path, origin: Path, change: Change, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{origin}", "shallow")
    change(good, "set", "production", "image.tag=1.5.0", "--push")
    said = change(tmp_path / "shallow", "set", "dev", "image.tag=1.6.0", "--push")
    assert "origin/main has a commit that is not in the local branch" in said


def test_a_worktree(good: Path, change: Change, tmp_path: Path) -> None:
    git(good, "worktree", "add", "-q", "-b", "worktree", str(tmp_path / "worktree"))
    change(tmp_path / "worktree", *COMMIT)
    assert committed(tmp_path / "worktree") == ["environments/dev/release.yaml", "environments/dev/values.yaml"]
    assert is_clean(good)
    assert state_folder(tmp_path / "worktree") != state_folder(good)
    change(tmp_path / "worktree", "rollback", "dev", "--branch", "back")


HOOK = """#!/bin/sh
test -n "$GIT_DIR" || exit 3
{python} -m gitops_gen -C "{project}" {command} >"{said}" 2>&1
"""


@pytest.mark.parametrize("command", ["diff HEAD", "history", "generate --check", "status"])
def test_a_hook_of_another_repository(good: Path, gitops_gen: GitopsGen, tmp_path: Path, command: str) -> None:
    """Git gives a hook in a linked worktree its own folder as an absolute GIT_DIR; the project's is another one."""
    release = good / "environments/production/release.yaml"
    release.write_text(release.read_text() + "chart: {revision: v1.0.0}\n")
    assert gitops_gen(good, "generate").code == 0
    commit_all(good)
    expected = gitops_gen(good, *command.split())
    assert expected.code == 0, expected.err
    other = tmp_path / "other"
    other.mkdir()
    commit_all(other)
    git(other, "worktree", "add", "-q", "-b", "worktree", str(tmp_path / "worktree"))
    said = tmp_path / "said"
    hook = other / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable, project=good, command=command, said=said))
    hook.chmod(0o755)
    git(tmp_path / "worktree", "commit", "-q", "--allow-empty", "-m", "Empty")
    assert said.read_text() == expected.out + expected.err


def test_a_submodule(good: Path, change: Change, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "super")
    git(tmp_path / "super", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(good), "gitops")
    git(tmp_path / "super", "commit", "-qm", "Add")
    inside = tmp_path / "super" / "gitops"
    change(inside, *COMMIT)
    assert message(inside).startswith("Set image.tag")
    change(inside, "rollback", "dev")


def test_a_project_in_a_folder_with_blanks(good: Path, change: Change, tmp_path: Path) -> None:
    home = tmp_path / "a repository"
    home.mkdir()
    folder = home / "größe & more"
    (good / ".git").rename(tmp_path / "old")
    good.rename(folder)
    git(home, "init", "-q", "--template=")
    change(folder, "generate")
    commit_all(home)
    change(folder, *COMMIT)
    assert is_clean(home)
    change(folder, "rollback", "dev")
    change(folder, "promote", "dev", "production", "--branch", "up")
    assert change(folder, "history", "dev").count("Set image.tag") >= 1


def test_a_checkout_with_crlf(good: Path, change: Change, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(good), "windows")
    folder = tmp_path / "windows"
    file = folder / "environments/dev/release.yaml"
    assert b"\r\n" in file.read_bytes()
    change(folder, *COMMIT)
    assert file.read_bytes().count(b"\r\n") == file.read_bytes().count(b"\n")
    assert (
        b"\r"
        not in subprocess.run(
            ["git", "show", "HEAD:environments/dev/release.yaml"], cwd=folder, capture_output=True, check=True
        ).stdout
    )
    assert is_clean(folder)
    change(folder, "rollback", "dev")
    assert is_clean(folder)
    assert b"1.4.2\r\n" in file.read_bytes()
    change(folder, "set", "dev", "image.tag=1.6.0", "--branch", "up")
    assert "tag: 1.6.0\n" in git(folder, "show", "up:environments/dev/release.yaml")
    shown = subprocess.run(
        ["git", "show", "up:environments/dev/release.yaml"], cwd=folder, capture_output=True, check=True
    )
    assert b"\r" not in shown.stdout


def test_a_repository_without_a_commit(good: Path, change: Change, tmp_path: Path) -> None:
    (good / ".git").rename(tmp_path / "old")
    git(good, "init", "-q", "--template=")
    (good / "environments/dev/release.yaml").write_text(
        (good / "environments/dev/release.yaml").read_text() + "# edited\n"
    )
    assert change(good, "status")
    assert change(good, "history") == ""
    change(good, "set", "dev", "image.tag=1.5.0")


def test_words_never_become_options(good: Path, gitops_gen: GitopsGen) -> None:
    for words in (
        ("promote", "dev", "production", "--branch=--orphan"),
        ("promote", "dev", "production", "--branch=-D"),
        ("rollback", "dev", "--undo=--all"),
        ("rollback", "--", "--all"),
        ("history", "--", "--output=x"),
        ("set", "--", "--all", "image.tag=1"),
    ):
        before = tree(good)
        assert gitops_gen(good, *words).code in (1, 2), words
        assert tree(good) == before


def test_a_second_command_waits_for_the_first(good: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    with locked(good):
        process = subprocess.Popen(
            [sys.executable, "-m", "gitops_gen", "-C", str(good), *COMMIT], env=environment, stderr=subprocess.PIPE
        )
        time.sleep(1.5)
        assert process.poll() is None
        assert is_clean(good)
    assert process.wait(30) == 0
    process.communicate()
    assert message(good).startswith("Set image.tag")


def test_what_was_half_written_is_undone(good: Path) -> None:
    path = "environments/dev/release.yaml"
    with pytest.raises(ZeroDivisionError), transaction(good, {path: b"x"}, committing=False):
        1 // (0 * (good / path).write_bytes(b"x"))
    assert is_clean(good)


def test_what_was_edited_after_a_kill_is_left_alone(good: Path) -> None:
    paths = {"environments/dev/release.yaml": b"new", "environments/dev/values.yaml": b"new"}
    journal = transaction(good, paths, committing=True)
    journal.__enter__()
    (good / "environments/dev/release.yaml").write_bytes(b"new")
    (good / "environments/dev/values.yaml").write_bytes(b"mine")
    said = recover(good)
    assert any("environments/dev/values.yaml was changed since" in line for line in said)
    assert git(good, "status", "--porcelain").split() == ["M", "environments/dev/values.yaml"]


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "refs/heads/main.lock", "refs/remotes/origin/main.lock"])
def test_the_locks_of_a_killed_git_are_broken(
    good: Path, origin: Path, change: Change, gitops_gen: GitopsGen, lock: str
) -> None:
    change(good, "set", "dev", "image.tag=1.4.9", "--push")
    (state_folder(good) / "lock").write_text("4711\n")
    (good / ".git" / lock).write_text("")
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert result.code == 0, result.err
    assert not list((good / ".git").rglob("*.lock"))
    assert git(origin, "log", "-1", "--format=%s", "main") == "Set image.tag to 1.5.0 in dev\n"


def test_a_lock_that_is_older_than_the_killed_command_is_not(good: Path, gitops_gen: GitopsGen) -> None:
    lock = good / ".git" / "index.lock"
    lock.write_text("")
    os.utime(lock, (0, 0))
    (state_folder(good) / "lock").parent.mkdir(exist_ok=True)
    (state_folder(good) / "lock").write_text("4711\n")
    assert gitops_gen(good, *COMMIT).code == 1
    assert lock.exists()


def test_a_command_that_ends_badly_breaks_no_lock(good: Path, gitops_gen: GitopsGen) -> None:
    with pytest.raises(FileNotFoundError), locked(good):
        (good / "nothing").read_text()
    (good / ".git" / "index.lock").write_text("")
    assert gitops_gen(good, *COMMIT).code == 1
    assert (good / ".git" / "index.lock").exists()


def test_the_lock_of_somebody_elses_git_is_not(good: Path, gitops_gen: GitopsGen) -> None:
    (good / ".git" / "index.lock").write_text("")
    before = tree(good)
    result = gitops_gen(good, *COMMIT)
    assert result.code == 1
    assert "index.lock" in result.err
    assert tree(good) == before


def test_a_journal_that_is_damaged_or_leads_out_of_the_checkout_is_put_aside(good: Path, gitops_gen: GitopsGen) -> None:
    journal = state_folder(good) / "journal.json"
    journal.parent.mkdir(exist_ok=True)
    outside = {"../../victim": [None, hashlib.sha256(b"precious").hexdigest()]}
    planted = {"project": str(good), "head": head(good), "committing": False, "files": outside}
    victim = good.parent.parent / "victim"
    victim.write_text("precious")
    for text in ("{", "[]", json.dumps(planted), json.dumps(planted | {"project": str(good.parent), "files": {}})):
        journal.write_text(text)
        result = gitops_gen(good, "generate")
        assert result.code == 0
        assert "cannot be read" in result.err
        assert not journal.exists()
    assert victim.read_text() == "precious"


def test_somebody_elses_commit_after_a_kill_is_not_taken_for_ours(good: Path) -> None:
    path = "environments/dev/release.yaml"
    before = (good / path).read_bytes()
    journal = transaction(good, {path: b"half"}, committing=True, message="Set image.tag\n")
    journal.__enter__()
    (good / path).write_bytes(b"half")
    (good / "notes").write_text("mine\n")
    git(good, "add", "notes")
    git(good, "commit", "-qm", "Take notes", "--", "notes")
    assert any("was undone" in line for line in recover(good))
    assert (good / path).read_bytes() == before


def test_our_commit_before_a_kill_is_found_though_others_came_after(good: Path, change: Change) -> None:
    path = "environments/dev/release.yaml"
    entries = {path: (good / path).read_bytes().replace(b"1.4.2", b"1.5.0")}
    journal = transaction(good, entries, committing=True, message="Set image.tag\n")
    journal.__enter__()
    (good / path).write_bytes(entries[path])
    git(good, "commit", "-qm", "OPS-1 Set image.tag", "--", path)
    git(good, "commit", "-q", "--allow-empty", "-m", "Nothing")
    assert any("had made its commit" in line for line in recover(good))
    assert (good / path).read_bytes() == entries[path]
    change(good, "generate")


def test_only_the_worktree_of_an_earlier_version_is_removed(good: Path, change: Change, tmp_path: Path) -> None:
    """`git worktree prune` would also take those of the user's that are not mounted now."""
    place = state_folder(good) / "worktree"
    git(good, "worktree", "add", "-q", "--detach", str(place))
    git(good, "worktree", "lock", str(place))
    git(good, "worktree", "add", "-q", "-b", "mine", str(tmp_path / "worktree"))
    (tmp_path / "worktree" / "staged").write_text("precious\n")
    git(tmp_path / "worktree", "add", "staged")
    (tmp_path / "worktree").rename(tmp_path / "unmounted")
    killed = good / ".git/worktrees/worktree7"
    killed.mkdir()
    (killed / "locked").write_text("initializing\n")
    change(good, "set", "dev", "image.tag=1.5.0", "--branch", "up")
    assert not place.exists()
    assert not killed.exists()
    (tmp_path / "unmounted").rename(tmp_path / "worktree")
    assert git(tmp_path / "worktree", "status", "--porcelain") == "A  staged\n"
    assert git(good, "worktree", "list").count("\n") == 2


def test_what_a_kill_left_of_the_second_checkout_is_removed(good: Path, change: Change) -> None:
    place = temporary_checkout(good, head(good))
    (place / ".git" / "index.lock").write_text("")
    change(good, "set", "dev", "image.tag=1.5.0", "--branch", "up")
    assert not place.exists()
    assert git(good, "log", "-1", "--format=%s", "up") == "Set image.tag to 1.5.0 in dev\n"
    assert git(good, "worktree", "list").count("\n") == 1


def test_the_head_does_not_move_when_a_push_is_refused(good: Path, origin: Path, gitops_gen: GitopsGen) -> None:
    hook = origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    before = git(origin, "rev-parse", "main")
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--push")
    assert result.code == 1
    assert "branch is protected" in result.err
    assert git(origin, "rev-parse", "main") == before
    assert head(good) != before.strip()

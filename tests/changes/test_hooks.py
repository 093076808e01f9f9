"""The user's hooks run for each commit; what they do to it is seen, and no word about it is false."""

from pathlib import Path

import pytest

from tests.changes.conftest import head, is_clean, message
from tests.changes.test_uncommitted import is_fresh_at
from tests.conftest import Change, GitopsGen, commit_all, git

pytestmark = pytest.mark.slow

SET = ("set", "dev", "image.tag=1.5.0")
VALUES, RELEASE = "environments/dev/values.yaml", "environments/dev/release.yaml"


def write_hook(folder: Path, name: str, *lines: str) -> None:
    hook = folder / ".git" / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("\n".join(("#!/bin/sh", *lines, "")))
    hook.chmod(0o755)


@pytest.mark.parametrize("how", [("--commit",), ("--branch", "up"), ("--push",)])
@pytest.mark.usefixtures("origin")
def test_a_hook_that_reformats_and_fails_leaves_nothing_behind(
    good: Path, gitops_gen: GitopsGen, how: tuple[str, ...]
) -> None:
    write_hook(good, "pre-commit", f"echo '# tidy' >> {VALUES}", f"echo '# tidy' >> {RELEASE}", "echo tidied; exit 1")
    before = head(good)
    result = gitops_gen(good, *SET, *how)
    assert result.code == 1
    assert "tidied" in result.err
    assert "nothing was changed" in result.err
    assert is_clean(good)
    assert head(good) == before


def test_what_a_failing_hook_did_elsewhere_is_named(good: Path, gitops_gen: GitopsGen) -> None:
    write_hook(good, "pre-commit", "echo '# tidy' >> gitops.yaml", "exit 1")
    result = gitops_gen(good, *SET, "--commit")
    assert result.code == 1
    assert "nothing was changed" not in result.err
    assert "a hook changed gitops.yaml; its changes are kept in the working tree" in result.err
    assert git(good, "status", "--porcelain") == " M gitops.yaml\n"


@pytest.mark.parametrize("how", [("--commit",), ("--branch", "up"), ("--push",)])
@pytest.mark.usefixtures("origin")
def test_a_hook_that_makes_a_generated_file_wrong_makes_no_commit(
    good: Path, gitops_gen: GitopsGen, how: tuple[str, ...]
) -> None:
    write_hook(good, "pre-commit", f"echo '# tidy' >> {VALUES}", f"git add {VALUES}")
    before = head(good)
    result = gitops_gen(good, *SET, *how)
    assert result.code == 1
    assert f"a hook changed {VALUES}" in result.err
    assert "nothing was changed; exclude generated files" in result.err
    assert is_clean(good)
    assert head(good) == before
    assert git(good, "branch", "--list", "up") == ""


@pytest.mark.parametrize("how", [("--commit",), ("--branch", "up"), ("--push",)])
@pytest.mark.usefixtures("origin")
def test_a_hook_that_tidies_an_input_is_fine(
    good: Path, gitops_gen: GitopsGen, tmp_path: Path, how: tuple[str, ...]
) -> None:
    write_hook(good, "pre-commit", f"echo '# tidy' >> {RELEASE}; echo x > log", f"git add {RELEASE} log")
    result = gitops_gen(good, *SET, *how)
    assert result.code == 0, result.err
    assert f"a hook changed {RELEASE}, log; the commit includes these changes" in result.err
    made = git(good, "rev-parse", "up" if "up" in how else "HEAD").strip()
    assert git(good, "show", f"{made}:{RELEASE}").endswith("# tidy\n")
    assert is_fresh_at(good, made, tmp_path, gitops_gen)
    assert is_clean(good)


def test_hooks_run_for_a_commit_outside_the_checkout(
    good: Path, origin: Path, gitops_gen: GitopsGen, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(origin), "other")
    assert gitops_gen(tmp_path / "other", "set", "production", "image.tag=1.5.0", "--push").code == 0
    write_hook(good, "commit-msg", 'grep -q "^OPS-[0-9]" "$1" || { echo "name a ticket" >&2; exit 1; }')
    write_hook(good, "post-commit", f"pwd >> {tmp_path}/ran")
    for how in (("--push",), ("--branch", "up"), ("--commit",)):
        result = gitops_gen(good, *SET, *how)
        assert result.code == 1
        assert "name a ticket" in result.err
    assert gitops_gen(good, *SET, "--push", "-m", "OPS-7: fix the login").code == 0
    assert (tmp_path / "ran").read_text()
    assert message(good).startswith("OPS-7: fix the login\n\nSet image.tag to 1.5.0 in dev\n\nEnvironment: dev\n")


def test_hooks_of_a_relative_folder_run_outside_the_checkout(good: Path, gitops_gen: GitopsGen) -> None:
    """Such as husky's: the folder is not part of the commit."""
    (good / ".git/info").mkdir(exist_ok=True)
    (good / ".git/info/exclude").write_text(".husky/\n")
    (good / ".husky").mkdir()
    (good / ".husky/pre-commit").write_text("#!/bin/sh\necho 'not on a Friday'\nexit 1\n")
    (good / ".husky/pre-commit").chmod(0o755)
    git(good, "config", "core.hooksPath", ".husky")
    result = gitops_gen(good, *SET, "--branch", "up")
    assert result.code == 1
    assert "not on a Friday" in result.err
    assert git(good, "branch", "--list", "up") == ""


@pytest.mark.parametrize("how", [("--commit",), ("--branch", "up")])
def test_commits_are_signed_as_git_is_configured(
    good: Path, gitops_gen: GitopsGen, tmp_path: Path, how: tuple[str, ...]
) -> None:
    program = tmp_path / "sign"
    program.write_text("#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho SIGNED\n")
    program.chmod(0o755)
    for name, value in (("gpg.program", str(program)), ("commit.gpgSign", "true"), ("user.signingKey", "me")):
        git(good, "config", name, value)
    result = gitops_gen(good, *SET, *how)
    assert result.code == 0, result.err
    assert "gpgsig SIGNED" in git(good, "cat-file", "commit", "up" if "up" in how else "HEAD")


def test_the_message_of_the_user_goes_first(good: Path, gitops_gen: GitopsGen) -> None:
    long = "OPS-8: " + "why " * 40
    result = gitops_gen(good, *SET, "--commit", "-m", long, "-m", "because\nof that")
    assert result.code == 0, result.err
    text = message(good)
    assert text.startswith(f"{long.strip()}\n\nbecause\nof that\n\nSet image.tag to 1.5.0 in dev\n\nEnvironment: dev\n")
    assert "[set]" in gitops_gen(good, "history", "dev").out


def test_a_message_without_a_commit_is_refused(good: Path, gitops_gen: GitopsGen) -> None:
    for words in ((*SET, "-m", "x"), (*SET, "--commit", "-m", "  "), (*SET, "--commit", "-m", ""), (*SET, "--branch=")):
        result = gitops_gen(good, *words)
        assert result.code == 2, words
        assert is_clean(good)


@pytest.mark.parametrize(
    "words",
    [
        ("set", "dev", "image.tag=1.5.0"),
        ("promote", "dev", "production", "--force"),
        ("rollback", "dev"),
        ("env", "add", "qa", "--stage", "dev", "--release-of", "dev"),
        ("env", "clone", "dev", "qa", "--shared"),
        ("env", "rename", "dev", "qa", "--delete-running"),
        ("env", "remove", "dev", "--delete-running"),
        ("adopt", "dev"),
    ],
)
def test_every_verb_that_commits_does_so_on_a_branch_and_with_a_message(
    good: Path, change: Change, gitops_gen: GitopsGen, tmp_path: Path, words: tuple[str, ...]
) -> None:
    release = good / RELEASE
    release.write_text(release.read_text().replace("1.4.2", "1.4.3"))
    change(good, "generate")
    commit_all(good)
    if words[0] == "adopt":
        file = good / VALUES
        file.write_text(file.read_text().replace("1.4.3", "1.9.9"))
    before, status = head(good), git(good, "status", "--porcelain")
    result = gitops_gen(good, *words, "--branch", "up", "-m", "OPS-9")
    assert result.code == 0, result.err
    assert head(good) == before
    assert git(good, "status", "--porcelain") == status
    assert git(good, "log", "-1", "--format=%s", "up") == "OPS-9\n"
    assert is_fresh_at(good, "up", tmp_path, gitops_gen)


def test_a_commit_of_somebody_else_in_between_survives(good: Path, gitops_gen: GitopsGen) -> None:
    """Another terminal commits while the hook of this commit runs; this commit is then taken back, that one is not."""
    write_hook(
        good,
        "prepare-commit-msg",
        f"rm .git/hooks/prepare-commit-msg; echo '# tidy' >> {VALUES}; git add {VALUES}",
        "unset GIT_INDEX_FILE; tree=$(git rev-parse 'HEAD^{tree}')",
        "git update-ref HEAD $(git commit-tree -p HEAD -m Mine $tree)",
    )
    result = gitops_gen(good, *SET, "--commit")
    assert result.code == 1, result.err
    assert git(good, "log", "-1", "--format=%s") == "Mine\n"
    assert is_clean(good)

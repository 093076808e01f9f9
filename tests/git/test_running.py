"""No verb runs a program that a checkout can choose; the user's own commit and push run the user's."""

import logging
import subprocess
from pathlib import Path

import pytest

from tests.conftest import GitopsGen, commit_all, git

READING = [
    ["generate"],
    ["generate", "--check", "--diff"],
    ["render", "dev"],
    ["plan", "dev"],
    ["diff"],
    ["diff", "start", "HEAD"],
    ["explain", "dev"],
    ["env", "list"],
    ["status"],
    ["history", "dev"],
    ["secrets", "dev"],
    ["set", "dev", "image.tag=2.0.0", "--dry-run"],
    ["set", "dev", "image.tag=2.0.0", "--commit", "--dry-run"],
    ["rollback", "dev", "--to", "start", "--dry-run"],
]
HOOKS = ["post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman"]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def hostile(good: Path, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose attributes name every driver that the user's configuration has, and whose hooks are in it."""
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >> {canary}\ncat\n')
    program.chmod(0o755)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"""\
[filter "evil"]
    clean = {program}
    smudge = {program}
    required = true
[filter "slow"]
    process = {program}
    required = true
[diff "evil"]
    textconv = {program}
    command = {program}
[diff]
    external = {program}
[merge "evil"]
    driver = {program}
[core]
    hooksPath = hooks
    fsmonitor = {program}
[user]
    name = Test
    email = test@example.com
""")
    git(good, "tag", "start")
    (good / "hooks").mkdir()
    for name in HOOKS:
        (good / "hooks" / name).symlink_to(program)
    (good / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\nchart/** filter=slow\n")
    commit_all(good)
    for path in ("chart/values.yaml", "environments/dev/release.yaml", "environments/dev/values.yaml"):
        (good / path).touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    return good


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_no_program_of_a_checkout_runs(words: list[str], hostile: Path, canary: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(hostile, *words)
    assert result.code in (0, 1), result.err
    assert not canary.exists(), canary.read_text()


def test_the_programs_would_run(hostile: Path, canary: Path) -> None:
    """The fixture proves something: git itself runs them."""
    subprocess.run(["git", "status"], cwd=hostile, check=False, capture_output=True)
    assert canary.exists()


def test_the_users_commit_runs_the_users_programs(
    good: Path, canary: Path, tmp_path: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_all(good)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[filter "own"]\n    clean = "tee -a {canary}"\n[user]\n    name = Test\n    email = test@example.com\n'
    )
    (good / ".git/info").mkdir(exist_ok=True)
    (good / ".git/info/attributes").write_text("release.yaml filter=own\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert gitops_gen(good, "set", "dev", "image.tag=2.0.0", "--commit").code == 0
    assert "2.0.0" in canary.read_text()


def test_line_ends_stay_those_of_the_checkout(hostile: Path, gitops_gen: GitopsGen) -> None:
    (hostile / ".gitattributes").write_text("* text eol=crlf filter=evil\n")
    commit_all(hostile)
    git(hostile, "rm", "--cached", "-r", "--quiet", ".")
    git(hostile, "reset", "--hard", "--quiet")
    assert b"\r\n" in (hostile / "chart/values.yaml").read_bytes()
    assert gitops_gen(hostile, "diff").out.endswith("no difference\n")


def test_verbose_shows_each_git_command_with_its_time(
    good: Path, gitops_gen: GitopsGen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gitops_gen")
    assert gitops_gen(good, "-v", "status").code == 0
    said = [record.getMessage() for record in caplog.records if record.name == "gitops_gen.git.runner"]
    assert any(text.startswith("git status … ") and text.endswith(" ms") for text in said), said

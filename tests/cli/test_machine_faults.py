"""Faults of the machine: full disks and streams, no home, low limits, odd names. Each is a clear error, or the command
works; what is reported about changes is true.
"""

import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import pytest

from gitops_gen.runtime.caches import caches
from tests.conftest import GIT_SETTINGS, GitopsGen, commit_all, git, tree

pytestmark = pytest.mark.slow

SET = ("set", "dev", "image.tag=2.0.0", "--commit")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_a_full_standard_output_is_reported_and_the_commit_is_kept(good: Path) -> None:
    with open("/dev/full", "w") as full:
        result = _run(good, *SET, stdout=full)

    assert result.returncode == 1
    assert "committed" in result.stderr
    assert result.stderr.endswith(
        "error: standard output cannot be written: No space left on device\n"
        "    only the output is missing: what the command changes is done\n"
    )
    assert git(good, "log", "--format=%s").count("\n") == 2
    assert git(good, "status", "--porcelain") == ""


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_gets_nothing_of_what_is_printed(closed: str, good: Path) -> None:
    command = f'exec "$0" -m gitops_gen -C "$1" {" ".join(SET)} {closed}'
    code = subprocess.run(["sh", "-c", command, sys.executable, good], env=_variables(), check=False).returncode

    assert code == 0
    assert git(good, "status", "--porcelain") == ""
    assert (good / ".git/gitops-gen/lock").read_bytes() == b""


def test_a_limit_of_file_sizes_changes_nothing(good: Path) -> None:
    before = tree(good)

    result = _run(good, *SET, limit=(resource.RLIMIT_FSIZE, 0))

    assert result.returncode == 1
    assert "Traceback" not in result.stderr, result.stderr[-2500:]
    assert "nothing was changed" in result.stderr or "run the command again" in result.stderr
    assert tree(good) == before
    assert git(good, "status", "--porcelain") == ""


def test_few_open_files_are_enough(good: Path) -> None:
    result = _run(good, *SET, limit=(resource.RLIMIT_NOFILE, 20))
    assert (result.returncode, git(good, "status", "--porcelain")) == (0, ""), result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the address space")
def test_a_small_address_space_is_reported(good: Path) -> None:
    result = _run(good, "render", "dev", limit=(resource.RLIMIT_AS, 800 * 2**20))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "error: chart: `ulimit -v` allows 800 MB of address space, of which Helm needs 2500 MB\n"
        "    raise the limit, such as with `ulimit -v unlimited`\n"
    )


def test_without_a_home_the_cache_is_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert caches().is_relative_to(tmp_path)
    assert caches().stat().st_mode & 0o777 == 0o700
    caches().chmod(0o777)
    assert caches() == Path(os.devnull, "gitops-gen")


@pytest.mark.parametrize("typed", ["diff HEAD", "diff --env dev production", "status", " ".join(SET)])
def test_a_repository_of_another_user_is_named(typed: str, good: Path) -> None:
    """Such as a checkout that is mounted in a container, whose user has no passwd entry."""
    before, head = tree(good), git(good, "rev-parse", "HEAD")

    result = _run(good, *typed.split(), GIT_TEST_ASSUME_DIFFERENT_OWNER="1")

    assert result.returncode in (1, 2)
    assert f"error: git cannot read {good}: fatal: detected dubious ownership" in result.stderr
    assert f"git config --global --add safe.directory {good}" in result.stderr
    assert (tree(good), git(good, "rev-parse", "HEAD")) == (before, head)


def test_neither_home_nor_cache_can_be_written(good: Path) -> None:
    result = _run(good, *SET, HOME=os.devnull, XDG_CACHE_HOME=f"{os.devnull}/cache")
    assert (result.returncode, git(good, "status", "--porcelain")) == (0, ""), result.stderr


def test_a_repository_with_sha256(good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)
    subprocess.run(["rm", "-rf", good / ".git"], check=True)
    git(good, "init", "--quiet", "--template=", "--object-format=sha256")
    commit_all(good)
    for command in (SET, ("rollback", "dev"), ("set", "dev", "replicas=4", "--branch", "next"), ("diff", "HEAD~1")):
        result = gitops_gen(good, *command)
        assert result.code in (0, 1), result.err
        assert "error" not in result.err
    assert len(git(good, "rev-parse", "next").strip()) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"project": 1}', "\xff", None])
def test_a_damaged_journal_is_put_aside(content: str | None, good: Path, gitops_gen: GitopsGen) -> None:
    journal = good / ".git/gitops-gen/journal.json"
    journal.parent.mkdir(exist_ok=True)
    if content is None:
        journal.mkdir()
    else:
        journal.write_text(content, encoding="latin-1")
    before = tree(good)

    result = gitops_gen(good, "generate")

    assert (result.code, tree(good)) == (0, before)
    assert "the record of an interrupted command cannot be read" in result.err
    assert not journal.exists()


def test_names_that_are_no_utf8(good: Path) -> None:
    odd = os.fsdecode(b"\xff")
    (good / f"chart/templates/{odd}.yaml").write_text("")
    (good / f"environments/dev/{odd}.yaml").write_text("")
    for command in (("generate", "--check"), ("plan", "dev"), SET, ("diff", "HEAD~1", "HEAD"), ("status",)):
        result = _run(good, *command)
        assert result.returncode in (0, 1), result.stderr
        assert "Traceback" not in result.stderr, result.stderr[-2500:]
    elsewhere = good.rename(good.with_name(odd))
    result = _run(elsewhere, "render", "dev")
    assert "Traceback" not in result.stderr, result.stderr[-2500:]


def test_a_full_disk_in_the_middle_is_undone(good: Path) -> None:
    """The journal fits, what follows does not: the limit is found by trying."""
    before, head = tree(good), git(good, "rev-parse", "HEAD")
    codes = set()
    for size in (400, 1200, 2400):
        result = _run(good, *SET, limit=(resource.RLIMIT_FSIZE, size))
        codes.add(result.returncode)
        assert "Traceback" not in result.stderr, result.stderr[-2500:]
        if git(good, "rev-parse", "HEAD") != head:
            assert "its commit was made" in result.stderr or result.returncode == 0
            return
        _run(good, "generate")
        assert (tree(good), git(good, "status", "--porcelain")) == (before, ""), result.stderr
    assert 1 in codes


def _variables(**more: str) -> dict[str, str]:
    return os.environ | GIT_SETTINGS | more


def _run(
    folder: Path,
    *arguments: str,
    limit: tuple[int, int] | None = None,
    stdout: TextIO | int = subprocess.PIPE,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    def set_limit() -> None:
        if limit:
            resource.setrlimit(limit[0], (limit[1], limit[1]))

    return subprocess.run(
        [sys.executable, "-m", "gitops_gen", "-C", str(folder), *arguments],
        env=_variables(**variables),
        stdout=stdout,
        stderr=subprocess.PIPE,
        errors="replace",
        check=False,
        preexec_fn=set_limit,
    )

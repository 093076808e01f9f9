"""What is released: the distributions, the commit and the tag, and the files that start from there."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, commit_all, git
from tests.release import CHANGELOG, MODULE, commit_faults, faults, make, section
from tests.wheel import try_out

VERSIONS = ("3.11", "3.12", "3.13", "3.14")


def built(folder: Path) -> dict[str, Path]:
    """Suffix → distribution."""
    argv = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(argv, check=True, capture_output=True)
    return {path.suffix: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return built(tmp_path_factory.mktemp("dist"))


@pytest.mark.slow
def test_the_distributions_are_sound_and_the_same_each_time(distributions: dict[str, Path], tmp_path: Path) -> None:
    assert distributions.keys() == {".gz", ".whl"}
    again = built(tmp_path)
    assert [_digest(path) for path in distributions.values()] == [_digest(again[name]) for name in distributions]
    files = [str(path) for path in distributions.values()]
    for words in (["twine", "check", "--strict", *files], ["check_wheel_contents", str(distributions[".whl"])]):
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def interpreter(version: str) -> str:
    """A Python of that version: from PATH, or where pyenv puts it; empty when there is none."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    for candidate in (*map(str, pyenv), shutil.which(f"python{version}")):
        if candidate and subprocess.run([candidate, "--version"], capture_output=True, check=False).returncode == 0:
            return candidate
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_works_outside_of_the_clone(version: str, distributions: dict[str, Path], tmp_path: Path) -> None:
    python = interpreter(version)
    if not python:
        pytest.skip(f"no Python {version} here: install it; the workflow `wheel` has every one")
    try_out(distributions[".whl"], python, tmp_path, "--constraint", str(REPOSITORY / "constraints.txt"))


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """A repository with the two files that a release changes, on main."""
    folder = tmp_path / "tool"
    (folder / "gitops_gen").mkdir(parents=True)
    (folder / MODULE).write_text('"""Tool."""\n\n__version__ = "0.1.0"\n')
    (folder / CHANGELOG).write_text(
        "# Changelog\n\n## 0.2.0 (unreleased)\n\n- `a`: # new\n\n## 0.1.0 (2026-01-01)\n\n- old\n"
    )
    commit_all(folder)
    return folder


def test_a_release_is_a_commit_and_a_tag(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "Test")
        monkeypatch.setenv(f"{name}_EMAIL", "test@example.com")
    assert list(faults(tool, "0.2.0")) == []
    assert len(list(commit_faults(tool, "0.2.0"))) == 2
    make(tool, "0.2.0", "2026-12-01")
    assert list(commit_faults(tool, "0.2.0")) == []
    assert section(tool, "0.2.0") == ("2026-12-01", "- `a`: # new")
    assert git(tool, "tag", "--list", "--format=%(contents)", "v0.2.0").strip() == "- `a`: # new"
    assert git(tool, "show", "--no-patch", "--format=%s", "v0.2.0^{commit}").strip() == "Release 0.2.0"


def test_what_speaks_against_a_release(tool: Path) -> None:
    assert list(faults(tool, "v2")) == ["VERSION=v2 is not a version such as 0.2.0 or 0.2.0rc1"]
    git(tool, "tag", "v0.1.0")
    git(tool, "switch", "--quiet", "--create", "work")
    (tool / "new").touch()
    assert [text.partition(":")[0] for text in faults(tool, "0.1.0")] == [
        "CHANGELOG.md has no section `## 0.1.0 (unreleased)` with changes",
        "the working tree has changes",
        "the branch is work",
        "the tag v0.1.0 exists",
    ]


def test_the_next_version_has_a_section() -> None:
    """So that `make release` finds one."""
    assert "(unreleased)" in (REPOSITORY / CHANGELOG).read_text()

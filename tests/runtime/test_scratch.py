"""Temporary folders: what a killed process left is removed by the next command, and nothing else is."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gitops_gen.runtime.replacing import IN_USE
from gitops_gen.runtime.scratch import TEMPORARY, scratch, sweep
from tests.conftest import GIT_SETTINGS, REPOSITORY, GitopsGen

USER = """
import sys
from pathlib import Path
from gitops_gen.runtime.scratch import scratch
with scratch() as folder:
    Path(folder, "file").write_text("content")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def user(place: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that uses a temporary folder in `place`."""
    pipe, settings = subprocess.PIPE, os.environ | {"TMPDIR": str(place)}
    with subprocess.Popen(
        [sys.executable, "-c", USER], cwd=REPOSITORY, env=settings, stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith(str(place))
        yield process
        process.kill()


def command(project: Path, place: Path) -> None:
    settings = os.environ | GIT_SETTINGS | {"TMPDIR": str(place)}
    words = [sys.executable, "-m", "gitops_gen", "-C", str(project), "env", "list"]
    subprocess.run(words, cwd=REPOSITORY, env=settings, check=True, capture_output=True)


def test_the_next_command_removes_what_a_killed_one_left(user: subprocess.Popen[str], place: Path, good: Path) -> None:
    command(good, place)
    (left,) = place.iterdir()  # it is in use
    assert (left / "file").read_text() == "content"
    assert left.stat().st_mode & 0o777 == 0o700

    user.send_signal(signal.SIGKILL)
    user.wait()
    assert [*place.iterdir()] == [left]
    command(good, place)

    assert [*place.iterdir()] == []


@pytest.mark.slow
def test_a_killed_diff_leaves_nothing_for_long(place: Path, good: Path) -> None:
    settings = os.environ | GIT_SETTINGS | {"TMPDIR": str(place)}
    words = [sys.executable, "-m", "gitops_gen", "-C", str(good), "diff", "HEAD"]
    with subprocess.Popen(words, cwd=REPOSITORY, env=settings, stdout=subprocess.DEVNULL) as process:
        while not [*place.glob(f".*{TEMPORARY}")] and process.poll() is None:
            pass
        process.kill()
    assert [*place.glob(f".*{TEMPORARY}")]

    command(good, place)

    assert [*place.glob(f".*{TEMPORARY}")] == []


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("generate", ["argocd/.root.yaml", "argocd/applications/.gone.yaml", "environments/dev/.values.yaml"]),
        ("set dev image.tag=2.0.0", [".gitops.yaml", "argocd/.root.yaml", "environments/dev/.release.yaml"]),
        ("render dev --output-dir out", ["out/.staging.yaml"]),
        ("render dev --objects --output-dir out", ["out/.file", "out/dev/.Deployment-gone.yaml"]),
        ("report", [".other.html"]),
        ("report --file out", ["out/.other.html"]),
    ],
)
def test_files_that_were_being_written_are_removed(
    typed: str, places: list[str], good: Path, gitops_gen: GitopsGen
) -> None:
    locked = typed.startswith(("generate", "set"))
    (good / "out/dev").mkdir(parents=True)
    for place in places:
        for age, name in ((IN_USE * 2, place), (0, f"{place}-young")):
            left = good / f"{name}{TEMPORARY}"
            left.write_text("half a fi")
            os.utime(left, (time.time() - age,) * 2)
    (good / f"out/file{TEMPORARY}").write_text("has another name")

    assert gitops_gen(good, *typed.split()).code == 0

    left_there = sorted(path.relative_to(good).as_posix() for path in good.rglob(f".*{TEMPORARY}"))
    young = [f"{place}-young{TEMPORARY}" for place in places]
    assert left_there == ([name for name in young if name.startswith(".gitops")] if locked else sorted(young))
    assert (good / f"out/file{TEMPORARY}").exists()


def test_what_is_not_ours_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = place / f".theirs{TEMPORARY}"
    theirs.mkdir()
    (place / "folder").mkdir()
    (place / f".link{TEMPORARY}").symlink_to(place / "folder")
    (place / f".file{TEMPORARY}").touch()
    before = sorted(place.iterdir())

    with monkeypatch.context() as patched:
        patched.setattr("os.geteuid", lambda: theirs.stat().st_uid + 1)
        sweep(place)
        assert sorted(place.iterdir()) == before
    sweep(place)

    assert sorted({*before} - {*place.iterdir()}) == [theirs]


def test_a_folder_that_is_removed_before_it_is_locked_is_made_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def sweep_first(folder: str, flags: int) -> int:
        made.append(folder)
        if len(made) == 1:
            os.rmdir(folder)
        return opened(folder, flags)

    opened = os.open
    with ExitStack() as stack:
        with monkeypatch.context() as patched:
            patched.setattr("os.open", sweep_first)
            folder = stack.enter_context(scratch(place))
        assert made[1:] == [str(folder)]
        sweep(place)
        assert folder.is_dir()
    assert [*place.iterdir()] == []

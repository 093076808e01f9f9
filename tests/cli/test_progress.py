"""Progress of long work: on a terminal only, and gone at the end."""

import logging
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_gen.cli import progress
from gitops_gen.runtime.activity import counted, shown_by, timed
from tests.conftest import REPOSITORY

PROGRAM = """
from gitops_gen.__main__ import main
from gitops_gen.cli import progress
progress.DELAY = progress.INTERVAL = 0.0
main()
"""
CLEAR = "\r\x1b[K"


def on_terminal(folder: Path, *arguments: str) -> tuple[str, str]:
    """What the program prints on standard output, and on a terminal as standard error."""
    here, there = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "TERM": "xterm"}
    argv = [sys.executable, "-c", PROGRAM, *arguments]
    process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=there, text=True)
    os.close(there)
    shown = "".join(_read(here))
    out, _ = process.communicate()
    os.close(here)
    return out, shown


def _read(terminal: int) -> Iterator[str]:
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux: the other end is closed
            return
        if not part:
            return
        yield part.decode()


@pytest.mark.parametrize(
    ("words", "what"), [(("plan",), "planning"), (("generate",), "generating"), (("status",), "reading")]
)
def test_a_terminal_shows_progress_and_is_left_clean(words: tuple[str, ...], what: str, good: Path) -> None:
    out, shown = on_terminal(good, *words)
    assert f"{CLEAR}{what}: 1 of 2 environments" in shown
    assert f"environments{CLEAR}" in shown
    assert "environments" not in shown.rpartition(CLEAR)[2]
    assert CLEAR not in out


def test_diff_shows_progress(good: Path) -> None:
    values = good / "chart/values.yaml"
    values.write_text(values.read_text().replace("registry.example.com", "other.example.com"))
    out, shown = on_terminal(good, "diff")
    assert f"{CLEAR}rendering: 0 of 2 environments" in shown
    assert shown.rpartition(CLEAR)[2].startswith("note: values are not validated")
    assert "other.example.com" in out


@pytest.mark.parametrize("option", ["-q", "-v"])
def test_no_progress_with(option: str, good: Path) -> None:
    assert CLEAR not in on_terminal(good, "plan", option)[1]


def test_no_progress_in_a_pipe(good: Path) -> None:
    argv = [sys.executable, "-c", PROGRAM, "plan"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(argv, cwd=good, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_short_command_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_by(progress.ProgressLine()):
        assert list(counted("abc", "spelling", 3)) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


def test_a_part_that_fails_is_cleared(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.0)
    with pytest.raises(ValueError, match="invalid literal"), shown_by(progress.ProgressLine()):
        list(map(int, counted("abc", "spelling", 3)))
    assert capsys.readouterr().err == f"{CLEAR}spelling: 0 of 3 environments{CLEAR}"


def test_what_runs_and_how_long_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "gitops_gen")
    with timed("wait"):
        pass
    assert caplog.messages == ["wait: 0 ms"]


def test_verbose_prints_each_part(good: Path) -> None:
    (good / "argocd/root.yaml").unlink()
    shown = on_terminal(good, "generate", "-v")[1] + on_terminal(good, "plan", "dev", "-v")[1]
    parts = ("open the project", "read, resolve and generate", "write files", "resolve an environment", "render dev")
    for part in parts:
        assert f"{part}: " in shown
    assert "git ls-files" in shown

"""Ctrl-C ends every command at once, whatever it is doing, and leaves no process."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from gitops_gen.cli import run
from tests.conftest import REPOSITORY, commit_all, tree

pytestmark = pytest.mark.slow

ENVIRONMENTS = 60
AT_ONCE = 1.0
"""Seconds until the command has ended, on a machine that does nothing else."""
LOADED = 3
"""How many times longer it may take on a machine that does."""


@pytest.fixture(scope="session")
def fleet_template(good_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty environments, each of which differs from the last commit."""
    folder = tmp_path_factory.mktemp("interrupted") / "fleet"
    shutil.copytree(good_template, folder, symlinks=True)
    for number in range(ENVIRONMENTS):
        shutil.copytree(folder / "environments/dev", folder / f"environments/dev-{number:02}")
        (folder / f"environments/dev-{number:02}/values.yaml").unlink()
    assert run(["-C", str(folder), "-q", "generate"]) == 0
    commit_all(folder)
    values = folder / "chart/values.yaml"
    values.write_text(values.read_text().replace("replicas: 1", "replicas: 5"))
    return folder


@pytest.fixture
def fleet(fleet_template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(fleet_template, tmp_path / "fleet", symlinks=True)


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The program in its own process group, as a shell starts it."""
    argv = [sys.executable, "-m", "gitops_gen", *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        argv, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def interrupt(process: "subprocess.Popen[str]") -> tuple[str, str, float]:
    """Ctrl-C: what the program printed, and the seconds until it ended with all of its processes."""
    begin = time.monotonic()
    with suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    while _is_alive(process.pid) and time.monotonic() < begin + 30:
        time.sleep(0.01)
    return out, err, time.monotonic() - begin


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def interrupted(folder: Path, words: str, wait: float) -> tuple[int, str, str, float]:
    """Code, streams and seconds of a command that gets Ctrl-C some time after it began to work; sooner when it had
    ended by itself.
    """
    for _ in range(8):
        process = start(folder, *shlex.split(words))
        assert process.stderr
        process.stderr.readline()
        time.sleep(wait)
        out, err, seconds = interrupt(process)
        if "interrupted" in (out or err):  # else it had begun to print what it found
            # Python ends itself by the signal if it came in code that `exec` ran, as in the making of a dataclass
            # (`unhandled_keyboard_interrupt` in CPython's pythonrun.c). A shell shows 130 then too.
            code = 130 if process.returncode == -signal.SIGINT else process.returncode
            return code, out, err, seconds
        wait /= 2
    pytest.fail(f"{words} always ended before it could be interrupted")


@pytest.mark.parametrize("wait", [0.0, 0.2, 0.8])
@pytest.mark.parametrize("words", ["diff -v --no-cache", "generate -v --check", "plan -v", "status -v"])
def test_a_command_over_a_fleet_ends_at_once(words: str, wait: float, fleet: Path) -> None:
    for path in (fleet / "argocd/applications").iterdir():
        path.unlink()
    code, out, err, seconds = interrupted(fleet, words, wait)
    assert (code, out) == (130, "")
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert seconds < AT_ONCE * LOADED


def test_an_interrupt_is_a_document_too(fleet: Path) -> None:
    code, out, err, _ = interrupted(fleet, "diff -v --no-cache -o json", 0.0)
    assert code == 130
    assert "Traceback" not in err
    assert json.loads(out)["error"]["message"] == "interrupted"


def test_generate_leaves_whole_files(fleet: Path) -> None:
    before = tree(fleet)
    for path in (fleet / "argocd/applications").iterdir():
        path.unlink()
    for wait in (0.0, 0.1, 0.2):
        process = start(fleet, "generate", "-v")
        assert process.stderr
        process.stderr.readline()
        time.sleep(wait)
        interrupt(process)
        after = tree(fleet)
        assert [path for path in after if path.startswith("argocd/") and before[path] != after[path]] == []


PROGRAM = """
import sys
_, module = sys.argv
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from gitops_gen.__main__ import main
sys.argv = ["gitops-gen", "env", "list"]
main()
"""


@pytest.mark.parametrize("module", ["click", "gitops_gen.cli.app", "gitops_gen.cli.environments", "pydantic"])
def test_an_interrupt_while_modules_are_imported_has_no_traceback(module: str, good: Path) -> None:
    argv = [sys.executable, "-c", PROGRAM, module]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(argv, cwd=good, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "interrupted")

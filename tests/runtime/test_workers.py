"""Worker processes: results in order, at most one worker for each usable core, an end at once when interrupted."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitops_gen.errors import GitopsError
from gitops_gen.runtime import workers
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow

INTERRUPTED = """
import signal
import time
from gitops_gen.runtime.workers import in_workers

if __name__ == "__main__":
    # A shell has its background jobs ignore it, and the tests may be one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print("started", flush=True)
    list(in_workers(time.sleep, [60] * 4))
"""

SMALL = """
from gitops_gen.runtime.workers import in_workers

if __name__ == "__main__":
    print(*in_workers(abs, [-1]))
"""


def test_results_come_in_the_order_of_the_tasks() -> None:
    assert list(workers.in_workers(abs, range(-50, 0))) == list(range(50, 0, -1))


def test_an_error_in_a_worker_is_raised_here() -> None:
    with pytest.raises(ValueError, match="math domain"):
        list(workers.in_workers(_refuse, [1]))


def _refuse(_: int) -> None:
    raise ValueError("math domain")


def test_a_worker_that_is_killed_is_reported() -> None:
    with pytest.raises(GitopsError, match="a worker process was killed"):
        list(workers.in_workers(os._exit, [9]))


@pytest.mark.skipif(sys.platform == "win32", reason="there, no other process can send Ctrl-C")
@pytest.mark.parametrize("everybody", [True, False], ids=["the_whole_terminal", "the_command_only"])
@pytest.mark.parametrize("after", [0.02, 3], ids=["while_workers_start", "while_they_work"])
def test_an_interrupt_ends_the_workers_at_once(tmp_path: Path, *, everybody: bool, after: float) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    command = subprocess.Popen(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert command.stdout
    command.stdout.readline()
    time.sleep(after)
    (os.killpg if everybody else os.kill)(command.pid, signal.SIGINT)
    try:
        _, err = command.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(command.pid, signal.SIGKILL)
        command.communicate()
        raise
    assert err.count("Traceback") == 1, "the one of the command itself, which has nothing that catches the interrupt"
    wait_until_gone(command.pid)


def test_workers_import_nothing_from_the_current_folder(tmp_path: Path) -> None:
    for name in ("multiprocessing", "concurrent", "gitops_gen"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("open('canary', 'w')\n")
    program = tmp_path / "bin" / "program.py"
    program.parent.mkdir()
    program.write_text(SMALL)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert not (tmp_path / "canary").exists()
    assert "PYTHONSAFEPATH" not in os.environ


def wait_until_gone(group: int) -> None:
    """Python's own resource tracker ends a moment after its parent."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("a process is left behind")


def test_a_limit_of_the_control_group_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "pod" / "container"
    inner.mkdir(parents=True)
    (inner / "cpu.max").write_text("max 100000\n")
    (inner.parent / "cpu.max").write_text("150000 100000\n")
    monkeypatch.setattr(workers, "_control_group", lambda: inner)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(16), raising=False)
    assert workers.cores() == 2
    (inner / "cpu.max").write_text("20000 100000\n")
    assert workers.cores() == 1


def test_the_affinity_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workers, "_control_group", lambda: tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(3), raising=False)
    assert workers.cores() == 3


def test_few_renders_or_one_core_need_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "cores", lambda: 4)
    assert workers.pay_off(workers.WORTH_RENDERS)
    assert not workers.pay_off(workers.WORTH_RENDERS - 1)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    assert not workers.pay_off(workers.WORTH_RENDERS)

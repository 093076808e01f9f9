"""A run on a real node is refused during another one, and leaves nothing behind however it ends."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.node.footprint import CGROUPS, ROOT, Footprint, namespaces_of, processes_in
from tests.e2e.node.run_lock import BusyError, RunLock
from tests.e2e.node.sweeper import left_files

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
LONGEST = 300


class Run:
    """A run of a few tests, as somebody starts it in their terminal."""

    def __init__(self, state: pathlib.Path, log: pathlib.Path, tests: str) -> None:
        self._log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.node", "-k", tests],
                cwd=REPOSITORY,
                env={**os.environ, "E2E_STATE": str(state)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def namespaces(self) -> frozenset[str]:
        """Those that the run made for its tests."""
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return frozenset[str]().union(*(namespaces_of(int(child)) for child in children))

    def wait_for_pods(self) -> None:
        """Return when containers run."""
        self._wait_until(_a_container_runs)

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + LONGEST
        while not holds():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end, self.output
            time.sleep(0.1)


def _a_container_runs() -> bool:
    with contextlib.suppress(OSError):  # a cgroup was removed during the search
        return any(path.read_text() for path in CGROUPS.glob(f"**/{ROOT}/*/**/cgroup.procs"))
    return False


@pytest.fixture
def start(tmp_path: pathlib.Path) -> Iterator[Callable[[str], Run]]:
    runs: list[Run] = []

    def begin(tests: str) -> Run:
        runs.append(Run(tmp_path / "state", tmp_path / f"log-{len(runs)}", tests))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()


@pytest.mark.scenario("harness: of two runs started together one is refused, the other is unharmed")
def test_of_two_runs_one_is_refused(start: Callable[[str], Run]) -> None:
    runs = [start("footprint") for _ in range(2)]
    refused, done = sorted(runs, key=lambda run: run.process.wait(LONGEST) != 2)
    assert refused.process.returncode == 2, refused.output
    assert "cannot run here:\n  another run on a real node is under way on this machine" in refused.output
    assert "left behind" not in refused.output
    assert done.process.returncode == 0, done.output
    assert "nothing is left behind" in done.output


def ctrl_c(run: Run) -> None:
    os.killpg(run.process.pid, signal.SIGINT)


def kill_one(run: Run) -> None:
    run.process.kill()


def kill_all(run: Run) -> None:
    os.killpg(run.process.pid, signal.SIGKILL)


@pytest.mark.scenario("harness: nothing is left behind, however a run ends in the middle")
@pytest.mark.parametrize("end", [ctrl_c, kill_one, kill_all])
def test_nothing_is_left_of_a_run_that_is_ended(
    start: Callable[[str], Run], end: Callable[[Run], None], tmp_path: pathlib.Path
) -> None:
    before = Footprint.look()
    run = start("admission")
    run.wait_for_pods()
    namespaces = run.namespaces()
    assert len(namespaces) == 3
    end(run)
    status = run.process.wait(LONGEST)
    with wait_for_lock(tmp_path / "state") as lock:
        assert before.added(Footprint.look()) == []
        assert left_files(lock.state) == []
        assert processes_in(namespaces) == []
    assert status != 0
    assert ("nothing is left behind" in run.output) == (end is ctrl_c), run.output


def wait_for_lock(state: pathlib.Path) -> RunLock:
    """The locks, once the run and what cleans up after it have ended."""
    end = time.monotonic() + 180  # thousands of files, and a disk that takes its time
    while True:
        try:
            return RunLock(state)
        except BusyError:
            assert time.monotonic() < end, "its locks are still held"
            time.sleep(0.1)

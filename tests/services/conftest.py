"""Fixtures of the tests that run the chart's pods against real PostgreSQL, Redis and Temporal."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services import branches
from tests.services.api_server import ApiServer, absent
from tests.services.control_plane import ControlPlane, incomplete
from tests.services.machine import Machine, Pod, missing
from tests.services.release import Release, Secrets, make_secrets
from tests.services.skipped import SkipReport

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--branches",
        action="store_true",
        help="Tell which branches of the chart's scripts did not run; fail if there is one and no test was skipped.",
    )


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    if config.getoption("--branches") and not os.environ.get(branches.RECORD):
        config.pluginmanager.register(BranchReport())
    config.pluginmanager.register(SkipReport())


class BranchReport:
    """What the whole run left out, reported by the process that has all the results."""

    def __init__(self) -> None:
        self.lines = [f"not recorded: {branches.absent()}"]
        self._skipped = 0
        if not branches.absent():
            os.environ[branches.RECORD] = tempfile.mkdtemp(prefix="branches-")  # workers inherit it

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._skipped += report.skipped

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if branches.RECORD not in os.environ:
            return
        folder = Path(os.environ.pop(branches.RECORD))
        missed = branches.never_run(folder)
        shutil.rmtree(folder)
        self.lines = [f"never run: {branch}" for branch in missed]
        self.lines.append(f"{branches.count() - len(missed)} of {branches.count()} ran")
        if self._skipped:
            self.lines.append(f"{self._skipped} skipped tests run more of them")
        elif missed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("branches of the chart's scripts")
        for line in self.lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Secrets:
    if absent := missing():
        pytest.skip(absent)
    return make_secrets(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    if absent := missing():
        pytest.skip(absent)
    machine = Machine(tmp_path)
    yield machine
    machine.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def release(machine: Machine, secrets: Secrets) -> Release:
    return Release(machine=machine, secrets=secrets)


@pytest.fixture(scope="session")
def initialized(secrets: Secrets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The volume of PostgreSQL after its first start, to be copied."""
    if absent := missing("postgres"):
        pytest.skip(absent)
    machine = Machine(tmp_path_factory.mktemp("initialized"))
    pod = Release(machine=machine, secrets=secrets).pod("postgres")
    pod.prepare()
    pod.close()
    machine.close()
    return machine.claim("postgres-data")


@pytest.fixture
def database(release: Release, initialized: Path) -> Iterator[Pod]:
    """PostgreSQL as its pod runs it, ready."""
    shutil.copytree(initialized, release.machine.claim("postgres-data"), dirs_exist_ok=True)
    pod = release.pod("postgres")
    pod.start("postgres")
    pod.wait_ready("postgres")
    yield pod
    pod.close()


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    if reason := absent():
        pytest.skip(reason)
    server = ApiServer(tmp_path_factory.mktemp("api"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def running_control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    if reason := incomplete("helm"):
        pytest.skip(reason)
    plane = ControlPlane(tmp_path_factory.mktemp("control-plane"))
    yield plane
    plane.close()


@pytest.fixture
def control_plane(running_control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """The control plane, which has lost no program when the test is done: without one it proves nothing."""
    yield running_control_plane
    assert running_control_plane.ended() == []

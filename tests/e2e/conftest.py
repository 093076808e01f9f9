"""One cluster for the whole run, the projects that the scenarios deploy to it, and the table at the end.

A run needs the programs that `build.sh` makes; without them it fails and says so. `make e2e` does both.
"""

import pathlib
import shutil
import signal
import types
from collections.abc import Callable, Generator, Iterator

import pytest

from .argocd import ArgoCD
from .cluster import Cluster
from .programs import missing
from .project import Project
from .report import Row, table

#: Argo CD's own limit for one sync with all its retries, in seconds: no sync that works comes near it
SYNC_TIMEOUT = 600
ROWS = pytest.StashKey[dict[str, Row]]()
STATE = pytest.StashKey[pathlib.Path]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scenario(title): what the end-to-end table calls this test")
    config.stash[ROWS] = {}
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(number: int, _frame: types.FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: the cluster is being taken down
    raise KeyboardInterrupt(signal.Signals(number).name)


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """The running control plane."""
    if absent := missing():
        pytest.exit("\n  ".join(["the end-to-end tests miss these programs; `make e2e` builds them:", *absent]), 2)
    control_plane = Cluster(sync_timeout=SYNC_TIMEOUT)
    pytestconfig.stash[STATE] = control_plane.state
    with control_plane:
        yield control_plane


@pytest.fixture(scope="session")
def argocd(cluster: Cluster) -> ArgoCD:
    """Argo CD in that control plane."""
    return ArgoCD(cluster)


@pytest.fixture(scope="module")
def new_project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Project]]:
    """Makes projects out of the reference repository, and takes them away when the module is done."""
    made: list[Project] = []

    def make(name: str) -> Project:
        made.append(Project(cluster, tmp_path_factory.mktemp(name) / "repository", name))
        return made[-1]

    yield make
    for project in made:
        project.withdraw()


@pytest.fixture(autouse=True)
def _nothing_ended(request: pytest.FixtureRequest) -> Iterator[None]:
    """A control plane that lost a process proves nothing."""
    yield
    if "cluster" in request.fixturenames:
        cluster: Cluster = request.getfixturevalue("cluster")
        assert not cluster.processes.ended(), f"ended by themselves: {cluster.processes.ended()}; see {cluster.log}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    marker = item.get_closest_marker("scenario")
    title = str(marker.args[0]) if marker else item.name
    row = item.config.stash[ROWS].setdefault(title, Row(title=title))
    failed_around = report.failed and report.when != "call"
    row.add(report.duration, "error" if failed_around else report.outcome)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    if rows := config.stash[ROWS]:
        terminalreporter.section("end to end")
        for line in table(rows.values()):
            terminalreporter.write_line(line)
    if exitstatus and STATE in config.stash:
        terminalreporter.write_line(f"logs of every controller: {config.stash[STATE] / 'log'}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Logs of a run that passed are of no use."""
    failed = any(row.outcome in ("failed", "error") for row in config.stash[ROWS].values())
    if STATE in config.stash and not failed:
        shutil.rmtree(config.stash[STATE] / "log", ignore_errors=True)

"""One cluster for the whole run, the projects that the scenarios deploy to it, and the table at the end.

A run needs the programs that `build.sh` makes; without them it fails and says so. `make e2e` does both. With `-n 2
--dist loadfile --no-loadscope-reorder` each worker has its own cluster.
"""

import os
import pathlib
import shutil
import signal
import types
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.built import CACHE

from .argocd import ArgoCD
from .cluster import Cluster
from .processes import FIRST_PORT
from .programs import missing
from .project import Project
from .report import Row, log_folders, table

#: Argo CD's own limit for one sync with all its retries, in seconds: no sync that works comes near it
SYNC_TIMEOUT = 600
ROWS = pytest.StashKey[dict[str, Row]]()
STATE = pytest.StashKey[pathlib.Path]()
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
#: the files that take longest begin first, so that no worker ends alone with one of them
LONGEST = (
    *("lifetime", "changes", "sync_timeout", "migration", "pins", "renders", "plan_verdicts", "reverts"),
    "broken_releases",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scenario(title): what the end-to-end table calls this test")
    config.stash[ROWS] = {}
    config.stash[STATE] = pathlib.Path(os.environ.get("E2E_STATE") or CACHE / "state") / WORKER
    config.pluginmanager.register(Rows(config.stash[ROWS]))
    if WORKER:
        os.environ["E2E_PORT"] = str(int(os.environ.get("E2E_PORT", FIRST_PORT)) + 100 * int(WORKER.removeprefix("gw")))
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


def _interrupt(number: int, _frame: types.FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: the cluster is being taken down
    raise KeyboardInterrupt(signal.Signals(number).name)


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """The running control plane."""
    if absent := missing():
        pytest.exit("\n  ".join(["the end-to-end tests miss these programs; `make e2e` builds them:", *absent]), 2)
    with Cluster(pytestconfig.stash[STATE], sync_timeout=SYNC_TIMEOUT) as control_plane:
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
    report.user_properties.append(("scenario", str(marker.args[0]) if marker else item.name))
    return report


class Rows:
    """Collects the table: also, in the process that started the workers, what they report."""

    def __init__(self, rows: dict[str, Row]) -> None:
        self._rows = rows

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said = dict(report.user_properties)
        title = str(said.get("scenario", report.nodeid))
        failed_around = report.failed and report.when != "call"
        row = self._rows.setdefault(title, Row(title=title))
        row.add(report.duration, "error" if failed_around else report.outcome)
        row.measured = str(said.get("measured", row.measured))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    if rows := config.stash[ROWS]:
        terminalreporter.section("end to end")
        for line in table(rows.values()):
            terminalreporter.write_line(line)
    if exitstatus:
        for folder in log_folders(config.stash[STATE]):
            terminalreporter.write_line(f"logs of every controller: {folder}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Logs of a run that passed are of no use."""
    failed = any(row.outcome in ("failed", "error") for row in config.stash[ROWS].values())
    if not failed:
        shutil.rmtree(config.stash[STATE] / "log", ignore_errors=True)

"""Renders from a process beside: the same text, the same errors, whatever was expected and in whichever order."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_gen.chart.beside import RendererBeside
from gitops_gen.chart.cache import CachedRenderer
from gitops_gen.chart.engine import ChartError, Release
from gitops_gen.cli import run
from gitops_gen.errors import UsageError
from tests.conftest import REPOSITORY
from tests.diff.diff_fleet import Fleet, make_fleet

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a command renders in its own process"),
    # From Python 3.12 on it warns of threads, which a test runner has and a command has not.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
FEW = [Release(name=name, namespace="here") for name in ("one", "two", "three")]


@dataclass
class Chart:
    """Stands for a loaded chart: renders its path and the release's name."""

    path: Path

    def render(self, release: Release) -> str:
        if release.name == "bad":
            raise ChartError("cannot render", "mend it")
        if release.name == "killed":
            os._exit(9)
        return f"{self.path.name} {release.name}"


class Engine:
    """Stands for Helm, whose runtime this process has and a fork does not survive."""

    name = version = "none"

    def load(self, path: Path) -> Chart:
        return Chart(path)


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return make_fleet(tmp_path / "fleet")


@pytest.fixture
def renderer() -> RendererBeside:
    return RendererBeside(lambda: CachedRenderer(Engine(), None))  # type: ignore[arg-type]


def test_what_was_expected_is_given_in_any_order(renderer: RendererBeside, tmp_path: Path) -> None:
    for release in FEW:
        renderer.expect(tmp_path, release)
    for release in (FEW[2], FEW[0], FEW[0], FEW[1]):
        assert renderer.render(tmp_path, release) == f"{tmp_path.name} {release.name}"
    renderer.close()


def test_what_was_not_expected_is_given_too(renderer: RendererBeside, tmp_path: Path) -> None:
    renderer.expect(tmp_path, FEW[0])
    assert renderer.render(tmp_path, FEW[1]) == f"{tmp_path.name} two"
    renderer.close()


def test_an_error_is_raised_where_the_render_is_asked_for(renderer: RendererBeside, tmp_path: Path) -> None:
    bad = Release(name="bad", namespace="here")
    renderer.expect(tmp_path, bad)
    assert renderer.render(tmp_path, FEW[0]) == f"{tmp_path.name} one"
    with pytest.raises(ChartError, match="cannot render") as raised:
        renderer.render(tmp_path, bad)
    assert raised.value.hint == "mend it"
    renderer.close()


def test_a_renderer_that_cannot_be_made_says_so_at_each_render(tmp_path: Path) -> None:
    def make() -> CachedRenderer:
        raise UsageError("no such engine", "use another")

    renderer = RendererBeside(make)
    for release in FEW:
        with pytest.raises(UsageError, match="no such engine"):
            renderer.render(tmp_path, release)
    renderer.close()


def test_a_process_that_was_killed_is_told(renderer: RendererBeside, tmp_path: Path) -> None:
    renderer.expect(tmp_path, Release(name="killed", namespace="here"))
    for release in FEW:
        renderer.expect(tmp_path, release)
        with pytest.raises(ChartError, match="was killed"):
            renderer.render(tmp_path, release)
    renderer.close()


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "gitops_gen", "-C", str(folder), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=REPOSITORY)


@pytest.mark.parametrize("arguments", [["diff"], ["diff", "--env", "dev", "staging"], ["diff", "--no-cache"]])
def test_the_command_says_the_same_from_a_process_beside(
    fleet: Fleet, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.replace("chart/values.yaml", "Nothing is urgent.", "Nothing is urgent today.")
    fleet.replace("environments/dev/release.yaml", "shop:1.0.0", "shop:2.0.0")
    code = run(["-C", str(fleet.folder), *arguments])
    done = command(fleet.folder, *arguments)
    here = capsys.readouterr()
    assert (done.returncode, done.stdout, done.stderr) == (code, here.out, here.err)
    assert code == 1


def test_the_command_says_the_same_about_a_broken_chart(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    fleet.replace("chart/templates/service.yaml", "apiVersion: v1", '{{ fail "not today" }}')
    code = run(["-C", str(fleet.folder), "diff"])
    done = command(fleet.folder, "diff")
    assert (done.returncode, done.stdout) == (code, capsys.readouterr().out)
    assert "not today" in done.stdout

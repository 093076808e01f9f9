"""Values checked in a process beside: whatever becomes of it, the same is told as without it, and nothing stays."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gitops_gen.chart.choice import may_be_beside
from gitops_gen.checker import Checker
from gitops_gen.commands.workspace import open_workspace
from tests.conftest import REPOSITORY, GitopsGen, commit_all

FLEET = 40
WRONG = (3, 17, 39)
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere values are checked in the command's own process"),
    # From Python 3.12 on it warns of threads, which a test runner has and a command has not.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@dataclass
class Schema:
    """Stands for the charts: says whether values fit."""

    fits_values: Callable[[dict[str, Any]], bool]

    def anew(self) -> "Schema":
        return self

    def fits(self, _chart: object, values: dict[str, Any]) -> bool:
        return self.fits_values(values)

    def close(self) -> None:
        return


def suspects(good: Path, fits: Callable[[dict[str, Any]], bool]) -> list[int]:
    """Which of 100 environments, in batches of three, a checker thinks wrong."""
    environment = open_workspace(good).environment("dev")
    checker = Checker(Schema(fits))  # type: ignore[arg-type]
    fleet = [replace(environment, values={"number": number}) for number in range(100)]
    for start in range(0, len(fleet), 3):
        checker.submit(fleet[start : start + 3])
    found = checker.suspects()
    assert not checker._process._process.is_alive()
    return [environment.values["number"] for environment in found]


def test_it_names_those_that_do_not_fit_in_order(good: Path) -> None:
    assert suspects(good, lambda values: values["number"] not in (0, 41, 99)) == [0, 41, 99]
    assert suspects(good, lambda _: True) == []


def test_what_it_stumbles_over_needs_a_look(good: Path) -> None:
    assert suspects(good, lambda values: bool(1 / (values["number"] - 50))) == [50]


def test_what_it_did_not_answer_for_needs_a_look(good: Path) -> None:
    found = suspects(good, lambda values: values["number"] != 50 or os._exit(9))
    assert found[-50:] == list(range(50, 100))
    assert len(found) <= 100 - 48 + 3 * 8


@pytest.fixture
def fleet(good: Path) -> Path:
    """A project with so many environments that they are not all checked in one process."""
    for number in range(FLEET):
        shutil.copytree(good / "environments/dev", good / f"environments/site-{number:02}")
    return good


def command(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gitops_gen", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env=os.environ | variables,
    )


def test_a_fleet_is_told_the_same_from_a_process_beside(fleet: Path, gitops_gen: GitopsGen) -> None:
    for number in WRONG:
        with (fleet / f"environments/site-{number:02}/release.yaml").open("a") as file:
            file.write("  replicas: many\n")
    here, beside = gitops_gen(fleet, "generate"), command(fleet, "generate")
    assert not may_be_beside(), "the first of the two was to run here alone"
    assert beside.stderr == here.err
    assert [f"site-{number:02}" in beside.stderr for number in range(FLEET)] == [n in WRONG for n in range(FLEET)]


def test_helm_is_loaded_in_one_of_the_two_only(fleet: Path) -> None:
    done = command(fleet, "--verbose", "generate")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("loaded chart") == 1


def test_charts_that_it_brought_go_with_it(fleet: Path, tmp_path: Path) -> None:
    commit_all(fleet, "pinned")
    for number in range(FLEET):
        release = fleet / f"environments/site-{number:02}/release.yaml"
        release.write_text(release.read_text().replace("kind: Release\n", "kind: Release\nchart: {revision: pinned}\n"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = command(fleet, "generate", TMPDIR=str(scratch))
    assert done.returncode == 0, done.stderr
    assert list(scratch.iterdir()) == []

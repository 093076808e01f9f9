"""What the heavy suites tell about themselves: how long a build takes, what was skipped, where logs are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.report import log_folders

pytestmark = pytest.mark.slow

SCRIPT = REPOSITORY / "tests/services/build.sh"
PROGRAMS = ["shfmt", "temporal-sql-tool", "temporal-server", "temporal"]
#: builds nothing, but as `go build` it fails when another one is under way in the same cache
GO = """#!/bin/sh
set -eu
case $1 in
env) echo go1.26.0 ;;
version) cat "$3" ;;
build)
    mkdir "$E2E_CACHE/under-way"
    sleep 0.3
    [ ! -e "$E2E_CACHE/broken" ] || exit 7
    while [ "$1" != -o ]; do shift; done
    printf 'mod\\tmodule\\t%s\\n' "$(sed -n 's/^require [^ ]* //p' go.mod)" >"$2"
    chmod +x "$2"
    rmdir "$E2E_CACHE/under-way"
    ;;
esac
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "go").write_text(GO)
    (programs / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("E2E_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(build: subprocess.Popen[str]) -> tuple[int, str]:
    said = build.communicate(timeout=60)[1]
    return build.returncode, said


def test_of_two_builds_one_waits_and_finds_everything_built(cache: Path) -> None:
    first, second = sorted((end(build) for build in [start(), start()]), key=lambda done: "another build" in done[1])
    assert (first[0], second[0]) == (0, 0), f"{first}{second}"
    assert second[1] == f"another build fills {cache}: waiting until it has ended\n"
    assert sorted(path.name for path in (cache / "bin").iterdir()) == sorted(PROGRAMS)


def test_a_build_tells_what_it_builds_and_how_long_that_took(cache: Path) -> None:
    code, said = end(start())
    assert code == 0
    lines = said.splitlines()
    assert [line.split()[1] for line in lines] == [program for program in PROGRAMS for _ in range(2)]
    assert lines[5].startswith("built temporal-server in 0 min ")
    assert "about 4 minutes" in lines[4]
    assert end(start()) == (0, "")
    assert end(start("--built")) == (0, "")
    (cache / "bin/temporal").unlink()
    assert end(start("--built")) == (1, "")


def test_a_build_that_fails_ends_the_script(cache: Path) -> None:
    cache.mkdir()
    (cache / "broken").touch()
    code, said = end(start())
    assert code == 7
    assert "built" not in said
    assert not list((cache / "bin").iterdir())


def test_services_without_programs_tell_how_many_tests_did_not_run_and_why(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/services/test_api_server.py"]
    # This test may run in a worker of another run, which does not print summaries.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["E2E_CACHE"] = str(tmp_path)
    done = subprocess.run(argv, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    skipped = int(re.findall(r"=+ (\d+) skipped in", done.stdout)[0])
    assert f" {skipped} of {skipped} tests did not run " in done.stdout
    assert f"{skipped}: etcd, kube-apiserver, kubectl missing: `make e2e` builds it\n" in done.stdout


def test_the_logs_of_every_cluster_are_found(tmp_path: Path) -> None:
    assert log_folders(tmp_path) == []
    (tmp_path / "log").mkdir()
    assert log_folders(tmp_path) == [tmp_path / "log"]
    for worker in ("gw1", "gw0"):
        (tmp_path / worker / "log").mkdir(parents=True)
    (tmp_path / "gw2").mkdir()
    assert log_folders(tmp_path)[1:] == [tmp_path / "gw0/log", tmp_path / "gw1/log"]

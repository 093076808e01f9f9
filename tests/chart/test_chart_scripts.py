"""The scripts in the ConfigMaps: POSIX sh without a finding."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.chart.chart_render import CHART, Render

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = sorted((CHART / "files").rglob("*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed: apt-get install shellcheck")
    done = subprocess.run(
        [shellcheck, "--shell=sh", "--severity=style", str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_stop_at_the_first_error(script: Path) -> None:
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[1].startswith("# ")
    assert "set -eu" in lines


def test_every_script_is_rendered_as_it_is_written(render: Render) -> None:
    contents = {text for item in render().of("ConfigMap").values() for text in item["data"].values()}
    assert [script.name for script in SCRIPTS if script.read_text() not in contents] == []

"""The same manifests from every Helm: in this process, and by binaries of Helm 3 and Helm 4."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.chart.chart_render import CHART, SCENARIOS, Render, program, scenario

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def canonical(objects: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in objects)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("binary", ["helm", "helm3"])
def test_binaries_render_the_same(render: Render, binary: str, name: str) -> None:
    values = str(CHART / "ci" / f"{name}-values.yaml")
    command = [
        program(binary),
        "template",
        "api-forge",
        str(CHART),
        "-n",
        "demo",
        "-f",
        values,
        "--kube-version",
        "1.34.0",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    by_binary = [item for item in yaml.load_all(done.stdout, yaml.CSafeLoader) if item]
    assert canonical(by_binary) == canonical(render(scenario(name)).objects)


@pytest.mark.parametrize("binary", ["helm", "helm3"])
def test_lint_finds_nothing(binary: str) -> None:
    done = subprocess.run(
        [program(binary), "lint", "--strict", str(CHART)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_renders_from_git_alone(tmp_path: Path, render: Render) -> None:
    """A GitOps controller has what is committed, and nothing else."""
    git = ["git", "-C", str(CHART)]
    listed = subprocess.run([*git, "ls-files", "-z", "--", "."], capture_output=True, text=True, check=True)
    tracked = {path for path in listed.stdout.split("\0") if path}
    present = {str(path.relative_to(CHART)) for path in CHART.rglob("*") if path.is_file()}
    ignored = subprocess.run(
        [*git, "check-ignore", "--no-index", *sorted(present)], capture_output=True, text=True, check=False
    )
    assert ignored.stdout == ""
    copy = tmp_path / "api-forge"
    for path in tracked:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHART / path, copy / path)
    done = subprocess.run(
        [program("helm"), "template", "api-forge", str(copy), "-n", "demo"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert canonical([item for item in yaml.load_all(done.stdout, yaml.CSafeLoader) if item]) == canonical(
        render().objects
    )

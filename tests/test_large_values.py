"""Values of a megabyte, such as dashboards, pass through every command, and out of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, commit_all

pytestmark = pytest.mark.slow

LARGE = "dashboard " * 100_000
COMMANDS = [
    ("generate", "--check"),
    ("generate",),
    ("render", "dev"),
    ("explain", "dev"),
    ("secrets", "dev"),
    ("plan", "dev"),
    ("diff",),
    ("diff", "--output", "json"),
    ("diff", "--env", "dev", "production"),
    ("set", "dev", "replicas=3", "--dry-run"),
    ("set", "dev", "replicas=3", "--commit"),
    ("promote", "dev", "production", "--dry-run"),
    ("rollback", "dev", "--dry-run"),
    ("history",),
    ("status",),
    ("env", "list"),
]


@pytest.fixture(scope="module")
def large_template(good_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good project with large values that it renders: one version committed, the next not yet."""
    folder = shutil.copytree(good_template, tmp_path_factory.mktemp("large") / "project")
    with (folder / "chart/templates/settings.yaml").open("a") as file:
        file.write('  dashboard: {{ .Values.settings.dashboard | default "" | quote }}\n')
    release = folder / "environments/dev/release.yaml"
    start = release.read_text()
    for text in (LARGE, f"{LARGE}!"):
        release.write_text(f"{start}  settings: {{dashboard: '{text}'}}\n")
        assert command(folder, "generate").returncode == 0
        if text == LARGE:
            commit_all(folder)
    return folder


@pytest.fixture
def large(large_template: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(large_template, tmp_path / "project")


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gitops_gen", "-C", str(folder), *arguments],
        capture_output=True,
        check=False,
        cwd=REPOSITORY,
        timeout=60,
        env=os.environ | {"GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@example.com"},
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_command_ends(large: Path, arguments: tuple[str, ...]) -> None:
    done = command(large, *arguments)
    assert done.returncode in (0, 1), done.stderr[:2000]
    assert b"Traceback" not in done.stderr


def test_the_large_value_is_rendered_whole(large: Path) -> None:
    assert f"{LARGE}!".encode() in command(large, "render", "dev").stdout

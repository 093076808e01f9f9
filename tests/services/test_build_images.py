"""build-images.sh: which commands of docker, kind, k3d and minikube it gives, and what it refuses.

The programs are stand-ins that write down how they were called: an image build needs a daemon.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.services.branches import noted_script
from tests.services.release import CHART

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = CHART / "scripts" / "build-images.sh"
DIGEST = f"sha256:{'a' * 64}"
STAND_IN = f"""#!/bin/sh
echo "${{0##*/}} $*" >> "$CALLS"
case "$*" in *RepoDigests*) echo "registry.example.com/app@{DIGEST}" ;; esac
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a Dockerfile, and next to it all the programs that the script can find."""
    (tmp_path / "Dockerfile").touch()
    (tmp_path / "bin").mkdir()
    for name in ("docker", "podman", "kind", "k3d", "minikube"):
        (tmp_path / "bin" / name).write_text(STAND_IN)
        (tmp_path / "bin" / name).chmod(0o755)
    for name in ("bash", "sed"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def build(source: Path, *arguments: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    environment = {"PATH": f"{source}/bin", "CALLS": f"{source}/calls"} | variables
    argv = [str(noted_script(SCRIPT)), "--context", str(source), *arguments]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    calls = source / "calls"
    return done, calls.read_text().splitlines() if calls.exists() else []


def test_it_builds_and_prints_values_that_the_chart_takes(source: Path) -> None:
    done, calls = build(source, "--tag", "1.10")
    assert calls == [f"docker build --file {source}/Dockerfile --tag api-forge-app:1.10 {source}"]
    values = yaml.safe_load(done.stdout.splitlines()[-1])
    assert values == {"app": {"image": {"repository": "api-forge-app", "tag": "1.10"}}}


def test_a_pushed_image_is_named_by_its_digest(source: Path) -> None:
    done, calls = build(source, "--tag", "1.1.0", "--repository", "registry.example.com/app", "--push")
    assert calls[1] == "docker push registry.example.com/app:1.1.0"
    assert yaml.safe_load(done.stdout.splitlines()[-1])["app"]["image"]["digest"] == DIGEST


def test_platform_and_file_are_passed_on_and_another_tool_is_taken(source: Path) -> None:
    (source / "Other").touch()
    arguments = ("--tag", "1", "--platform", "linux/amd64,linux/arm64", "--push", "--file", str(source / "Other"))
    _, calls = build(source, *arguments, CONTAINER_TOOL="podman")
    platform = "--platform linux/amd64,linux/arm64"
    assert calls[0] == f"podman build --file {source}/Other --tag api-forge-app:1 {platform} {source}"


@pytest.mark.parametrize(
    ("cluster", "call"),
    [
        ("kind", "kind load docker-image api-forge-app:1"),
        ("kind:chart", "kind load docker-image api-forge-app:1 --name=chart"),
        ("k3d", "k3d image import api-forge-app:1"),
        ("k3d:dev", "k3d image import api-forge-app:1 --cluster=dev"),
        ("minikube", "minikube image load api-forge-app:1"),
        ("minikube:dev", "minikube image load api-forge-app:1 --profile=dev"),
    ],
)
def test_a_local_cluster_gets_the_image(source: Path, cluster: str, call: str) -> None:
    done, calls = build(source, "--tag", "1", "--load", cluster)
    assert (done.returncode, calls[1:]) == (0, [call])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--tag is missing"),
        (("--tag", "latest"), "use a version or a commit"),
        (("--tag", "a b"), "is not a valid image tag"),
        (("--tag", "1", "--platform", "linux/amd64,linux/arm64"), "add --push"),
        (("--tag", "1", "--file", "nowhere"), "nowhere does not exist"),
        (("--tag", "1", "--typo"), "unknown argument '--typo'"),
        (("--tag", "1", "--load", "docker-desktop"), "kind, minikube or k3d"),
    ],
)
def test_wrong_usage_is_exit_2_and_builds_nothing(source: Path, arguments: tuple[str, ...], message: str) -> None:
    done, calls = build(source, *arguments)
    assert (done.returncode, calls) == (2, [])
    assert message in done.stderr


def test_a_missing_program_of_the_cluster_is_found_before_the_build(source: Path) -> None:
    (source / "bin" / "k3d").unlink()
    done, calls = build(source, "--tag", "1", "--load", "k3d")
    assert (done.returncode, calls) == (2, [])
    assert done.stderr == "build-images.sh: --load k3d: k3d is not on PATH\n"


def test_podman_is_taken_without_docker(source: Path) -> None:
    (source / "bin" / "docker").unlink()
    done, calls = build(source, "--tag", "1")
    assert (done.returncode, calls[0].split()[:2]) == (0, ["podman", "build"])


def test_without_a_tool_it_says_which_it_looked_for(source: Path) -> None:
    for name in ("docker", "podman"):
        (source / "bin" / name).unlink()
    done, _ = build(source, "--tag", "1")
    assert (done.returncode, done.stderr) == (2, "build-images.sh: neither docker nor podman is on PATH\n")


def test_help_is_the_text_at_its_top(source: Path) -> None:
    done, _ = build(source, "--help")
    assert done.returncode == 0
    assert "usage: build-images.sh --tag TAG" in done.stdout
    assert "set -euo" not in done.stdout

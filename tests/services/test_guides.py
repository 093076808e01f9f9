"""The commands of the guides, run in a row as they are written there, on a real control plane.

Simulated pods have no kubelet: what asks one (logs, port-forward, exec) is left out here, and by name; so is the
build of an image, which `test_build_images.py` runs.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services.installation import Installation
from tests.services.release import CHART

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.services.control_plane import ControlPlane

ROOT = Path(__file__).parents[2]
NEEDS_MORE = re.compile(r"kubectl .*\b(logs|port-forward|exec)\b|build-images\.sh")
PLACES = {"<ns>": "api-forge", "<revision>": "1"}


def section(guide: str, heading: str) -> str:
    text = (ROOT / "docs" / "chart" / f"{guide}.md").read_text()
    (found,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def values(guide: str, heading: str) -> str:
    """The values that are shown under a heading."""
    (found,) = re.findall(r"^ *```yaml\n(.*?)^ *```$", section(guide, heading), re.MULTILINE | re.DOTALL)
    return textwrap.dedent(found)


def commands(guide: str, heading: str) -> list[str]:
    """The indented lines under a heading that are not inside a block of values."""
    text = re.sub(r"^ *```yaml\n.*?^ *```$", "", section(guide, heading), flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    assert lines, f"{guide}.md shows no command under {heading}"
    return [filled(line.strip()) for line in lines if not NEEDS_MORE.search(line)]


def filled(line: str) -> str:
    for place, value in PLACES.items():
        line = line.replace(place, value)
    return line


@pytest.fixture
def release(control_plane: ControlPlane) -> Iterator[Installation]:
    yield Installation(api=control_plane, namespace="api-forge")
    control_plane.kubectl("delete", "namespace", "api-forge", "--ignore-not-found", "--timeout=60s")


@pytest.fixture
def follow(release: Installation, tmp_path: Path) -> Callable[[str, str], None]:
    """Runs what a guide shows, in a folder with the chart and the values that the guide shows, without Temporal."""
    (tmp_path / "helm").symlink_to(ROOT / "helm")
    (tmp_path / "my-values.yaml").write_text(values("install", "By Helm") + "temporal: {enabled: false}\n")

    def run(guide: str, heading: str) -> None:
        for command in commands(guide, heading):
            done = release.run(["bash", "-euo", "pipefail", "-c", f"cd {tmp_path}\n{command}"])
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    return run


def claims(release: Installation) -> set[str]:
    return set(release.named("persistentvolumeclaims"))


def verifiers(release: Installation) -> set[str]:
    jobs = release.named("jobs").items()
    return {item["metadata"]["uid"] for name, item in jobs if name.startswith("postgres-verifier-")}


def test_a_reader_of_the_guides_gets_through(release: Installation, follow: Callable[[str, str], None]) -> None:
    follow("install", "By Helm")
    follow("install", "Check")
    assert set(release.named("deployments")) == {"postgres", "redis", "app"}

    before, verifier = release.by_component(), verifiers(release)
    follow("rotate-secrets", "Check")
    assert len(verifiers(release)) == 1
    assert not verifiers(release) & verifier
    assert release.by_component() == before

    follow("rollback", "By Helm")
    assert claims(release) == {"postgres-data", "postgres-backups", "redis-data"}
    follow("install", "Uninstall")
    assert claims(release) == set()
    assert release.named("deployments") == {}


def test_the_restart_after_a_rotation_replaces_just_these_pods(
    release: Installation, follow: Callable[[str, str], None]
) -> None:
    follow("install", "By Helm")
    release.upgrade("--reuse-values", "--set", "temporal.enabled=true")
    before = release.by_component()
    follow("rotate-secrets", "Restart, in this order")
    after = release.by_component()
    assert {name for name in before if before[name] != after[name]} == {"postgres", "app", "worker"}


def sizes(release: Installation) -> dict[str, str]:
    found = release.named("persistentvolumeclaims").items()
    return {name: item["spec"]["resources"]["requests"]["storage"] for name, item in found}


def test_a_volume_grows_and_a_certificate_is_renewed(release: Installation, follow: Callable[[str, str], None]) -> None:
    follow("install", "By Helm")
    (rule,) = release.named("ingresses")["app"]["spec"]["rules"]
    assert rule["host"] == "api.example.com"
    before, pods = sizes(release), release.by_component()
    follow("storage", "Grow a volume")
    assert {name: size for name, size in sizes(release).items() if size != before[name]} == {"postgres-data": "50Gi"}
    grown = release.by_component()
    assert {name for name in pods if pods[name] != grown[name]} == {"postgres"}

    old = release.secrets()
    follow("rotate-secrets", "Certificate of PostgreSQL and its authority")
    changed = {name for name, data in release.secrets().items() if data != old[name]}
    assert changed == {"postgres-tls", "postgres-ca"}
    assert release.by_component() == grown


KILLED = """
"$@" & helm=$!
until helm -n api-forge status api-forge | grep -q pending-upgrade; do kill -0 $helm; sleep 0.2; done
kill -KILL $helm
"""


def test_an_interrupted_upgrade_is_taken_back(release: Installation, follow: Callable[[str, str], None]) -> None:
    follow("install", "By Helm")
    upgrade = ["helm", "-n", "api-forge", "upgrade", "api-forge", str(CHART), "--reuse-values", "--wait"]
    killed = release.run(
        ["bash", "-euc", KILLED, "kill", *upgrade, "--wait-for-jobs", "--set", "app.image.tag=e2e-fail"]
    )
    assert killed.returncode == 0, killed.stderr
    assert "another operation (install/upgrade/rollback) is in progress" in release.run(upgrade).stderr
    follow("rollback", "If Helm was interrupted")
    assert release.run(upgrade).returncode == 0

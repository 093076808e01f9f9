"""The worker's probes: the application's check, and the chart's own for a Temporal with TLS."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.chart.chart_render import CHART, Render, scenario

if TYPE_CHECKING:
    from pathlib import Path

CHECK = CHART / "files" / "worker" / "temporal-health.py"
#: the stand-in for Temporal's SDK, which only the application's image has
CLIENT = """
import os, sys

class Client:
    @staticmethod
    async def connect(url, *, namespace, tls):
        sys.stderr.write(f"{url} {namespace} {tls}\\n")
        if "broken" in url:
            raise RuntimeError("no such host")
"""


def probe_command(values: dict[str, Any], render: Render) -> list[str]:
    (container,) = render(values).one("Deployment", "worker")["spec"]["template"]["spec"]["containers"]
    commands = [container[name]["exec"]["command"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert commands[0] == commands[1] == commands[2]
    return list(commands[0])


def test_an_external_temporal_with_tls_is_asked_by_the_charts_own_check(render: Render) -> None:
    values = scenario("external-services")
    assert probe_command(values, render) == ["python", "/opt/worker-health/temporal-health.py"]
    rendered = render(values)
    assert rendered.one("ConfigMap", "worker-health")["data"] == {CHECK.name: CHECK.read_text()}
    assert rendered.one("ConfigMap", "app-env")["data"]["PRODUCTION_TEMPORAL_URL"] == "temporal.example.com:443"


def test_every_other_temporal_is_asked_by_the_application(render: Render) -> None:
    plain = {"temporal": {"enabled": False, "external": {"host": "temporal.example.com"}}}
    for values in ({}, plain):
        assert probe_command(values, render) == ["python", "/app/src/worker/health_check.py"]
        assert "worker-health" not in render(values).of("ConfigMap")
    own = scenario("external-services") | {"worker": {"healthCommand": ["true"]}}
    assert probe_command(own, render) == ["true"]


@pytest.mark.parametrize(("host", "code"), [("temporal.example.com:443", 0), ("broken.example.com:443", 1)])
def test_the_check_connects_by_tls(tmp_path: Path, host: str, code: int) -> None:
    (tmp_path / "temporalio").mkdir()
    (tmp_path / "temporalio" / "__init__.py").touch()
    (tmp_path / "temporalio" / "client.py").write_text(CLIENT)
    environment = {"TEMPORAL_URL": host, "TEMPORAL_NAMESPACE": "orders", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, CHECK], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (code, f"{host} orders True")
    assert code == 0 or done.stderr.endswith(f"Temporal at {host}: RuntimeError: no such host\n")

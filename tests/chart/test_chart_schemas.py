"""Every rendered object against Kubernetes' own schemas, by kubeconform in strict mode, for each supported version."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.chart.chart_render import SCENARIOS, Render, program, scenario
from tests.chart.conform import write_schemas

pytestmark = pytest.mark.slow

VERSIONS = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]


@pytest.fixture(scope="module", params=VERSIONS)
def schemas(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return write_schemas(request.param, tmp_path_factory.mktemp(f"v{request.param}"))
    except ModuleNotFoundError as error:
        pytest.skip(str(error))


def conform(schemas: Path, text: str) -> subprocess.CompletedProcess[str]:
    location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    # The kinds of operators have separate schemas: tests/services/test_api_server.py.
    command = [
        program("kubeconform"),
        "-strict",
        "-summary",
        "-skip",
        "ExternalSecret,SecretStore,Certificate,HTTPRoute,ServiceMonitor,PrometheusRule",
        "-schema-location",
        location,
    ]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_objects_are_valid(schemas: Path, render: Render) -> None:
    objects = [item for name in SCENARIOS for item in render(scenario(name)).objects]
    done = conform(schemas, yaml.safe_dump_all(objects))
    assert done.returncode == 0, done.stdout


def test_an_unknown_field_is_found(schemas: Path, render: Render) -> None:
    deployment = render().one("Deployment", "app")
    deployment["spec"]["template"]["spec"]["tolerated"] = []
    done = conform(schemas, yaml.safe_dump(deployment))
    assert done.returncode == 1
    assert "tolerated" in done.stdout

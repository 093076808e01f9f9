"""What kube-score and checkov say of every scenario and of every environment of this repository.

The rules that the chart does not follow are listed in skipped-rules.yaml, each with its reason. No other rule may fail,
and none may be listed that no longer fails.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from tests.chart.chart_render import CHART, SCENARIOS, parse, program, scenario

pytestmark = pytest.mark.slow

ENVIRONMENTS = CHART.parents[1] / "environments"
SKIPPED = yaml.safe_load(Path(__file__).with_name("skipped-rules.yaml").read_text())
CRITICAL = 1
"""The grade that kube-score's own exit code counts."""


@pytest.fixture(scope="module")
def manifests(chart: helm_python.Chart, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file for each scenario and each environment."""
    folder = tmp_path_factory.mktemp("manifests")
    values = {name: scenario(name) for name in SCENARIOS}
    for path in sorted(ENVIRONMENTS.glob("*/values.yaml")):
        values[f"environment-{path.parent.name}"] = helm_python.values_from_yaml(path.read_text())
    for name, overrides in values.items():
        rendered = parse(chart.render(overrides, name="api-forge", namespace="demo"))
        (folder / f"{name}.yaml").write_text(yaml.dump_all(rendered.objects, Dumper=yaml.CSafeDumper))
    return folder


def reported(*argv: str) -> Any:
    """What a linter answers in JSON. Its exit code says only whether it found something."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_every_scenario_and_environment_is_judged(manifests: Path) -> None:
    names = {path.stem for path in manifests.iterdir()}
    assert names == {*SCENARIOS, "environment-dev", "environment-staging", "environment-production"}


def test_every_skipped_rule_has_its_reason() -> None:
    assert set(SKIPPED) == {"kube-score", "checkov"}
    assert all(len(reason.split()) > 5 for rules in SKIPPED.values() for reason in rules.values())


def test_kube_score_finds_nothing_critical_but_what_is_skipped(manifests: Path) -> None:
    command = (program("kube-score"), "score", "--output-format", "json", "--kubernetes-version", "v1.31")
    critical: dict[str, set[str]] = {}
    for path in sorted(manifests.iterdir()):
        for judged in reported(*command, str(path)):
            for check in judged["checks"]:
                if check["grade"] == CRITICAL and not check["skipped"]:
                    found = f"{path.stem}: {judged['object_name']}: {check['comments']}"
                    critical.setdefault(check["check"]["id"], set()).add(found)
    assert set(critical) == set(SKIPPED["kube-score"]), critical


def test_checkov_fails_nothing_but_what_is_skipped(manifests: Path) -> None:
    command = (program("checkov"), "--framework", "kubernetes", "--skip-download", "--compact", "--output", "json")
    judged = reported(*command, "--directory", str(manifests))
    failed: dict[str, set[str]] = {}
    for check in judged["results"]["failed_checks"]:
        found = f"{check['file_path']}: {check['resource']}: {check['check_name']}"
        failed.setdefault(check["check_id"], set()).add(found)
    assert judged["summary"]["parsing_errors"] == 0
    assert judged["summary"]["passed"] > 1000
    assert set(failed) == set(SKIPPED["checkov"]), failed

"""Policies in Rego, evaluated by the real conftest."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_gen.rules.programs import RULES
from gitops_gen.rules.sync import judge
from gitops_gen.sync.plan import SyncPlan
from tests.chart.chart_render import program
from tests.conftest import GitopsGen
from tests.rules.examples import example_plan

OBJECTS = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {type: LoadBalancer}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
"""
POLICY = """\
package shop
import rego.v1
deny contains "is open to the world" if input.spec.type == "LoadBalancer"
warn contains msg if {
  not input.metadata.labels.team
  msg := sprintf("%s has no label team", [input.metadata.name])
}
warn contains "reads a token" if opa.runtime().env.GITOPS_GEN_TOKEN
"""


def plan(policy: str) -> SyncPlan:
    example = example_plan(OBJECTS)
    return replace(example, cluster=replace(example.cluster, rego=(("policies/shop.rego", policy),)))


def found(policy: str) -> list[tuple[str, str, str]]:
    judged = judge(plan(policy), rules=RULES)
    return [(item.rule, item.object, item.message) for item in (*judged.findings, *judged.notes)]


@pytest.mark.parametrize(
    "text",
    [
        'deny contains "x" if http.send({"method": "GET", "url": "http://example.com"})',
        'deny contains "x" if http [ "se\\u006ed" ]({"method": "GET"})',
        'deny contains "x" if net.lookup_ip_addr("example.com")',
        'deny contains "x" if parse_config_file("/etc/passwd")',
        'deny contains "x" if parse_combined_config_files(["/etc/passwd"])',
    ],
)
def test_a_policy_that_reaches_out_is_refused(good: Path, gitops_gen: GitopsGen, text: str) -> None:
    (good / "out.rego").write_text(f"package shop\nimport rego.v1\n{text}\n", encoding="utf-8")
    project = good / "gitops.yaml"
    parts = project.read_text(encoding="utf-8").partition("  eu:\n")
    project.write_text("".join((*parts[:2], "    policies: [out.rego]\n", parts[2])), encoding="utf-8")
    result = gitops_gen(good, "validate", "dev")
    assert result.code == 1
    assert "out.rego" in result.out
    assert "a policy may read neither the network nor files" in result.out


@pytest.fixture
def conftest_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(program("conftest")).parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GITOPS_GEN_TOKEN", "x")


@pytest.mark.usefixtures("conftest_on_path")
def test_policies_are_applied_to_each_object() -> None:
    assert found(POLICY) == [
        ("rego-denied", "Service/shop", "is open to the world"),
        ("rego-warned", "Service/shop", "shop has no label team"),
        ("rego-warned", "ConfigMap/settings", "settings has no label team"),
    ]


@pytest.mark.usefixtures("conftest_on_path")
def test_a_policy_that_cannot_be_read_is_named_with_its_line() -> None:
    judged = judge(plan("package shop\nimport rego.v1\ndeny contains\n"), rules=RULES)
    places = {(item.rule, item.source, item.line) for item in judged.findings}
    assert places == {("policy-invalid", "policies/shop.rego", 3)}
    judged = judge(plan('package shop\nimport rego.v1\ndeny contains "x" if foo(1)\n'), rules=RULES)
    (finding,) = judged.findings
    assert (finding.message, finding.line) == ("conftest cannot apply it: undefined function foo", 3)


@pytest.mark.usefixtures("conftest_on_path")
def test_other_rules_are_judged_too(good: Path, gitops_gen: GitopsGen) -> None:
    (good / "bad.rego").write_text("package shop\nimport rego.v1\ndeny contains {\n", encoding="utf-8")
    project = good / "gitops.yaml"
    parts = project.read_text(encoding="utf-8").partition("  eu:\n")
    project.write_text("".join((*parts[:2], "    policies: [bad.rego]\n", parts[2])), encoding="utf-8")
    result = gitops_gen(good, "validate", "dev", "--output", "json")
    found = [item for item in json.loads(result.out)["findings"] if item["file"] == "bad.rego"]
    assert {(item["rule"], item["line"]) for item in found} == {("policy-invalid", 3)}
    assert "chart-does-not-render" not in result.out
    assert result.code == 1


def test_it_is_said_that_conftest_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = "conftest is not on PATH: the policies in policies/shop.rego are not applied"
    assert found(POLICY) == [("policy-program-missing", "", message)]

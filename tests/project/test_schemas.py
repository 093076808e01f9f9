"""JSON Schemas for editors: they take the reference repository's files, refuse faults, and describe every field."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from pydantic import BaseModel

from gitops_gen.models.descriptions import description
from gitops_gen.models.models import Environment, Project, Release
from gitops_gen.yaml.reader import load
from tests.conftest import REPOSITORY, SNAPSHOTS, GitopsGen
from tests.e2e import argocd_schema, programs

KINDS: dict[str, type[BaseModel]] = {"project": Project, "environment": Environment, "release": Release}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of hand-written file."""
    return str(request.param)


@pytest.fixture
def schema(kind: str, gitops_gen: GitopsGen) -> dict[str, Any]:
    """What `gitops-gen schema KIND` prints for the reference repository."""
    result = gitops_gen(REPOSITORY, "schema", kind)
    assert (result.code, result.err) == (0, "")
    printed: dict[str, Any] = json.loads(result.out)
    return printed


def files(kind: str) -> list[Path]:
    """The hand-written files of a kind."""
    if kind == "project":
        return [REPOSITORY / "gitops.yaml"]
    return sorted(REPOSITORY.glob(f"environments/*/{kind}.yaml"))


def faults(schema: dict[str, Any], data: Any) -> list[str]:
    validator = jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)
    return [error.message for error in validator.iter_errors(data)]


def test_the_schema_takes_the_reference_files(kind: str, schema: dict[str, Any]) -> None:
    assert files(kind)
    for file in files(kind):
        assert faults(schema, load(file.read_text(), file.name)) == []


def test_the_schema_is_a_schema(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Projekt"},
        {"apiVersion": "gitops-gen/v2"},
        {"unknown": 1},
        {"values": {"app": {"replica": 3}}},
        {"values": {"app": {"replicas": "three"}}},
        {"values": {"apps": {}}},
        {"defaults": {"values": {"app": {"replica": 3}}}, "values": {"apps": {}}},
    ],
)
def test_the_schema_refuses_faults(change: dict[str, Any], kind: str, schema: dict[str, Any]) -> None:
    file = files(kind)[0]
    assert faults(schema, load(file.read_text(), file.name) | change)


def test_a_layer_needs_nothing_of_the_chart(kind: str, schema: dict[str, Any]) -> None:
    """Values are spread over layers: what the chart requires need not be in any one of them."""
    file = files(kind)[0]
    data = load(file.read_text(), file.name)
    layer: dict[str, Any] = (
        {"defaults": {"values": {"app": {"image": {}}}}} if kind == "project" else {"values": {"app": {"image": {}}}}
    )
    assert faults(schema, data | layer) == []


def test_the_committed_schema_is_the_present_one(kind: str, gitops_gen: GitopsGen) -> None:
    """Editors read the file; `gitops-gen schema KIND > .gitops-gen/KIND.schema.json` brings it up to date."""
    assert (REPOSITORY / f".gitops-gen/{kind}.schema.json").read_text() == gitops_gen(REPOSITORY, "schema", kind).out


def test_without_a_chart_the_rest_is_checked_all_the_same(good: Path, gitops_gen: GitopsGen) -> None:
    (good / "chart/Chart.yaml").unlink()
    result = gitops_gen(good, "schema", "environment")
    assert result.code == 0
    assert result.err == "note: without the chart's schema: chart: has no Chart.yaml\n"
    assert faults(json.loads(result.out), {"apiVersion": "gitops-gen/v1", "kind": "Environment", "valuez": {}})


def test_each_file_names_its_schema_for_editors(kind: str) -> None:
    for file in files(kind):
        named = file.read_text().splitlines()[0]
        assert named.startswith("# yaml-language-server: $schema=")
        target = (file.parent / named.partition("=")[2]).resolve()
        assert target == REPOSITORY / ".gitops-gen" / f"{kind}.schema.json"


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and every model below it."""
    found = {model}
    for field in model.model_fields.values():
        for candidate in parts(field.annotation):
            if candidate not in found:
                found |= models(candidate)
    return found


def parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in parts(argument)]


def test_every_field_is_described(kind: str) -> None:
    bare = [
        f"{model.__name__}.{name}"
        for model in models(KINDS[kind])
        for name in model.model_fields
        if not description(model, name).endswith((".", "`"))
    ]
    assert bare == []


def test_every_field_is_in_the_documentation(kind: str) -> None:
    documented = (REPOSITORY / "docs/reference/files.md").read_text()
    undocumented = [
        f"{model.__name__}.{name}"
        for model in models(KINDS[kind])
        for name, field in model.model_fields.items()
        if (field.alias or name) not in documented
    ]
    assert undocumented == []


def argocd_manifests() -> list[Path]:
    folders = (REPOSITORY / "argocd", *SNAPSHOTS.glob("*/argocd"))
    return sorted(file for folder in folders for file in folder.rglob("*.yaml"))


@pytest.mark.parametrize("file", argocd_manifests(), ids=lambda file: "-".join(file.parts[-4:]))
def test_argocds_definitions_take_what_is_generated(file: Path) -> None:
    schema = json.loads(argocd_schema.TARGET.read_text())
    manifests = list(yaml.safe_load_all(file.read_text()))
    assert manifests
    for manifest in manifests:
        assert faults(schema, {manifest["kind"]: manifest["spec"]}) == []


def test_argocds_definitions_are_those_of_the_pinned_release() -> None:
    definitions = programs.shared("argocd") / "crds"
    if not definitions.is_dir():
        pytest.skip(f"{definitions} is missing: tests/e2e/build.sh brings it")
    assert argocd_schema.generated(definitions) == argocd_schema.TARGET.read_text()

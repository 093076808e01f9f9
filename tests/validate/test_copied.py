"""Values of one environment that name another one."""

import shutil
from pathlib import Path

import pytest

from gitops_gen.project.opening import open_project
from gitops_gen.rules.copied import copied_values, named_values
from gitops_gen.rules.fleet import every_rule
from tests.conftest import GitopsGen

FILE = "environments/{}/environment.yaml"


def found(folder: Path) -> list[tuple[str, str, int | None, str]]:
    opened = open_project(folder)
    environments = [(name, named_values(opened, name)) for name in opened.names()]
    findings = copied_values(opened, environments)
    return [
        (name, item.source, item.line, f"{item.object} {item.message}") for name in findings for item in findings[name]
    ]


def write(folder: Path, **values: str) -> None:
    """Give environments a value for `logLevel`; those that do not exist are copies of dev."""
    for name, value in values.items():
        path = folder / FILE.format(name)
        if not path.exists():
            shutil.copytree(folder / "environments/dev", path.parent)
        text = path.read_text()
        text = text.replace("host: dev.", f"host: {name}.")
        path.write_text(text.replace("values:\n", f"values:\n  logLevel: {value}\n", 1) if value else text)


@pytest.mark.parametrize("value", ["shop-production", "secret/production/db", "PRODUCTION_DB", "a.production.svc"])
def test_what_names_another_environment_as_that_one_does_is_found_at_its_line(tree: Path, value: str) -> None:
    write(tree, dev=value, production=value)
    message = "logLevel has the name of production in it, as it has in that environment"
    assert found(tree) == [("dev", FILE.format("dev"), 5, message)]


@pytest.mark.parametrize(
    ("dev", "production"),
    [
        ("shop-dev", "shop-production"),
        ("shop-production", "shop"),
        ("dev-of-production", "production"),
        ("shop-productions", "shop-production"),
        ("shop", "shop-production"),
    ],
)
def test_nothing_else_is_found(tree: Path, dev: str, production: str) -> None:
    write(tree, dev=dev, production=production)
    assert found(tree) == []


def test_what_environments_share_is_found_where_a_third_one_names_itself(tree: Path) -> None:
    project = tree / "gitops.yaml"
    project.write_text(
        project.read_text().replace("defaults:\n  cluster", "defaults:\n  values: {logLevel: db-dev}\n  cluster")
    )
    write(tree, dev="", staging="")
    assert found(tree) == []
    write(tree, production="db-production")
    assert [(name, source) for name, source, _, _ in found(tree)] == [("staging", "gitops.yaml")]


def test_a_name_of_several_words_is_one(tree: Path) -> None:
    write(tree, **{"eu-west": "a/eu_west/b", "dev": "a/eu_west/b"})
    assert [name for name, *_ in found(tree)] == ["dev"]


def test_validate_reports_it(tree: Path, gitops_gen: GitopsGen) -> None:
    write(tree, dev="db-production", production="db-production")
    gitops_gen(tree, "generate")
    result = gitops_gen(tree, "validate")
    assert (result.code, result.out.count("value-of-another-environment")) == (0, 1)
    assert "value-of-another-environment" in {rule.id for rule in every_rule()}

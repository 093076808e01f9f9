"""Values that a layer sets to what they are without it."""

from pathlib import Path

import pytest

from gitops_gen.project.opening import open_project
from gitops_gen.rules.overlays import unchanged_values
from tests.conftest import GitopsGen

DEV = "environments/dev/environment.yaml"


def found(folder: Path, name: str) -> list[tuple[str, int | None, str]]:
    return [(item.source, item.line, item.message) for item in unchanged_values(open_project(folder), name)]


def set_in(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_key_that_is_set_to_the_default_is_named_at_its_line(tree: Path, gitops_gen: GitopsGen) -> None:
    assert found(tree, "dev") == []
    set_in(tree, DEV, "values:\n", "values:\n  replicas: 2\n  image: {pullPolicy: IfNotPresent}\n  extraEnv: []\n")
    message = "sets what is the chart's default: extraEnv, image.pullPolicy, replicas"
    assert found(tree, "dev") == [(DEV, 5, message)]
    gitops_gen(tree, "generate")
    result = gitops_gen(tree, "validate", "--notes")
    assert (result.code, result.out.count("value-is-the-default")) == (0, 1)
    assert "value-is-the-default" not in gitops_gen(tree, "plan", "dev").out


@pytest.mark.parametrize(
    "values",
    ['replicas: "2"', "replicas: 2.5", "autoscaling: {min: true}", "replicas: null", "extraEnv: [{name: A}]"],
)
def test_another_value_is_none(tree: Path, values: str) -> None:
    set_in(tree, DEV, "values:\n", f"values:\n  {values}\n")
    assert found(tree, "dev") == []


def test_what_a_weaker_layer_changes_may_be_set_back(tree: Path) -> None:
    production = "environments/production/environment.yaml"
    set_in(tree, production, "values:\n", "values:\n  replicas: 2\n")
    assert found(tree, "production") == []
    set_in(tree, "gitops.yaml", "      replicas: 3\n", "      port: 8080\n")
    assert found(tree, "production") == [
        ("gitops.yaml", 19, "sets what is the chart's default: port"),
        (production, 5, "sets what is the chart's default: replicas"),
    ]


def test_a_release_states_its_values(tree: Path) -> None:
    set_in(tree, "environments/dev/release.yaml", "values:\n", "values:\n  logLevel: info\n")
    assert found(tree, "dev") == []

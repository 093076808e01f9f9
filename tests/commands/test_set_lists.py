"""`set` with an index: the other items stay, whoever set the list."""

from pathlib import Path
from typing import Any

import pytest

from gitops_gen.cli import run
from gitops_gen.yaml.reader import load
from tests.changes.conftest import is_clean
from tests.conftest import Change, GitopsGen, commit_all

ENVIRONMENT = "environments/dev/environment.yaml"
CHART = """
image: {repository: shop, tag: v1}
hosts:
- host: a.example.com
  paths: [{path: /, pathType: Prefix}]
- host: b.example.com
numbers: [1, 2, 3]
nothing: []
settings: {}
replicas: 1
"""


@pytest.fixture
def listed(good: Path) -> Path:
    """The good project around a chart whose own values hold lists, without a schema."""
    (good / "chart/values.schema.json").unlink()
    (good / "chart/values.yaml").write_text(CHART)
    (good / "chart/templates").rename(good / "chart/unused")
    (good / "chart/templates").mkdir()
    (good / "chart/templates/read.yaml").write_text("{{ with .Values.unheard }}{{ end }}\n")
    (good / "gitops.yaml").write_text((good / "gitops.yaml").read_text().partition("inject:")[0])
    for name in ("dev", "production"):
        header = f"apiVersion: gitops-gen/v1\nkind: Environment\nstage: {name}\n"
        (good / f"environments/{name}/environment.yaml").write_text(header)
    assert run(["-C", str(good), "--quiet", "generate"]) == 0
    commit_all(good)
    return good


def values(folder: Path, name: str = "dev") -> Any:
    return load((folder / f"environments/{name}/values.yaml").read_text(), "values.yaml")


def test_an_item_of_the_charts_list(listed: Path, change: Change) -> None:
    said = change(listed, "set", "dev", "hosts[0].host=x")
    assert values(listed)["hosts"] == [
        {"host": "x", "paths": [{"path": "/", "pathType": "Prefix"}]},
        {"host": "b.example.com"},
    ]
    assert "Helm replaces lists as a whole" in said
    assert 'dev: hosts[0].host "a.example.com" (string) → "x" (string)' in said


def test_an_item_within_an_item(listed: Path, change: Change) -> None:
    change(listed, "set", "dev", "hosts[0].paths[0].path=/shop")
    assert values(listed)["hosts"][0]["paths"] == [{"path": "/shop", "pathType": "Prefix"}]


def test_several_items_at_once(listed: Path, change: Change) -> None:
    change(listed, "set", "dev", "numbers[0]=7", "numbers[2]=9", "numbers[3]=10")
    assert values(listed)["numbers"] == [7, 2, 9, 10]


def test_an_item_of_a_weaker_layers_list(listed: Path, change: Change) -> None:
    change(listed, "set", "--all", "numbers=[4, 5]")
    change(listed, "set", "--stage", "production", "numbers[1]=6")
    change(listed, "set", "dev", "numbers[0]=8")
    assert values(listed)["numbers"] == [8, 5]
    assert values(listed, "production")["numbers"] == [4, 6]


def test_an_item_of_the_environments_list_is_changed_in_place(listed: Path, change: Change) -> None:
    text = (listed / ENVIRONMENT).read_text()
    (listed / ENVIRONMENT).write_text(f"{text}values:\n  numbers:\n  - 1 # one\n  - 2 # two\n")
    said = change(listed, "set", "dev", "numbers[1]=3")
    assert (listed / ENVIRONMENT).read_text() == f"{text}values:\n  numbers:\n  - 1 # one\n  - 3 # two\n"
    assert "replaces" not in said


def test_the_place_behind_the_last_appends(listed: Path, change: Change) -> None:
    change(listed, "set", "dev", "numbers[3]=4", "nothing[0].a=x", "unheard[0]=y")
    found = values(listed)
    assert (found["numbers"], found["nothing"], found["unheard"]) == ([1, 2, 3, 4], [{"a": "x"}], ["y"])


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("numbers[5]=x",), "numbers[3]"),
        (("hosts[3].host=x",), "hosts[2].host"),
        (("unheard[1]=x",), "unheard[0]"),
        (("nothing[1]=x",), "nothing[0]"),
        (("hosts.host=x",), "hosts[0].host"),
        (("hosts.0=x",), "hosts[0].0"),
        (("settings[0]=x",), "settings.KEY"),
        (("replicas.a=x",), "--json"),
        (("numbers[-1]=x",), "ingress.hosts[0].host"),
        (("numbers[a]=x",), "ingress.hosts[0].host"),
        (("numbers[0=x",), "ingress.hosts[0].host"),
        (("--unset", "numbers[3]"), "numbers[2]"),
        (("--unset", "nothing[0]"), "nothing"),
        (("--unset", "hosts[1].paths"), "hosts[1]"),
        (("--move", "hosts[0]", "--release"), "--move hosts"),
    ],
)
def test_an_index_that_cannot_be(listed: Path, gitops_gen: GitopsGen, words: tuple[str, ...], hint: str) -> None:
    result = gitops_gen(listed, "set", "dev", *words)
    assert result.code == 2
    assert hint in result.err
    assert is_clean(listed)


def test_an_item_is_removed_from_a_copy(listed: Path, change: Change) -> None:
    change(listed, "set", "dev", "--unset", "numbers[0]", "--unset", "hosts[0].paths")
    assert values(listed)["numbers"] == [2, 3]
    assert values(listed)["hosts"][0] == {"host": "a.example.com"}


def test_several_items_are_removed_by_the_indexes_that_they_had(listed: Path, change: Change) -> None:
    change(listed, "set", "--all", "--unset", "numbers[0]", "--unset", "numbers[2]")
    assert values(listed, "production")["numbers"] == [2]


def test_lists_that_differ_are_not_made_one(listed: Path, change: Change, gitops_gen: GitopsGen) -> None:
    text = (listed / "gitops.yaml").read_text()
    (listed / "gitops.yaml").write_text(text.replace("  us:\n", "  us:\n    defaults: {values: {numbers: [9]}}\n"))
    own = listed / "environments/production/environment.yaml"
    own.write_text(own.read_text() + "cluster: us\n")
    header = "apiVersion: gitops-gen/v1\nkind: Environment\nstage: production\n"
    (listed / "environments/other").mkdir()
    (listed / "environments/other/environment.yaml").write_text(header)
    assert gitops_gen(listed, "generate").code == 0
    result = gitops_gen(listed, "set", "--stage", "production", "numbers[0]=0")
    assert result.code == 2
    assert "other and production" in result.err
    change(listed, "set", "--stage", "production", "numbers[0]=0", "--environment")
    assert (values(listed, "other")["numbers"], values(listed, "production")["numbers"]) == ([0, 2, 3], [0])

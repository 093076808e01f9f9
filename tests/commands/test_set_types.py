"""`set`: what a value becomes where the chart says its type, where it says nothing, and where it is forced."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_gen.cli import run
from gitops_gen.yaml.reader import load, load_all
from tests.changes.conftest import is_clean
from tests.conftest import INPUTS, Change, GitopsGen, commit_all

pytestmark = pytest.mark.slow

CHART = """
image: {repository: nginx, tag: , pullPolicy: IfNotPresent}
replicaCount: 1
ratio: 0.5
enabled: false
port: "8080"
cpu: 500m
tag: 1.5
hosts: []
resources: {}
args: [run, "80"]
"""
TEMPLATE = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: shown
data:
  printed: {{ printf "%v" .Values.image.tag | toJson }}
  string: {{ printf "%s" .Values.image.tag | toJson }}
  concatenated: {{ print "x:" .Values.image.tag | toJson }}
"""

#: the chart's values.yaml has none of these keys
READ = "{{ $_ := toYaml (list .Values.unknown .Values.imageTag .Values.appVersion .Values.extra .Values.list) }}\n"
READ_AS_IT_IS = "{{ with .Values.nodePort }}{{ end }}{{ with .Values.controller }}{{ .replicas }}{{ end }}\n"


@pytest.fixture(scope="session")
def open_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project around a chart without a schema, whose default tag is null."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "chart/templates").mkdir(parents=True)
    (folder / "chart/Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 0.1.0\n")
    (folder / "chart/values.yaml").write_text(CHART)
    (folder / "chart/templates/shown.yaml").write_text(TEMPLATE)
    (folder / "chart/templates/read.yaml").write_text(READ + READ_AS_IT_IS)
    assert run(["--quiet", "init", str(folder / "project"), "--chart", str(folder / "chart")]) == 0
    commit_all(folder / "project")
    return folder / "project"


@pytest.fixture
def open_project(open_template: Path, tmp_path: Path) -> Path:
    """A copy of the project around a chart without a schema."""
    return shutil.copytree(open_template, tmp_path / "open", symlinks=True)


def written(folder: Path, key: str) -> Any:
    """The value that `explain` gives for dev."""
    values = load((folder / "environments/dev/values.yaml").read_text(), "values.yaml")
    for step in key.split("."):
        values = values[step]
    return values


UNLIKE_NUMBERS = ["1.10", "0812345", "7654321", "1_000", "1e3", "0x1F", "1.0", "2024-01-01", "12:30", "on", "yes", "y"]


@pytest.mark.parametrize("text", [*UNLIKE_NUMBERS, "~", "True", "+1", "'q'", "a: b", "# x", "*a", "!x"])
def test_what_does_not_survive_stays_text(open_project: Path, change: Change, text: str) -> None:
    change(open_project, "set", "dev", f"unknown={text}")
    assert written(open_project, "unknown") == text


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("1.5", 1.5), ("true", True), ("null", None), ("-3", -3), ("", "")]
)
def test_what_survives_has_its_own_type(open_project: Path, change: Change, text: str, value: object) -> None:
    change(open_project, "set", "dev", f"unknown={text}")
    found = written(open_project, "unknown")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", [*UNLIKE_NUMBERS, "15", "1.5", "true", "{a}", "[", "~"])
@pytest.mark.parametrize("key", ["image.tag", "imageTag", "appVersion"])
def test_a_version_stays_text(open_project: Path, change: Change, key: str, text: str) -> None:
    change(open_project, "set", "dev", f"{key}={text}")
    assert written(open_project, key) == text


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("replicaCount=3", 3), ("replicaCount=1_000", 1000), ("replicaCount=25%", "25%"), ("ratio=0.50", 0.5)),
        *(("enabled=on", True), ("enabled=no", False), ("port=9090", "9090"), ("cpu=1", "1"), ("tag=1.6", 1.6)),
        *(("tag=1.10", "1.10"), ("hosts=[a, 1.10]", ["a", "1.10"]), ("args[1]=90", None), ("image={tag: 1.10}", None)),
    ],
)
def test_the_type_of_the_default_wins(open_project: Path, change: Change, argument: str, value: object) -> None:
    change(open_project, "set", "dev", argument)
    if value is not None:
        found = written(open_project, argument.partition("=")[0])
        assert (found, type(found)) == (value, type(value))


def test_items_and_keys_within_have_their_types_too(open_project: Path, change: Change) -> None:
    change(open_project, "set", "dev", "args[1]=90", "image={repository: shop, tag: 1.10}")
    assert written(open_project, "args") == ["run", "90"]
    assert written(open_project, "image") == {"repository": "shop", "tag": "1.10"}


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("enabled=flase", 'is a string ("flase"), but the chart\'s default is a boolean (false)'),
        ("replicaCount=two", 'is a string ("two"), but the chart\'s default is a number (1)'),
        ("port={a: 1}", 'is a map, but the chart\'s default is a string ("8080")'),
    ],
)
def test_a_type_that_the_chart_cannot_use_is_refused(
    open_project: Path, gitops_gen: GitopsGen, argument: str, said: str
) -> None:
    form = ["--json", 'port={"a": 1}'] if argument.startswith("port") else [argument]
    result = gitops_gen(open_project, "set", "dev", *form)
    assert (result.code, is_clean(open_project)) == (1, True)
    assert f"values.{argument.partition('=')[0]}: {said}" in result.err


def test_text_for_a_number_is_pointed_out(open_project: Path, gitops_gen: GitopsGen) -> None:
    said = gitops_gen(open_project, "set", "dev", "replicaCount=25%", "--dry-run").err
    assert "warning: replicaCount: the chart's default is the integer 1, and this is a string" in said


@pytest.mark.parametrize("argument", ["hosts=a", "resources=1"])
def test_text_for_a_list_or_map_is_refused(open_project: Path, gitops_gen: GitopsGen, argument: str) -> None:
    result = gitops_gen(open_project, "set", "dev", argument)
    assert result.code == 2
    assert "--string" in result.err
    assert is_clean(open_project)


@pytest.mark.parametrize(
    ("options", "value"),
    [
        (("--string", "unknown=5"), "5"),
        (("--string", "unknown=null"), "null"),
        (("--string", "replicaCount=3"), "3"),
        (("--json", 'unknown={"a": [1, 1.0, 1.5, "1.10", true, null]}'), {"a": [1, 1, 1.5, "1.10", True, None]}),
        (("--json", "image.tag=1.10"), 1.1),
    ],
)
def test_a_forced_type(open_project: Path, gitops_gen: GitopsGen, options: tuple[str, str], value: object) -> None:
    result = gitops_gen(open_project, "set", "dev", *options)
    if options[1] == "image.tag=1.10":
        assert "quote it" in result.err
        return
    assert result.code == 0, result.err
    found = written(open_project, options[1].partition("=")[0])
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["nan", "{", "1.10.1", "'a'", '"\\ud800"', "[" * 5000, "1e999", ""])
def test_what_is_no_json_is_refused(open_project: Path, gitops_gen: GitopsGen, text: str) -> None:
    result = gitops_gen(open_project, "set", "dev", "--json", f"unknown={text}")
    assert result.code == 2
    assert "unknown" in result.err
    assert is_clean(open_project)


def test_the_text_of_a_file(open_project: Path, change: Change, tmp_path: Path) -> None:
    text = "[main]\nkey = 1.10\n\n# é\n"
    (tmp_path / "config.ini").write_text(text)
    change(open_project, "set", "dev", "--file", f"unknown={tmp_path / 'config.ini'}", "--commit")
    assert written(open_project, "unknown") == text


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_refused(
    open_project: Path, gitops_gen: GitopsGen, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "config.ini").write_bytes(content)
    result = gitops_gen(open_project, "set", "dev", "--file", f"unknown={tmp_path / 'config.ini'}")
    assert result.code == 2
    assert "config.ini" in result.err


def test_old_and_new_value_are_printed_with_their_types(
    open_project: Path, change: Change, gitops_gen: GitopsGen
) -> None:
    change(open_project, "set", "dev", "image.tag=1.0")
    result = gitops_gen(open_project, "set", "dev", "image.tag=1.10", "--output", "json")
    assert 'dev: image.tag "1.0" (string) → "1.10" (string)' in result.err
    assert json.loads(result.out)["values"] == [
        {
            "environment": "dev",
            "key": "image.tag",
            "old": "1.0",
            "new": "1.10",
            "file": "environments/dev/release.yaml",
            "movedFrom": None,
        }
    ]


def test_equal_changes_are_printed_once(open_project: Path, gitops_gen: GitopsGen) -> None:
    said = gitops_gen(open_project, "set", "--all", "replicaCount=2", "--dry-run").err
    assert "dev, production, staging: replicaCount 1 (integer) → 2 (integer)\n" in said


tags = st.one_of(
    st.sampled_from([*(INPUTS / "tricky-strings.txt").read_text().split(), *UNLIKE_NUMBERS]),
    st.text("0123456789+-_.eExXoObB:yYnN", min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
).filter(lambda text: text != "null")


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(tag=tags)
def test_any_tag_is_rendered_as_it_was_given(open_project: Path, gitops_gen: GitopsGen, tag: str) -> None:
    result = gitops_gen(open_project, "set", "dev", f"image.tag={tag}")
    assert result.code == 0, result.err
    shown = load_all(gitops_gen(open_project, "render", "dev").out, "render")[0]["data"]
    assert shown == {"printed": tag, "string": tag, "concatenated": f"x:{tag}"}


UNKNOWN = [
    ("imgae.tag=1", "imgae", "image"),
    ("image.tga=x", "image.tga", "image.tag"),
    ("replicas=1", "replicas", "replicaCount"),
    ("controler.replicaCount=1", "controler", "controller"),
]


@pytest.mark.parametrize(("argument", "key", "meant"), UNKNOWN)
def test_a_typo_is_refused(open_project: Path, gitops_gen: GitopsGen, argument: str, key: str, meant: str) -> None:
    result = gitops_gen(open_project, "set", "dev", argument)
    assert (result.code, is_clean(open_project)) == (1, True)
    assert (
        f"values.{key}: unknown value: the chart's values.yaml has no such key, and no template reads it" in result.err
    )
    assert f"did you mean `{meant}`?" in result.err


@pytest.mark.parametrize(
    "argument", ["resources.limits.cpu=1", "global.registry=x", "image.tag=1", "resources.anything=1"]
)
def test_no_typo(open_project: Path, gitops_gen: GitopsGen, argument: str) -> None:
    assert "warning" not in gitops_gen(open_project, "set", "dev", argument, "--dry-run").err


FINE = [
    *("replicaCount: 2", "ratio: 0.50", "enabled: on", "cpu: 1.0", "cpu: 2", "extra: {apiVersion: 1}", "extra: 0x1F"),
    *(
        "extra: {version: 3}",
        "image: {tag: '1.10'}",
        "image: {tag: ~}",
        "tag: 1.6",
        "image: {tag: v1}",
        "nodePort: 30080",
    ),
]
WRONG = [
    *("image: {tag: 1.10}", "image: {tag: 15}", "image: {tag: on}", "image: {tag: 0812345}", "tag: 1.10", "cpu: 1_0"),
    *("port: 9090", "extra: {appVersion: 1.0}", "list: [{image: {tag: 1e3}}]", "image: {pullPolicy: on, tag: v1}"),
]


@pytest.mark.parametrize("value", FINE)
def test_a_value_by_hand_that_is_right(open_project: Path, gitops_gen: GitopsGen, value: str) -> None:
    by_hand(open_project, value)
    result = gitops_gen(open_project, "generate", "dev")
    assert result.code == 0, result.err


@pytest.mark.parametrize("value", WRONG)
def test_a_value_by_hand_that_lacks_quotes(open_project: Path, gitops_gen: GitopsGen, value: str) -> None:
    by_hand(open_project, value)
    result = gitops_gen(open_project, "generate", "dev")
    assert result.code == 1
    assert "environments/dev/environment.yaml:5: " in result.err
    assert "quote it" in result.err


def by_hand(folder: Path, value: str) -> None:
    header = "apiVersion: gitops-gen/v1\nkind: Environment\nstage: dev\nvalues:\n"
    (folder / "environments/dev/environment.yaml").write_text(f"{header}  {value}\n")

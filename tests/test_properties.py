"""What must hold for any input: YAML that Helm reads back the same, merging as Helm merges, interpolation that loses
nothing.
"""

import json
import re
import string
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import helm_python
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_gen.errors import ProblemsError
from gitops_gen.generate.desired import values_text
from gitops_gen.helm import embedded
from gitops_gen.helm.embedded import EmbeddedEngine
from gitops_gen.project.interpolation import interpolate
from gitops_gen.project.layers import ValueLayer, merge, merge_layers, setter
from gitops_gen.yaml.key_paths import value_at
from gitops_gen.yaml.reader import load
from gitops_gen.yaml.scalars import TAGS, scalar
from gitops_gen.yaml.writer import _Dumper, dump, inline
from tests.conftest import INPUTS

quick = settings(max_examples=80)
slow = settings(max_examples=5, suppress_health_check=list(HealthCheck))

#: strings that some YAML reader takes for something else
TRICKY = (INPUTS / "tricky-strings.txt").read_text().split()
EDGES = [
    *("", " ", "  a", "a  ", "a: b", "a #b", "\ta", "a\n", "\na", "a\n\n", " a\nb", "a\r\nb", "a\rb", "\x85", "\u2028"),
    *(
        "\ufeff",
        "\x7f",
        "\x00",
        "\x1b[0m",
        "é",
        "日本",
        "🚀",
        "- a",
        "? a",
        "| a",
        "> a",
        "a\n b\n",
        "a\tb",
        "k" * 1100,
    ),
]
texts = st.one_of(
    st.sampled_from([*TRICKY, *EDGES]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("0123456789+-_.eExXoObB:yYnN", max_size=8),
)
#: what JSON can carry through Go's float64 unharmed
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
data = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def typed(value: Any) -> Any:
    """The value with its types spelt out, as JSON knows them: a whole number is one, however it is written."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return ("number", float(value)) if isinstance(value, float | int) and not isinstance(value, bool) else value


@quick
@given(st.dictionaries(texts, data, max_size=5))
def test_helm_reads_back_what_is_dumped(values: dict[str, Any]) -> None:
    text = dump(values)
    assert typed(helm_python.values_from_yaml(text)) == typed(values)
    assert typed(load(text, "values.yaml")) == typed(values)


@quick
@given(st.dictionaries(texts, data, max_size=5))
def test_helm_reads_back_the_generated_values(values: dict[str, Any]) -> None:
    """The empty lines that keep branches apart are no part of a text of several lines."""
    text = values_text(values)
    assert typed(helm_python.values_from_yaml(text)) == typed(values)
    assert typed(load(text, "values.yaml")) == typed(values)


@pytest.mark.parametrize("text", ["a\n\n", "a\n\n\n", " a\n\n", "a\n", "a\nb"])
def test_a_text_keeps_its_lines_wherever_it_is(text: str) -> None:
    for values in (
        {"k": text},
        {"k": text, "l": 1},
        {"k": {"a": text}, "l": 1},
        {"k": [text, {"a": text, "b": text}], "l": 1},
    ):
        assert helm_python.values_from_yaml(values_text(values)) == values


def is_usual_key(text: str) -> bool:
    """PyYAML writes keys of several lines or of more than 128 letters behind a `?`."""
    return "\n" not in text and len(text) < 100


@quick
@given(st.dictionaries(texts, data, max_size=5))
def test_other_readers_see_the_same_strings(values: dict[str, Any]) -> None:
    """An editor or a linter that follows YAML 1.1 to the letter must not take a string for anything else."""
    assert strings(yaml.safe_load(dump(values))) == strings(values)


class PyYaml(_Dumper):
    """PyYAML's own way to the text, with the same idea of what needs quotes."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


PyYaml.add_representer(
    str, lambda dumper, text: dumper.represent_scalar(TAGS[str], text, "|" if "\n" in text else None)
)
usual = texts.filter(lambda text: not re.search("[\r\x85\u2028\u2029]", text))
layouts = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | usual,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(usual.filter(is_usual_key), inner, max_size=4),
    max_leaves=12,
)


@quick
@given(st.dictionaries(usual.filter(is_usual_key), layouts, max_size=5))
def test_the_layout_is_that_of_pyyaml(values: dict[str, Any]) -> None:
    expected: str = yaml.dump(
        values, Dumper=PyYaml, sort_keys=True, allow_unicode=True, width=2**31 - 1, default_flow_style=False
    )
    assert dump(values, sort_keys=True) == expected.removesuffix("...\n")


def strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [strings(item) for item in value]
    return value if isinstance(value, str) else None


@quick
@given(
    st.lists(st.text(string.digits + "+-_.:eExXoObBaAfFnNyYtrusl~", min_size=1, max_size=9), min_size=1, max_size=40)
)
def test_plain_scalars_are_what_helm_takes_them_for(words: list[str]) -> None:
    for word in {*words} - {"-"}:
        text = f"k: {word}"
        try:
            wanted = helm_python.values_from_yaml(text)
        except helm_python.HelmError:
            with pytest.raises(ProblemsError):
                load(text, "values.yaml")
            continue
        assert typed(load(text, "values.yaml")) == typed(wanted), word


@pytest.mark.parametrize("word", [word for word in TRICKY if word != "!"])  # PyYAML cannot tell that tag from none
def test_tricky_scalars_are_what_helm_takes_them_for(word: str) -> None:
    try:
        wanted = helm_python.values_from_yaml(f"k: {word}")
    except helm_python.HelmError:
        with pytest.raises(ProblemsError):
            load(f"k: {word}", "values.yaml")
        return
    assert typed(load(f"k: {word}", "values.yaml")) == typed(wanted)


@quick
@given(texts)
def test_a_string_in_a_template_is_that_string(text: str) -> None:
    assert load(f"k: {inline(text)}\n", "manifest") == {"k": text}


@quick
@given(st.dictionaries(texts, data, max_size=4), st.dictionaries(texts, data, max_size=4))
def test_bytes_follow_from_the_data_alone(left: dict[str, Any], right: dict[str, Any]) -> None:
    one, other = {**left, **right}, {**right, **left, **right}
    assert dump(one, sort_keys=True) == dump(other, sort_keys=True)
    assert dump(load(dump(one), "values.yaml")) == dump(one)


def test_scalars_that_no_json_can_hold_are_refused() -> None:
    for word in (".nan", ".inf", "-.INF", "+.inf"):
        assert str(scalar(word)) in ("nan", "inf", "-inf")
        with pytest.raises(ProblemsError, match="1 problem"):
            load(f"k: {word}", "values.yaml")


# Merging

keys = st.sampled_from(["a", "b", "c"])
leaves: st.SearchStrategy[Any] = (
    st.none() | st.integers(0, 3) | st.just("x") | st.just(()).map(list) | st.lists(st.integers(0, 2), max_size=2)
)
layer = st.recursive(
    st.dictionaries(keys, leaves, max_size=3), lambda inner: st.dictionaries(keys, inner | leaves, max_size=3)
)
cases = st.lists(st.tuples(layer, layer, layer, layer), min_size=30, max_size=40)


@pytest.fixture(scope="module")
def printing_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart that prints its values; what they are by default is written again for each example."""
    chart = tmp_path_factory.mktemp("merge") / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    (chart / "templates/values.yaml").write_text("{{ .Values | toJson }}\n")
    return chart


def final_values(helm: str, chart: Path, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The chart's final values with each layer as a `-f` file, by a real helm."""
    files = [chart.with_name(f"layer{index}.yaml") for index in range(len(layers))]
    for file, values in zip(files, layers, strict=True):
        file.write_text(dump(values))
    options = [option for file in files for option in ("-f", str(file))]
    done = subprocess.run([helm, "template", "x", str(chart), *options], capture_output=True, text=True, check=True)
    final: dict[str, Any] = json.loads(done.stdout.split("\n", 2)[2])
    return final


@slow
@given(cases)
def test_one_merged_file_is_the_layers_as_several_files(
    helm: str, printing_chart: Path, cases: list[tuple[dict[str, Any], ...]]
) -> None:
    """Every case under its own key, so that one process of helm tells about all of them."""
    chart_values, *layers = ({f"case{index}": case[place] for index, case in enumerate(cases)} for place in range(4))
    (printing_chart / "values.yaml").write_text(dump(chart_values))
    merged = merge_layers([ValueLayer(name="", file="", prefix=(), values=values) for values in layers])

    wanted = final_values(helm, printing_chart, layers)

    assert final_values(helm, printing_chart, [merged]) == wanted
    assert EmbeddedEngine().load(printing_chart).final_values(merged) == wanted


@quick
@given(layer, st.lists(layer, min_size=1, max_size=4), st.sampled_from([0, 2, 512]))
def test_values_merged_in_parts_are_those_merged_whole(
    printing_chart: Path, chart_values: dict[str, Any], environments: list[dict[str, Any]], kept: int
) -> None:
    """However many merged parts are kept, for one environment after the other, and again."""
    (printing_chart / "values.yaml").write_text(dump(chart_values))
    chart = EmbeddedEngine().load(printing_chart)
    with helm_python.Chart.load(printing_chart) as whole, patch.object(embedded, "KEPT_MERGES", kept):
        for values in (*environments, *environments):
            assert chart.final_values(values) == whole.merge_values(values)


@quick
@given(layer, layer)
def test_merging_changes_neither_layer(one: dict[str, Any], two: dict[str, Any]) -> None:
    before = json.dumps([one, two])
    merged = merge(one, two)
    assert json.dumps([one, two]) == before
    assert merge(merged, two) == merged
    assert merge({}, one) == merge(one, {}) == one


@quick
@given(st.lists(layer, min_size=1, max_size=4))
def test_the_named_layer_holds_the_merged_value(values: list[dict[str, Any]]) -> None:
    layers = [ValueLayer(name=str(index), file="", prefix=(), values=one) for index, one in enumerate(values)]
    merged = merge_layers(layers)
    for path in leaf_paths(merged):
        found = setter(layers, path)
        assert found is not None
        assert value_at(found[0].values, path) == value_at(merged, path)


def leaf_paths(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    return [
        found
        for key, value in values.items()
        for found in (leaf_paths(value, (*path, key)) if isinstance(value, dict) and value else [(*path, key)])
    ]


# Interpolation

facts = st.fixed_dictionaries({"environment": texts, "project": texts})


@quick
@given(data, facts)
def test_escaped_text_is_left_as_it_was(value: Any, given_facts: dict[str, str]) -> None:
    assert interpolate(escaped(value), given_facts) == value


def escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [escaped(item) for item in value]
    return value.replace("{", "{{").replace("}", "}}") if isinstance(value, str) else value


@quick
@given(texts, texts, facts)
def test_a_placeholder_is_its_fact_wherever_it_is(before: str, after: str, given_facts: dict[str, str]) -> None:
    text = f"{escaped(before)}{{environment}}{escaped(after)}"
    assert interpolate(text, given_facts) == f"{before}{given_facts['environment']}{after}"

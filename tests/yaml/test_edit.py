"""Edits of hand-written YAML keep every byte that they need not change."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_gen.errors import ProblemsError
from gitops_gen.yaml.editing.data import assigned, same
from gitops_gen.yaml.editing.difference import rewritten
from gitops_gen.yaml.editing.document import delete, set_value
from gitops_gen.yaml.editing.nodes import EditError, Kind, Node, parse
from gitops_gen.yaml.reader import load
from gitops_gen.yaml.writer import dump

STYLES = Path(__file__).parent / "styles"
#: style → how many of its scalars cannot be replaced without changing another place
BEHIND_ALIASES = {"alias_replaced": 1, "anchor_elsewhere": 1, "merge_key": 2}
NAMES = sorted(folder.name for folder in STYLES.iterdir() if folder.is_dir())


def before(style: str) -> str:
    return (STYLES / style / "before.yaml").read_bytes().decode()


@pytest.mark.parametrize("style", NAMES)
def test_style_survives_its_edits(style: str) -> None:
    text = before(style)
    for verb, path, *value in json.loads((STYLES / style / "edits.json").read_text()):
        text = set_value(text, tuple(path), value[0], style) if verb == "set" else delete(text, tuple(path), style)
    assert text == (STYLES / style / "after.yaml").read_bytes().decode()


def test_corpus_is_large_enough() -> None:
    assert len(NAMES) >= 30


def scalars(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    if node.kind is Kind.SCALAR:
        yield path, node
    for index, entry in enumerate(node.entries):
        yield from scalars(entry.value, (*path, entry.key if node.kind is Kind.MAP else index))


@pytest.mark.parametrize("style", NAMES)
@pytest.mark.parametrize("value", ["changed", "1e3", 7, True, None, "two\nlines\n", {"a": {"b": "c"}}, [1, {"d": "e"}]])
def test_every_scalar_can_be_replaced_and_the_rest_stays(style: str, value: object) -> None:
    text = before(style)
    root = parse(text.removeprefix("\ufeff"))
    places = list(scalars(root)) if root else []
    refused = 0
    for path, node in places:
        try:
            edited = set_value(text, path, value, style)
        except EditError:
            refused += 1
            continue
        assert same(load(edited, style), assigned(load(text, style), path, value))
        assert lines_outside(text, node) <= set(edited.splitlines(keepends=True)) or not text.endswith("\n")
    assert refused == BEHIND_ALIASES.get(style, 0)
    assert places or style == "empty_document_with_comment"


def lines_outside(text: str, node: Node) -> set[str]:
    text = text.removeprefix("\ufeff")
    start = text.rfind("\n", 0, node.properties) + 1
    start = text.rfind("\n", 0, max(start - 1, 0)) + 1  # the key may be on the line before its value
    end = text.find("\n", node.end)
    return (
        set((text[:start] + (text[end + 1 :] if end >= 0 else "")).splitlines(keepends=True))
        - {"%YAML 1.1\n"}
        - marked(text)
    )


def marked(text: str) -> set[str]:
    first = text.splitlines(keepends=True)[:1]
    return set(first)


@pytest.mark.parametrize("style", NAMES)
def test_setting_what_is_set_changes_nothing(style: str) -> None:
    text = before(style)
    assert rewritten(text, load(text, style), style) == text


def test_an_anchored_value_is_not_changed_behind_its_aliases() -> None:
    with pytest.raises(EditError, match="without changing something else"):
        set_value("a: &x 1\nb: *x\n", ("a",), 2, "f.yaml")


def test_a_value_behind_an_alias_is_refused() -> None:
    with pytest.raises(EditError, match="alias"):
        set_value("a: &x {b: 1}\nc: *x\n", ("c", "b"), 2, "f.yaml")


def test_a_path_through_a_value_is_refused() -> None:
    with pytest.raises(EditError, match="not a map"):
        set_value("a: text\n", ("a", "b"), 2, "f.yaml")


def test_deleting_what_does_not_exist_is_refused() -> None:
    with pytest.raises(EditError, match="nothing is set"):
        delete("a: 1\n", ("b",), "f.yaml")


def test_broken_yaml_is_reported_with_its_line() -> None:
    with pytest.raises(ProblemsError) as error:
        set_value("a: 1\nb: [\n", ("a",), 2, "f.yaml")
    assert error.value.problems[0].file == "f.yaml"


WORDS = st.text(alphabet="ab1-:#{}[]'\" \n,é&*!|>%@`?.", min_size=1, max_size=8)
KEYS = WORDS.map(lambda word: word.replace("\n", ""))
SCALARS = st.one_of(
    WORDS, st.integers(-5, 2000), st.booleans(), st.none(), st.sampled_from(["1e3", "0400", "on", "", "~"])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), TREES, max_size=4)


@settings(max_examples=300)
@given(MAPS, MAPS)
def test_any_value_can_be_rewritten_into_any_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    text = "# head\n" + dump(old)
    edited = rewritten(text, new, "f.yaml")
    assert same(load(edited, "f.yaml"), new)
    assert edited.startswith("# head\n")


@settings(max_examples=200)
@given(MAPS, MAPS)
def test_flow_text_can_be_rewritten_too(old: dict[str, Any], new: dict[str, Any]) -> None:
    text = f"values: {json.dumps(old)} # tail\n"
    edited = rewritten(text, {"values": new}, "f.yaml")
    assert same(load(edited, "f.yaml"), {"values": new})
    assert "# tail" in edited


@settings(max_examples=200)
@given(MAPS, st.sampled_from(["a", "b", "c", "d"]), SCALARS)
def test_one_edit_is_one_place(old: dict[str, Any], key: str, value: object) -> None:
    text = dump(old) if old else ""
    edited = set_value(text, (key,), value, "f.yaml")
    assert same(load(edited, "f.yaml"), {**old, key: value})
    names = list(old)
    place = names.index(key) if key in old else len(names)
    above = "".join(dump({name: old[name]}) for name in names[:place])
    below = "".join(dump({name: old[name]}) for name in names[place + 1 :])
    assert edited.startswith(above)
    assert edited.endswith(below)
    written = edited[len(above) : len(edited) - len(below)]
    assert same(load(written, "f.yaml"), {key: value})


@pytest.mark.parametrize("text", ["\U00018cd6", "\x7f", "\x85", "\u2028", "\ufeff", "\x00\n", "🚀\x1b", "\ue000"])
@pytest.mark.parametrize("before", ["a: 1\n", 'a: "1"\n', "a: {b: 1}\n"])
def test_text_that_does_not_print_can_be_written(text: str, before: str) -> None:
    path = ("a", "b") if "{" in before else ("a",)
    assert same(load(set_value(before, path, text, "f"), "f"), assigned(load(before, "f"), path, text))

"""Documents of rendered streams: split and read as Helm and Argo CD do, which was tried with Helm 3.19.5 and 4.2.4."""

from typing import Any

import pytest

from gitops_gen.errors import ProblemsError
from gitops_gen.yaml.documents import documents, split_template
from gitops_gen.yaml.reader import load_rendered


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\n---# comment\nb: 2\n", ["a: 1\n", "# comment\nb: 2\n"]),
        ("---a: 1\n---\n\n---   \nb: 2\n", ["a: 1\n", "b: 2\n"]),
        ("\n\n--- \n# only\n---\tb: 2", ["# only\n", "b: 2"]),
        ("a: |+\n  x\n\n\n---\nb: 2\n", ["a: |+\n  x\n\n\n", "b: 2\n"]),
        ("a: |\n  --- x\n", ["a: |\n  --- x\n"]),
        (" \n", []),
    ],
)
def test_a_template_is_split_as_helm_splits_it(text: str, found: list[str]) -> None:
    assert split_template(text) == found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("b: &x {a: 2}\na: 1\n<<: *x", {"b": {"a": 2}, "a": 2}),
        ("b: &x {a: 2}\n<<: *x\na: 1", {"b": {"a": 2}, "a": 1}),
        ("b: &x {a: 2}\n!!merge <<: *x", {"b": {"a": 2}, "a": 2}),
        ('b: &x {a: 2}\n"<<": *x', {"b": {"a": 2}, "<<": {"a": 2}}),
        (
            "a: &x {k: 1, l: 1}\nb: &y {k: 2}\nc: {<<: [*x, *y]}",
            {"a": {"k": 1, "l": 1}, "b": {"k": 2}, "c": {"k": 1, "l": 1}},
        ),
        ("a: !foo bar", {"a": "bar"}),
        ("a: !foo {b: 1}", {"a": {"b": 1}}),
        ("a: !!binary aGVsbG8=", {"a": "hello"}),
        ("a: !!float 3", {"a": 3}),
        ('a: !!int "3"', {"a": 3}),
        ('a: !!bool "yes"', {"a": True}),
        ("a: !!timestamp 2001-01-01", {"a": "2001-01-01"}),
        ("1: a\ntrue: b", {"1": "a", "true": "b"}),
        ("a: 1\n...\n---\nb: 2", {"a": 1}),
        ("", None),
    ],
)
def test_a_document_is_read_as_go_reads_it(text: str, value: Any) -> None:
    assert load_rendered(text, "out.yaml") == (value, ())


def test_of_two_equal_keys_the_last_one_counts() -> None:
    stream = "---\n# Source: a\na:\n  b: 1\n  b: {c: 1, c: 2}\n---\nx: &x {k: 1}\nz: {<<: *x, k: 2}\n"
    found = documents(stream, "out.yaml")
    assert [item.value for item in found] == [None, {"a": {"b": {"c": 2}}}, {"x": {"k": 1}, "z": {"k": 2}}]
    assert [(item.key, item.line) for item in found[1].repeated] == [("a.b", 5), ("a.b.c", 5)]
    assert found[2].repeated == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\n---b: 2\n", 2, "`b: 2` is behind the separator"),
        ("a: 1\n---\nb: [\n", 4, "is not YAML"),
        ("a: !!int x\n", 1, "the tag `!!int` is not supported"),
        ("a: !!binary '*'\n", 1, "needs text in base64"),
        ("<<: 5\n", 1, "`<<` merges maps only"),
    ],
)
def test_what_argo_cd_cannot_read_is_named(text: str, line: int, message: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        documents(text, "out.yaml")
    assert [(item.file, item.line) for item in caught.value.problems] == [("out.yaml", line)]
    assert message in caught.value.problems[0].message

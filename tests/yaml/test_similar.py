"""Documents that are read by their difference from an earlier one are what the reader makes of them alone."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_gen.errors import ProblemsError
from gitops_gen.yaml.reader import load_rendered
from gitops_gen.yaml.similar import SimilarReader

VALUES = st.sampled_from(
    ["a", "b-c", "12", "1e3", "08", "yes", "null", '"q"', '"a: b"', "'s'", "a:b", "0x1f", "*x", "|", ""]
)
LINES = st.sampled_from(
    [
        "name: {}",
        "labels:\n  app: {}\n  tier: {}",
        "list:\n  - {}\n  - name: {}\n    value: {}",
        "text: |\n  inner: {}\n  more: x",
        "folded: {}\n  and: more",
        "anchored: &x\n  key: {}\nagain: *x",
        "on: {}",
        "? {}\n: {}",
        "flow: {{a: {}}}",
        "flow: {{a: b, c: {}\n  }}",
        "merged:\n  <<: {{a: {}}}\n  b: {}",
        "# Source: {}",
        "name: !tag {}",
        "---\nother: {}",
    ]
)


def _read(text: str) -> Any:
    try:
        return load_rendered(text, "")
    except ProblemsError as error:
        return [problem.message for problem in error.problems]


@given(st.lists(LINES, min_size=1, max_size=4), st.data())
def test_a_document_is_read_as_it_is_alone(lines: list[str], data: st.DataObject) -> None:
    template = "\n".join(lines)
    count = template.replace("{{", "").count("{}")
    similar = SimilarReader(lambda text: load_rendered(text, ""))
    for _ in range(3):
        text = template.format(*data.draw(st.lists(VALUES, min_size=count, max_size=count))) + "\n"
        try:
            found: Any = similar.read(text)
        except ProblemsError as error:
            found = [problem.message for problem in error.problems]
        assert repr(found) == repr(_read(text)), text


def test_what_is_equal_is_shared_and_read_once() -> None:
    texts: list[str] = []

    def read(text: str) -> tuple[Any, tuple[Any, ...]]:
        texts.append(text)
        return load_rendered(text, "")

    similar = SimilarReader(read)
    template = "metadata: {{name: x}}\nspec:\n  replicas: {}\n  template:\n    image: app:1\n"
    found = [similar.read(template.format(number))[0] for number in (1, 2, 3)]
    assert [value["spec"]["replicas"] for value in found] == [1, 2, 3]
    assert len(texts) == 1
    for before, after in pairwise(found):
        assert before["spec"]["template"] is after["spec"]["template"]


@pytest.mark.parametrize("other", ["a: 1\nb: 2 # x\n", "a: |\n  b: 2\n", "a: 1\na: 2\n"])
def test_what_is_not_similar_is_read(other: str) -> None:
    similar = SimilarReader(lambda text: load_rendered(text, ""))
    similar.read("a: 1\nb: 2\n")
    assert similar.read(other) == load_rendered(other, "")

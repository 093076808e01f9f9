"""SECURITY.md names for each promise the tests that check it: they exist, and each promise has some."""

import ast
import re

import pytest

from tests.conftest import REPOSITORY

PROMISES = (REPOSITORY / "SECURITY.md").read_text().partition("\n## Promises\n")[2].split("\n\n**")[1:]
TESTS = re.compile(r"^- `(tests/[\w/]+\.py)::(test_\w+)`$", re.MULTILINE)


def test_there_are_promises() -> None:
    assert len(PROMISES) >= 6
    assert (REPOSITORY / "SECURITY.md").read_text().count("`tests/") == len(TESTS.findall("\n".join(PROMISES))) + 1


@pytest.mark.parametrize("promise", PROMISES, ids=lambda text: text.partition("**")[0])
def test_a_promise_names_tests_that_exist(promise: str) -> None:
    named = TESTS.findall(promise)
    assert named
    for file, name in named:
        tree = ast.parse((REPOSITORY / file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"

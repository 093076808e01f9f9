"""Documentation, chart, messages, docstrings and comments use no word of the list in tests/prose.yaml.

`python -m tests.test_prose` prints every finding.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY

LIST = yaml.safe_load((REPOSITORY / "tests/prose.yaml").read_text())
WORDS = {re.compile(word.replace(" ", r"\s+"), re.IGNORECASE): instead for word, instead in LIST["words"].items()}
#: what is read as a whole
PROSE = {".md", ".j2", ".tpl", ".sh", ".txt", ".conf", ".yaml", ".json"}
#: where
WHERE = ("*.md", "gitops_gen", "helm", "Makefile", ".github", ".ci")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", *WHERE], cwd=REPOSITORY, capture_output=True, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [name for name in names if Path(name).suffix in PROSE | {".py"} or name in ("Makefile", ".ci/run")]


def texts(name: str) -> Iterator[tuple[int, str]]:
    """The parts of a file that people read, each with its first line."""
    source = (REPOSITORY / name).read_text()
    return texts_of_module(source) if name.endswith(".py") else iter([(1, source)])


def texts_of_module(source: str) -> Iterator[tuple[int, str]]:
    """Comments and strings; of an f-string the text without the expressions."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def findings(parts: Iterator[tuple[int, str]]) -> list[str]:
    """Every word of the list, with its line and what to write instead."""
    return [
        f"{first + text.count(chr(10), 0, found.start())}: {found[0]!r}: {instead}"
        for first, text in parts
        for word, instead in WORDS.items()
        for found in word.finditer(text)
    ]


def test_a_word_of_the_list_is_found() -> None:
    assert findings(iter([(3, "One.\nIt is made anew,\nand renewed.")])) == ["4: 'anew': again, new, from scratch"]
    assert findings(iter([(1, "what runs for\never in a neighbour's folder")])) == [
        "1: 'for\\never': without end, until somebody stops it",
        "2: 'neighbour': other, the next",
    ]


def test_comments_and_strings_of_a_module_are_read() -> None:
    module = 'anew = told(f"made {anew} again")  # beside it\n"""Worked\nout."""\n'
    assert [line for line, _ in texts_of_module(module)] == [1, 2, 1, 1]
    assert findings(texts_of_module(module)) == [
        "1: 'beside': next to, in addition to, separate",
        "2: 'Worked\\nout': computed, determined",
    ]


@pytest.mark.parametrize("name", tracked())
def test_the_english_is_plain(name: str) -> None:
    assert findings(texts(name)) == []


def main() -> None:
    """Print the findings."""
    for name in tracked():
        for finding in findings(texts(name)):
            sys.stdout.write(f"{name}:{finding}\n")


if __name__ == "__main__":
    main()

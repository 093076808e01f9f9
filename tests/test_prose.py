"""Documentation, chart, messages, docstrings, comments and names use no word of the list in tests/prose.yaml.

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
WHERE = ("*.md", "gitops_gen", "helm", "Makefile", ".github", ".ci", "tests", "bench")
#: what is read of the tests; the rest of their folders is input, and what commands print
OF_TESTS = {".md", ".sh", ".py"}
#: terms with a word of the list in them
TERMS = re.compile(r"\b(self|stand) (?=heal|ins?\b)", re.IGNORECASE)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", *WHERE], cwd=REPOSITORY, capture_output=True, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [name for name in names if is_read(Path(name))]


def is_read(path: Path) -> bool:
    if path.parts[0] == "tests":
        return path.suffix in OF_TESTS and "golden" not in path.parts and path.name != Path(__file__).name
    return path.suffix in PROSE | {".py"} or str(path) in ("Makefile", ".ci/run")


def texts(name: str) -> Iterator[tuple[int, str]]:
    """The parts of a file that people read, each with its first line."""
    source = (REPOSITORY / name).read_text()
    return texts_of_module(source) if name.endswith(".py") else iter([(1, source)])


def texts_of_module(source: str) -> Iterator[tuple[int, str]]:
    """Comments and strings; of an f-string the text without the expressions. Names where they occur first, as words."""
    names: dict[str, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.NAME:
            names.setdefault(token.string, token.start[0])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    for name, line in names.items():
        yield line, in_words(name)


def in_words(name: str) -> str:
    """`TheNextOne` or `the_next_one` as the words that it is made of."""
    return TERMS.sub(r"\1-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name))


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
    module = 'new = get(f"made {new} again")  # beside it\n"""Worked\nout."""\n'
    assert [line for line, _ in texts_of_module(module)] == [1, 2, 1, 1, 1, 1]
    assert findings(texts_of_module(module)) == [
        "1: 'beside': next to, in addition to, separate",
        "2: 'Worked\\nout': computed, determined",
    ]


def test_names_of_a_module_are_read_as_words() -> None:
    module = "def made_anew(self_heal: StandIn) -> NextNeighbour:\n    return made_anew(at_hand)\n"
    assert findings(texts_of_module(module)) == [
        "1: 'anew': again, new, from scratch",
        "1: 'Neighbour': other, the next",
        "2: 'at hand': available",
    ]


def test_the_tests_are_read_without_their_input_and_output() -> None:
    read = [name for name in tracked() if name.startswith("tests/")]
    assert {"tests/conftest.py", "tests/e2e/README.md", "tests/go_programs.sh"} < set(read)
    written = [name for name in read if name.startswith(("tests/inputs/", "tests/plan/"))]
    assert not [name for name in written if not name.endswith((".py", ".sh"))]
    assert not [name for name in read if "/golden/" in name]


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

"""Text is read and written as UTF-8 on every system: each call says so (https://peps.python.org/pep-0597/)."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

CHILDREN = {"run", "Popen", "check_output"}
#: each of these makes a child's output text (https://docs.python.org/3/library/subprocess.html#frequently-used-arguments)
TEXT = {"text", "universal_newlines", "errors"}
MODULES = sorted((REPOSITORY / "gitops_gen").rglob("*.py"))


def unsaid(source: str) -> Iterator[int]:
    """The lines of calls that take text in the encoding of the system."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and _takes_text(node)
            and not any(word.arg == "encoding" for word in node.keywords)
        ):
            yield node.lineno


def _takes_text(call: ast.Call) -> bool:
    words = {word.arg: ast.unparse(word.value) for word in call.keywords}
    match call.func:
        case ast.Name(id="open"):
            return "b" not in _mode(call, 1, words)
        case ast.Attribute(value=ast.Name(id="os" | "tarfile" | "formatter")):  # `formatter` is click's
            return False
        case ast.Attribute(attr="open"):
            return bool(call.args) and "b" not in _mode(call, 0, words)
        case ast.Attribute(attr="read_text"):
            return not call.args
        case ast.Attribute(attr=name):
            return name == "write_text" or (name in CHILDREN and not TEXT.isdisjoint(words))
    return False


def _mode(call: ast.Call, place: int, words: dict[str | None, str]) -> str:
    return ast.unparse(call.args[place]) if len(call.args) > place else words.get("mode", "'r'")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_text_has_an_encoding(module: Path) -> None:
    assert list(unsaid(module.read_text(encoding="utf-8"))) == []


def test_a_call_without_encoding_is_found() -> None:
    found = unsaid(
        "a.read_text()\nopen(b, 'w')\nopen(b, 'rb')\nsubprocess.run(c, text=True)\nsubprocess.run(c, errors=d)\n"
        "a.read_text(encoding=d)\nsubprocess.run(c)\n"
    )
    assert sorted(found) == [1, 2, 4, 5]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", ["generate --check", "validate", "plan", "status", "history dev", "secrets dev", "diff"]
)
def test_python_finds_no_text_without_an_encoding(words: str, good: Path) -> None:
    """What other modules open for the tool is seen too: Python itself reports each (PEP 597)."""
    env = os.environ | {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error::EncodingWarning"}
    argv = [sys.executable, "-m", "gitops_gen", "-C", str(good), *words.split()]
    done = subprocess.run(argv, env=env, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode in {0, 1}, done.stderr
    assert "EncodingWarning" not in done.stderr

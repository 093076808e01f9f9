"""Text from outside in a terminal and in the log of a CI service: no part of it acts on either."""

import json
import logging
import re
import subprocess
import unicodedata

import pytest
from hypothesis import given, settings

from gitops_gen.compare.model import Difference
from gitops_gen.names import printable
from gitops_gen.output.diff_summary import summary_lines
from gitops_gen.output.diff_text import difference_lines
from gitops_gen.output.json.document import formatted
from gitops_gen.output.terminal import LogFormatter, message_lines, painted, shown
from tests.conftest import REPOSITORY
from tests.output import hostile
from tests.output.differences import hostile_differences

OWN_COLOURS = re.compile(r"\x1b\[(?:0|1|2|31|32|33|36)m")
#: what a runner of GitHub Actions, Azure Pipelines or TeamCity takes for a command
COMMAND = re.compile(r"^\s*::|##\w*\[")


def acting(line: str) -> list[str]:
    """The characters of a line that a terminal acts on, or that a person cannot see."""
    return [letter for letter in line if not letter.isprintable() and unicodedata.category(letter) not in ("Zs", "Co")]


def assert_quiet(lines: list[str]) -> None:
    for line in lines:
        line.encode()
        assert acting(line) == []
        assert not COMMAND.search(line)


@given(hostile.text)
@settings(max_examples=500, deadline=None)
def test_a_line_does_not_act(text: str) -> None:
    assert_quiet([printable(text).replace("::", "").replace("##", ""), shown(text), *message_lines(text)])
    assert_quiet([OWN_COLOURS.sub("", shown(painted(text, "31")), count=1).removesuffix("\x1b[0m")])
    assert shown(shown(text)) == shown(text)


@given(hostile_differences)
@settings(max_examples=200, deadline=None)
def test_a_difference_does_not_act(difference: Difference) -> None:
    plain = [shown(line) for line in difference_lines(difference)]
    assert_quiet([*plain, *map(shown, summary_lines(difference))])
    coloured = [shown(line) for line in difference_lines(difference, colour=True)]
    assert len(coloured) == len(plain)
    assert_quiet([OWN_COLOURS.sub("", line) for line in coloured])


@given(hostile.text)
@settings(max_examples=300, deadline=None)
def test_json_says_the_same_and_does_not_act(text: str) -> None:
    written = formatted({text: [text]}, "json")
    assert_quiet(written.splitlines())
    assert json.loads(written) == {text: [text]}


@given(hostile.text)
@settings(max_examples=100, deadline=None)
def test_yaml_can_always_be_written(text: str) -> None:
    formatted({text: [text]}, "yaml").encode()


def test_further_lines_of_a_message_are_marked() -> None:
    assert list(message_lines("failed:\nerror: 0 problems\n\tx")) == ["failed:", "  | error: 0 problems", "  |     x"]


def test_what_people_write_stays_as_it_is() -> None:
    text = "Füge „größere“ Volumes hinzu → 5 Gi, 増やす　🚀 a\xa0b"
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb", r"a\nb"),
        ("safe\u202egnp.exe", r"safe\u202egnp.exe"),
        ("a\u200bb", r"a\u200bb"),
        ("\udcff", r"\udcff"),
        ("  ::add-mask::a", r"  \x3a:add-mask::a"),
        ("a ##[error]b", r"a \x23#[error]b"),
        ("a::b ## c", "a::b ## c"),
    ],
)
def test_what_acts_is_shown_as_an_escape(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_notes_of_the_log_do_not_act() -> None:
    record = logging.LogRecord("a", logging.WARNING, "", 0, "the chart %s", ("a\x1b[2J\n::error::x",), None)
    assert LogFormatter("note: %(message)s").format(record) == "note: the chart a\\x1b[2J\n  | \\x3a:error::x"


def test_one_module_prints() -> None:
    found = subprocess.run(
        ["git", "grep", "--untracked", "-lE", r"click\.s?echo|\bprint\(|sys\.std(out|err)\.write", "--", "gitops_gen"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    # `__main__` prints one word itself, before the others can be imported.
    assert found.stdout.split() == ["gitops_gen/__main__.py", "gitops_gen/cli/printing.py"]

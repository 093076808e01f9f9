"""A rendered stream without what differs from render to render, so that it is no difference between two commits."""

import re
from difflib import SequenceMatcher

VARYING = "differs-in-each-render"
"""What is written in place of a word that differs."""

REASON = "values that differ in each render"

# With escapes, such as the line breaks of a certificate in double quotes, which are never left in halves.
_WORD_END = re.compile(r"[\w+/=.\\-]*$")
_WORD_START = re.compile(r"^(?:[\w+/=.-]|\\[^\"])*")


def steadied(text: str, again: str) -> tuple[str, int]:
    """The stream with `VARYING` for each word that the second render has otherwise, and how many lines have one."""
    lines, others = text.split("\n"), again.split("\n")
    count = 0
    for index, other in _partners(lines, others):
        if lines[index] != other:
            lines[index] = _steady(lines[index], other)
            count += 1
    return "\n".join(lines), count


def _partners(lines: list[str], others: list[str]) -> list[tuple[int, str]]:
    """Each line's place with the line of the other render that stands for it."""
    if len(lines) == len(others):
        return list(enumerate(others))
    blocks = SequenceMatcher(None, lines, others, autojunk=False).get_opcodes()
    return [
        (start + offset, others[other + offset])
        for kind, start, end, other, other_end in blocks
        if kind == "replace" and end - start == other_end - other
        for offset in range(end - start)
    ]


def _steady(line: str, other: str) -> str:
    """The line with the part that differs, widened to whole words, replaced."""
    start = _common(line, other)
    rest, other_rest = line[start:], other[start:]
    end = _common(rest[::-1], other_rest[::-1])
    before = _WORD_END.sub("", line[:start])
    behind = _WORD_START.sub("", rest[len(rest) - end :])
    return f"{before}{VARYING}{behind}"


def _common(one: str, other: str) -> int:
    """The length of the beginning that both have."""
    different = (index for index, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return next(different, min(len(one), len(other)))

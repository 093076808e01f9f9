"""YAML syntax errors: what the parser reports, as problems with a line."""

import re

import yaml

from gitops_gen.errors import Problem

_TOO_DEEP = "maximum nesting depth"
"""libyaml's own limit for `[[[…`, since 0.2.6; the parser reads ahead, so that it may apply before ours."""

TAB_HINT = "indent with spaces: YAML does not allow tabs for indentation"
CONFLICT_HINT = "resolve the conflict: keep the correct lines and remove the markers `<<<<<<<`, `=======` and `>>>>>>>`"
_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)
_HINTS = {
    "control characters": "remove the character, or write it as an escape sequence in double quotes",
    "undefined alias": "quote the text if it starts with `*`",
    "quoted scalar": "close the quote",
    "flow": "close the bracket or brace, and separate items with commas",
    "simple key": "write `key: value`, and quote text that continues on the next line",
    "block": "indent the line like the lines around it, and close each quote and bracket above it",
    "cannot start any token": "quote text that starts with this character",
}
"""Hints by a word of libyaml's message. The first match is used."""


class TooDeepError(RecursionError):
    """A map or list is nested deeper than in any manifest; `line` is where it starts."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def depth_problem(file: str, line: int | None) -> Problem:
    """The problem of a file whose nesting would overflow the stack of the parser."""
    return Problem(file=file, line=line, message="is nested too deeply, or refers to itself")


def syntax_problem(error: yaml.YAMLError, file: str, text: str) -> Problem:
    """The syntax error that PyYAML reports, with its line in `text`."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    line = mark.line + 1 if mark else _line_of_byte(text, getattr(error, "position", None))
    if _TOO_DEEP in what:
        return depth_problem(file, line)
    return Problem(
        file=file,
        line=line,
        message=f"is not YAML: {what}{_context(error)}",
        hint=_hint(f"{what}{_context(error)}", text, line),
    )


def _hint(message: str, text: str, line: int | None) -> str:
    if line and _has_tab(text, line):
        return TAB_HINT
    if _CONFLICT.search(text):
        return CONFLICT_HINT
    return next((hint for word, hint in _HINTS.items() if word in message), "")


def _context(error: yaml.YAMLError) -> str:
    context, mark = getattr(error, "context", None), getattr(error, "context_mark", None)
    end = getattr(error, "problem_mark", None)
    since = f" that starts on line {mark.line + 1}" if mark and end and mark.line != end.line else ""
    return f" ({context}{since})" if context else ""


def _line_of_byte(text: str, position: int | None) -> int | None:
    return None if position is None else text.encode()[:position].count(b"\n") + 1


def _has_tab(text: str, line: int) -> bool:
    content = text.splitlines()[line - 1 : line]
    return bool(content) and "\t" in content[0][: len(content[0]) - len(content[0].lstrip())]

"""Text that is no YAML: the parser's complaints told as problems, with a line."""

import re

import yaml

from gitops_gen.errors import Problem

_TOO_DEEP = "maximum nesting depth"
"""libyaml's own limit for `[[[…`, since 0.2.6; it may be met while it looks ahead, before ours is."""

TAB_HINT = "indent with blanks: YAML takes no tabs there"
CONFLICT_HINT = "finish the merge: keep what is right, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`"
_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)
_HINTS = {
    "control characters": "remove the character, or write it as an escape in double quotes",
    "undefined alias": "quote the text, if it shall begin with `*`",
    "quoted scalar": "close the quote",
    "flow": "close the bracket or brace, with a comma between two items",
    "simple key": "write `key: value`, and quote a text that goes on in the next line",
    "block": "indent the line as its neighbours are, and close each quote and bracket above it",
    "cannot start any token": "quote the text that begins with this character",
}
"""By a word of what libyaml says, the first that fits."""


class TooDeepError(RecursionError):
    """A map or list below more others than any manifest has; `line` is where it starts."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def depth_problem(file: str, line: int | None) -> Problem:
    """A file that would take the parser, or this process, with it."""
    return Problem(file=file, line=line, message="is nested too deeply, or refers to itself")


def syntax_problem(error: yaml.YAMLError, file: str, text: str) -> Problem:
    """What PyYAML's parser could not read, and on which line of `text`."""
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


def _hint(told: str, text: str, line: int | None) -> str:
    if line and _has_tab(text, line):
        return TAB_HINT
    if _CONFLICT.search(text):
        return CONFLICT_HINT
    return next((hint for word, hint in _HINTS.items() if word in told), "")


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

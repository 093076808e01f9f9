"""The words of a Go template: plain text, and the tokens of each action between `{{` and `}}`.

https://pkg.go.dev/text/template describes the language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class TemplateError(ValueError):
    """A text is no template that Go would read."""


class TokenKind(Enum):
    """What a token is."""

    TEXT = "text"
    NUMBER = "number"
    NAME = "name"
    VARIABLE = "variable"
    FIELD = "field"
    DOT = "dot"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `glued` when no space is before it, as between the fields of `.Values.image`."""

    kind: TokenKind
    text: str
    glued: bool


_ACTION = re.compile(
    r"\{\{-?\s*/\*.*?\*/\s*-?\}\}|\{\{(?P<body>(?:\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])*'|(?!\}\}).)*)\}\}",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<text>\"(?:\\.|[^\"\\\n])*\"|`[^`]*`)|(?P<number>'(?:\\.|[^'\\\n])*'|[-+]?\.?\d[\w.+]*)"
    r"|(?P<sign>:=|[=|(),])|(?P<variable>\$\w*)|(?P<field>\.[^\W\d]\w*)|(?P<dot>\.)|(?P<name>[^\W\d]\w*)"
)
_ESCAPE = re.compile(r"\\(.)")


def actions(template: str) -> Iterator[list[Token]]:
    """The tokens of each action, in order; comments are left out. Raises `TemplateError`."""
    end = 0
    for match in _ACTION.finditer(template):
        if "{{" in template[end : match.start()]:
            raise TemplateError(f"an action is not closed: {template[end : end + 40]!r}")
        end = match.end()
        if (body := match["body"]) is not None:
            yield list(_tokens(_untrimmed(body)))
    if "{{" in template[end:]:
        raise TemplateError("an action is not closed")


def _untrimmed(body: str) -> str:
    """Without the marks that trim the text around: `{{- … -}}`."""
    start = 1 if body[:1] == "-" and body[1:2].isspace() else 0
    end = len(body) - 1 if body[-1:] == "-" and body[-2:-1].isspace() else len(body)
    return body[start:end]


def _tokens(body: str) -> Iterator[Token]:
    at, glued = 0, False
    while at < len(body):
        match = _TOKEN.match(body, at)
        if match is None:
            raise TemplateError(f"unexpected {body[at : at + 20]!r}")
        at = match.end()
        kind = match.lastgroup or ""
        if kind == "space":
            glued = False
            continue
        yield Token(TokenKind(kind), _unquoted(match[0]) if kind == "text" else match[0], glued)
        glued = True


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    return inner if text[0] == "`" else _ESCAPE.sub(r"\1", inner)

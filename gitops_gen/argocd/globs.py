"""The two kinds of patterns in an AppProject, as Go reads them."""

import re
from collections.abc import Iterator
from functools import lru_cache


def matches_file_pattern(pattern: str, text: str) -> bool:
    """Whether Go's `filepath.Match` accepts `text`; an invalid pattern matches nothing.

    Kinds and groups are compared by it: https://pkg.go.dev/path/filepath#Match
    """
    return _fits(_file_pattern(pattern), text)


def matches_glob(pattern: str, text: str, *, separator: str = "") -> bool:
    """Whether the glob matches `text`; `*` stops at the separator, `**` does not. An invalid glob matches nothing.

    Destinations and repositories are compared by it: https://github.com/gobwas/glob#syntax
    """
    return pattern == "*" or _fits(_glob(pattern, separator), text)


def _fits(expression: re.Pattern[str] | None, text: str) -> bool:
    return expression is not None and expression.fullmatch(text) is not None


@lru_cache(maxsize=256)
def _file_pattern(pattern: str) -> re.Pattern[str] | None:
    return _compiled(_Translation(pattern, any_text="[^/]*", any_sign="[^/]", negation="^", braces=False))


@lru_cache(maxsize=256)
def _glob(pattern: str, separator: str) -> re.Pattern[str] | None:
    sign = f"[^{re.escape(separator)}]" if separator else "."
    return _compiled(_Translation(pattern, any_text=f"{sign}*", any_sign=sign, negation="!", braces=True))


def _compiled(translation: "_Translation") -> re.Pattern[str] | None:
    try:
        return re.compile(translation.expression(), re.DOTALL)
    except (re.error, ValueError):
        return None


def _ranges(inside: str) -> Iterator[str]:
    """The single signs and the ranges of a set. Raises `ValueError` for a range without a start, which Go refuses."""
    while inside:
        if inside[0] == "-":
            raise ValueError("a range has no start")
        length = 3 if inside[1:2] == "-" and len(inside) > 2 else 1  # noqa: PLR2004 - `a-c`
        part, inside = inside[:length], inside[length:]
        yield re.escape(part[0]) + (f"-{re.escape(part[2])}" if length > 1 else "")


class _Translation:
    """Reads a pattern from left to right and writes the regular expression."""

    def __init__(self, pattern: str, *, any_text: str, any_sign: str, negation: str, braces: bool) -> None:
        self._rest = pattern
        self._any_text, self._any_sign, self._negation, self._braces = any_text, any_sign, negation, braces
        self._depth = 0

    def expression(self) -> str:
        """The regular expression. Raises `ValueError` for an invalid pattern."""
        parts = []
        while self._rest:
            parts.append(self._part())
        if self._depth:
            raise ValueError("a brace is not closed")
        return "".join(parts)

    def _part(self) -> str:
        if self._braces and self._rest.startswith("**"):
            self._rest = self._rest[2:]
            return ".*"
        sign, self._rest = self._rest[0], self._rest[1:]
        simple = {"*": self._any_text, "?": self._any_sign}
        if sign in "[\\":
            return self._set() if sign == "[" else self._escaped()
        if self._braces and sign in "{},":
            return self._alternative(sign)
        return simple.get(sign, re.escape(sign))

    def _set(self) -> str:
        inside, closed, self._rest = self._rest.partition("]")
        negated = inside.startswith(self._negation)
        inside = inside.removeprefix(self._negation)
        if not closed or not inside:
            raise ValueError("a set is not closed, or empty")
        return f"[{'^' if negated else ''}{''.join(_ranges(inside))}]"

    def _escaped(self) -> str:
        if not self._rest:
            raise ValueError("nothing is escaped")
        sign, self._rest = self._rest[0], self._rest[1:]
        return re.escape(sign)

    def _alternative(self, sign: str) -> str:
        if sign == "{":
            self._depth += 1
            return "(?:"
        if not self._depth:
            return re.escape(sign)
        self._depth -= sign == "}"
        return "|" if sign == "," else ")"

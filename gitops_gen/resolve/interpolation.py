"""Interpolation: `{project}` and its like in namespaces, secrets and injected values; `{{` and `}}` stand for
braces.
"""

import re
from collections.abc import Mapping
from typing import Any

from gitops_gen.names import did_you_mean

Facts = Mapping[str, Any]

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class UnknownPlaceholderError(ValueError):
    """A placeholder that stands for nothing here; the hint names what there is."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(f"`{text}` stands for nothing here")
        self.hint = hint


def interpolate(value: Any, facts: Facts) -> Any:
    """`value` with every placeholder in its strings (not its keys) replaced.

    A string that is one placeholder and nothing else takes that fact's own type, so that `"{secrets.overrides}"` is a
    map.
    Raises `UnknownPlaceholderError`.
    """
    if isinstance(value, dict):
        return {key: interpolate(item, facts) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, facts) for item in value]
    return _text(value, facts) if isinstance(value, str) and ("{" in value or "}" in value) else value


def _text(text: str, facts: Facts) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and whole[1] is not None:
        return _fact(whole[1], facts)
    return _PLACEHOLDER.sub(lambda match: _replacement(match, facts), text)


def _replacement(match: re.Match[str], facts: Facts) -> str:
    if match[0] in ("{{", "}}"):
        return match[0][0]
    if match[1] is None:
        raise UnknownPlaceholderError(match[0], "write `{{` for a brace")
    fact = _fact(match[1], facts)
    if isinstance(fact, str):
        return fact
    raise UnknownPlaceholderError(match[0], "it is a map: it can only stand alone")


def _fact(name: str, facts: Facts) -> Any:
    if name in facts and facts[name] is not None:
        return facts[name]
    known = [key for key, fact in facts.items() if fact is not None]
    raise UnknownPlaceholderError(f"{{{name}}}", did_you_mean(name, known) + "; write `{{` for a brace")

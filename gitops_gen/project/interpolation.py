"""Interpolation: `{project}` and its like in namespaces, secrets and injected values; `{{` and `}}` stand for
braces.
"""

import re
from collections.abc import Mapping
from typing import Any

from gitops_gen.names import did_you_mean, nearest
from gitops_gen.yaml.key_paths import KeyPath, tree_with

Facts = Mapping[str, Any]

_BRACES_HINT = "To write braces: `{{` and `}}`"
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class UnknownPlaceholderError(ValueError):
    """An unknown or unmatched placeholder; the hint lists the known ones."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def interpolate(value: Any, facts: Facts) -> Any:
    """`value` with every placeholder in its strings (not its keys) replaced.

    A string that is one placeholder and nothing else takes that fact's own type, so that `"{secrets.overrides}"` is a
    map.
    Raises `UnknownPlaceholderError`.
    """

    def filled(_: KeyPath, item: Any) -> Any:
        return _text(item, facts) if isinstance(item, str) and ("{" in item or "}" in item) else item

    return tree_with(value, filled)


def _text(text: str, facts: Facts) -> Any:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and whole[1] is not None:
        return _fact(whole[1], facts)
    return _PLACEHOLDER.sub(lambda match: _replacement(match, facts), text)


def _replacement(match: re.Match[str], facts: Facts) -> str:
    if match[0] in ("{{", "}}"):
        return match[0][0]
    if match[1] is None:
        raise UnknownPlaceholderError(
            f"`{match[0]}` is an unmatched brace", f"to write `{match[0]}` itself, use `{match[0] * 2}`"
        )
    fact = _fact(match[1], facts)
    if isinstance(fact, str):
        return fact
    raise UnknownPlaceholderError(f"`{match[0]}` is a map", "a placeholder of a map must be the whole value")


def _fact(name: str, facts: Facts) -> Any:
    if facts.get(name) is not None:
        return facts[name]
    if name in facts:
        raise UnknownPlaceholderError(f"environment `{facts['environment']}` has no `{name}`", _BRACES_HINT)
    hint = did_you_mean(name, facts)
    raise UnknownPlaceholderError(
        f"`{{{name}}}` is an unknown placeholder", hint if nearest(name, facts) else f"{hint}. {_BRACES_HINT}"
    )

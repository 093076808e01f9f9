"""Numbers and booleans written by hand where the chart wants a string: `tag: 1.10` without quotes is 1.1 to Helm.

The schema's findings are reported elsewhere; here is what no schema says: the chart's default is a string, or there is
none and the key is named like a version.
"""

import re
from collections.abc import Iterator
from typing import Any

from gitops_gen.helm.engine import Values
from gitops_gen.helm.key_types import KeyType, key_type
from gitops_gen.helm.template_text import printed
from gitops_gen.helm.version_keys import holds_tag, holds_version
from gitops_gen.yaml.key_paths import KeyPath, tree_nodes
from gitops_gen.yaml.scalars import scalar

_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?[a-zA-Z%]+")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_SPOKEN = {bool: "boolean", int: "number", float: "number"}


def misread(written: str, value: float) -> str:
    """What is wrong with a value that is written without quotes. `written` may be unknown (empty).

    Both the schema and the search for such values may find one: equal texts are one problem.
    """
    got = f"the {_SPOKEN[type(value)]} {printed(value)}"
    found = f"`{written}` without quotes is read by Helm as {got}" if written else f"is {got}"
    return f"{found}, but the chart requires a string"


def quote_hint(written: str, value: float) -> str:
    """What to type instead."""
    return f'quote it: "{written or printed(value)}"'


def suspects(schema: Values | None, defaults: Values, values: Values) -> Iterator[tuple[KeyPath, Any, KeyType]]:
    """Every number or boolean in `values` at a key that may want a string, whatever its text is."""
    numbers = ((path, value) for path, value in tree_nodes(values) if isinstance(value, bool | int | float))
    for path, value in numbers:
        wish = key_type(schema, defaults, path)
        if _may_want_text(path, wish):
            yield path, value, wish


def is_wrong(path: KeyPath, value: float, wish: KeyType, written: str) -> bool:
    """Whether a suspect is one: the chart's author put quotes around the default, the key is a tag, or the text as it
    is `written` is not what a template prints.

    A default such as `http` may as well be a number, as long as that is printed as it is written; one such as `500m` or
    `25%` may be any decimal.
    """
    if wish.allowed:
        return "string" in wish.allowed and holds_version(path) and _differs(value, written)
    if isinstance(wish.default, str) and wish.default and not isinstance(scalar(wish.default), str):
        return True
    if isinstance(wish.default, str) and _QUANTITY.fullmatch(wish.default) and _DECIMAL.fullmatch(written):
        return holds_version(path)
    if isinstance(wish.default, bool | int | float):
        return holds_tag(path) and _differs(value, written)
    return _differs(value, written) or holds_tag(path) or (wish.default is not None and holds_version(path))


def _differs(value: float, written: str) -> bool:
    """A value whose text is not known (it came in by an alias or a merge) is taken as it is printed."""
    return bool(written) and printed(value) != written


def _may_want_text(path: KeyPath, wish: KeyType) -> bool:
    if wish.allowed:
        return "string" in wish.allowed and holds_version(path)
    return holds_version(path) or (isinstance(wish.default, str) and bool(wish.default))

"""Findings that a project accepts for now: the document of an earlier `validate --output json`."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gitops_gen.errors import GitopsError
from gitops_gen.rules.rule import Finding
from gitops_gen.rules.validation import Validation

_HASH = re.compile(r"-[0-9a-f]{6,12}\b")
"""The end of a name that follows its content: the next release has another."""


def without_accepted(result: Validation, text: str, file: str) -> Validation:
    """The result without what the baseline `text` has. A finding is known by rule, file, object and message: lines move
    and environments come. Raises `GitopsError` when it is no document of `validate`.
    """
    known = set(_entries(text, file))
    new = tuple(item for item in result.reported if _identity(_fields(item.finding)) not in known)
    found = {_identity(_fields(item.finding)) for item in result.reported}
    return replace(result, reported=new, accepted=len(result.reported) - len(new), outdated=len(known - found))


def _fields(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "file": finding.source, "object": finding.object, "message": finding.message}


def _identity(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_HASH.sub("-*", entry.get(key) or "") for key in ("rule", "file", "object", "message"))


def _entries(text: str, file: str) -> Iterator[tuple[str, ...]]:
    try:
        yield from [_identity(entry) for entry in json.loads(text)["findings"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = f"write it with `gitops-gen validate --output json > {file}`"
        raise GitopsError(f"{file} is no baseline: it is not the JSON of `validate`", hint) from error

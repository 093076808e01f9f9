"""What all documents have in common, and printing them as JSON or YAML."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypedDict

from gitops_gen.names import printable
from gitops_gen.yaml.writer import dump

_ACTING = re.compile(r"#(?=#)|\x7f|[^\x00-\x7f]")
"""Where a character may act on a terminal or on the log of a CI service: JSON has escapes for these."""

FORMATS = ("json", "yaml")
"""The values of `--output` that print a document."""

SCHEMA_VERSION: Final = 1
"""Rises when a field is removed, renamed or gets another meaning; a new field does not change it."""


class VersionedDocument(TypedDict):
    """The outermost object of every output."""

    schemaVersion: Literal[1]
    """Rises when a field is removed, renamed or gets another meaning. New fields may be added at any time."""


class Note(TypedDict):
    """Something that a person should know."""

    message: str


def notes_of(texts: Iterable[str]) -> list[Note]:
    """Each text as a note."""
    return [Note(message=text) for text in texts]


def formatted(document: Mapping[str, object], output: str) -> str:
    """A document as `json` or `yaml` text, ending in a newline. YAML has exactly the data of the JSON."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    if output == "yaml":
        return dump(json.loads(text.encode(errors="replace")))
    return f"{_ACTING.sub(_escaped, text)}\n"


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    if letter == "#":
        return "\\u0023"
    return letter if printable(letter) == letter else json.dumps(letter)[1:-1]

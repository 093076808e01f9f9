#!/usr/bin/env python3
"""Write the tables of the chart's README.md: descriptions are the comments of values.yaml, types those of its schema.

usage: readme.py [--check]     --check writes nothing and exits with 1 when README.md is not what it would write
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[1]
README = CHART / "README.md"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
BEGIN = "<!-- The rest is generated from values.yaml by scripts/readme.py -->\n"
KEY = re.compile(r"^( *)([A-Za-z][\w]*):")

KeyPath = tuple[str, ...]


def descriptions(text: str) -> dict[KeyPath, str]:
    """Key path → the comment right above the key."""
    found: dict[KeyPath, str] = {}
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip().removeprefix("#").strip())
        elif key := KEY.match(line):
            indent = len(key[1])
            path = [step for step in path if step[0] < indent] + [(indent, key[2])]
            found[tuple(name for _, name in path)] = " ".join(comment)
            comment = []
        else:
            comment = []
    return found


def kind(schema: dict[str, Any], path: KeyPath) -> str:
    """The type of a key, as the schema has it; of several, each."""
    found = schema
    for step in path:
        found = found["properties"][step]
        if reference := found.get("$ref"):
            found = schema["definitions"][reference.rsplit("/", 1)[1]]
    if "enum" in found:
        return "one of " + ", ".join(found["enum"])
    types = found["type"] if isinstance(found["type"], list) else [found["type"]]
    return " or ".join({"array": "list", "object": "map"}.get(name, name) for name in types)


def rows(values: dict[str, Any], described: dict[KeyPath, str], path: KeyPath = ()) -> Iterator[str]:
    """One line of the table for each key that is set as a whole: a value, or a map without described keys."""
    for name, value in values.items():
        key = (*path, name)
        below = [other for other in described if other[: len(key)] == key != other and described[other]]
        if isinstance(value, dict) and below:
            yield from rows(value, described, key)
            continue
        default = json.dumps(value, ensure_ascii=False).replace("|", "\\|")
        meaning = described[key].replace("|", "\\|")
        yield f"| `{'.'.join(key)}` | {kind(SCHEMA, key)} | `{default}` | {meaning} |"


def section(values: dict[str, Any], described: dict[KeyPath, str], name: str) -> str:
    """A top-level key with its table."""
    lines = [f"\n### {name}\n", "| key | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *rows({name: values[name]}, described)]) + "\n"


def generated() -> str:
    """The README with its table as values.yaml has it."""
    text = (CHART / "values.yaml").read_text()
    values, described = yaml.safe_load(text), descriptions(text)
    return README.read_text().partition(BEGIN)[0] + BEGIN + "".join(section(values, described, name) for name in values)


def main() -> int:
    """Write the README, or check it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when README.md is stale")
    check = parser.parse_args().check
    text = generated()
    if not check:
        README.write_text(text)
    elif text != README.read_text():
        sys.stderr.write(f"{README} is stale: run {Path(__file__).name}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Environments and their values for people."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from gitops_gen.commands.explain import Explanation
from gitops_gen.output.text import table
from gitops_gen.project.listing import EnvironmentRow


def explanation_lines(explanations: Iterable[Explanation]) -> Iterator[str]:
    """Each key with its final value, and below it every layer that set it, the deciding one marked."""
    for explanation in explanations:
        yield f"{explanation.key}: {_value(explanation.value)}"
        for origin in explanation.origins:
            mark = "*" if origin is explanation.origins[-1] else " "
            place = f"{origin.file}:{origin.line}" if origin.line else origin.file
            yield f"  {mark} {origin.layer}  {place}  {_value(origin.value)}"


def environment_table(rows: Iterable[EnvironmentRow]) -> Iterator[str]:
    """`env list` as a table."""
    names = [field.name for field in fields(EnvironmentRow)]
    return table([name.upper() for name in names], ([_cell(getattr(row, name)) for name in names] for row in rows))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "-"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

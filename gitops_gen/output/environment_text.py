"""Environments and their values for people."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gitops_gen.commands.explain import Explanation
from gitops_gen.commands.project_lifecycle import ProjectRow
from gitops_gen.output.text import table
from gitops_gen.project.listing import EnvironmentRow

_COLUMNS = ("NAME", "STAGE", "CLUSTER", "NAMESPACE", "APPLICATION", "CHART", "AUTOMATED", "PROTECT")


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
    return table(_COLUMNS, map(_cells, rows))


def project_table(rows: Iterable[ProjectRow]) -> Iterator[str]:
    """`project list` as a table."""
    cells = ([row.name, row.folder, row.chart, ", ".join(row.environments) or "-"] for row in rows)
    return table(("NAME", "FOLDER", "CHART", "ENVIRONMENTS"), cells)


def _cells(row: EnvironmentRow) -> list[str]:
    facts = (row.name, row.stage, row.cluster, row.namespace, row.application, row.chart.label)
    return [*(fact or "-" for fact in facts), _cell(row.automated), _cell(row.protect)]


def _cell(value: bool) -> str:  # noqa: FBT001 - a fact to print
    return "yes" if value else "no"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

"""Results for people: tables, problems, changes and values as lines of text."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from difflib import unified_diff
from textwrap import wrap
from typing import Any

from gitops_gen.commands.environments import EnvironmentRow
from gitops_gen.commands.explain import Explanation
from gitops_gen.errors import Problem
from gitops_gen.rules.rule import Rule
from gitops_gen.tree import Change, State

TEXT_WIDTH = 100
_DONE = {
    State.MISSING: "created",
    State.STALE: "updated",
    State.EDITED: "overwritten",
    State.CONFLICT: "resolved",
    State.ORPHANED: "removed",
    State.FOREIGN: "left alone",
}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need to be, two blanks apart."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def problem_lines(problem: Problem) -> Iterator[str]:
    """`file:line: key: message` and, indented below it, the hint."""
    yield ": ".join(part for part in (problem.place, problem.key, problem.message) if part)
    if problem.hint:
        yield f"    {problem.hint}"


def change_lines(changes: Iterable[Change], *, done: bool) -> Iterator[str]:
    """A line a file: what was done with it, or what is wrong with it."""
    words = [((_DONE[change.state] if done else change.state.value), change.path) for change in changes]
    width = max((len(word) for word, _ in words), default=0)
    for word, path in words:
        yield f"{word.ljust(width)}  {path}"


def diff_lines(changes: Iterable[Change]) -> Iterator[str]:
    """A unified diff from what lies on disk to what should."""
    for change in changes:
        old, new = (change.old or "").splitlines(keepends=True), (change.new or "").splitlines(keepends=True)
        before = "/dev/null" if change.old is None else f"a/{change.path}"
        after = "/dev/null" if change.new is None else f"b/{change.path}"
        for line in unified_diff(old, new, before, after):
            yield line.rstrip("\n")


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


def rule_table(rules: Iterable[Rule]) -> Iterator[str]:
    """`rules` as a table."""
    return table(["ID", "WHAT IT SAYS"], ([rule.id, rule.title] for rule in rules))


def rule_lines(rule: Rule) -> Iterator[str]:
    """One rule in full."""
    yield f"{rule.id}: {rule.title}"
    yield ""
    yield from wrap(rule.explanation, TEXT_WIDTH)
    yield ""
    yield from wrap(f"What to do: {rule.remedy}", TEXT_WIDTH)

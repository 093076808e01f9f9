"""An object's change as the lines of a diff: what every way of printing shows, only drawn differently."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum

from gitops_gen.compare.model import Action, Effect, FieldChange, ObjectChange, SharedChanges, SharedConsequence

SIGNS = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "~"}
NAMED = 4
"""Environments that are named one by one; more are counted, with the first few named."""

TITLES = {
    Effect.BREAKS: "does not render",
    Effect.FAILS: "the sync fails",
    Effect.LOSES: "data is deleted",
    Effect.PRUNES: "is pruned",
    Effect.LEAVES: "stays in the cluster",
    Effect.MOVES: "moves",
    Effect.RESTARTS: "restarts",
    Effect.RUNS: "runs",
    Effect.SCALES: "scales",
    Effect.RESIZES: "grows",
    Effect.WAITS: "a revert waits",
    Effect.NOTES: "note",
}
GRAVE = frozenset({Effect.BREAKS, Effect.FAILS, Effect.LOSES})


class Sign(StrEnum):
    """What a line of a diff is."""

    OLD = "-"
    NEW = "+"
    SAME = " "
    PLACE = "@"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a diff."""

    sign: Sign
    text: str


def lines(change: ObjectChange) -> Iterator[Line]:
    """The change field by field; an added or removed object as a whole."""
    whole = Sign.NEW if change.action is Action.ADDED else Sign.OLD
    for text in change.body.splitlines():
        yield Line(sign=whole, text=text)
    for field in change.fields:
        yield Line(sign=Sign.PLACE, text=field.path)
        yield from _field_lines(field)


def _field_lines(field: FieldChange) -> Iterator[Line]:
    old = [] if field.old is None else field.old.splitlines() or [""]
    new = [] if field.new is None else field.new.splitlines() or [""]
    if len(old) > 1 and len(new) > 1:
        yield from _text_lines(old, new)
        return
    yield from (Line(sign=Sign.OLD, text=text) for text in old)
    yield from (Line(sign=Sign.NEW, text=text) for text in new)


def _text_lines(old: list[str], new: list[str]) -> Iterator[Line]:
    for text in list(unified_diff(old, new, lineterm="", n=2))[2:]:
        if not text.startswith("@@"):
            yield Line(sign=Sign(text[0]), text=text[1:])
        elif not text.startswith("@@ -1,"):
            # Line numbers inside a value help nobody; that something is left out does.
            yield Line(sign=Sign.SAME, text="…")


def names_text(names: tuple[str, ...], compared: int) -> str:
    """`dev, staging`; `all 500 environments`; `a, b, c and 120 more`."""
    if len(names) == compared and compared > 2:  # noqa: PLR2004 - two are named
        return f"all {compared} environments"
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"


def consequence_text(item: SharedConsequence) -> str:
    """`Deployment/app: image`."""
    return ": ".join(part for part in (item.object, item.detail) if part)


def by_effect(consequences: tuple[SharedConsequence, ...]) -> dict[Effect, list[SharedConsequence]]:
    """Consequences under their effect, the gravest first."""
    found: dict[Effect, list[SharedConsequence]] = {}
    for item in consequences:
        found.setdefault(item.effect, []).append(item)
    return found


def is_listing(group: SharedChanges) -> bool:
    """Whether the group only names objects, as that of a new environment does."""
    return not any(change.body or change.fields for change in group.objects)

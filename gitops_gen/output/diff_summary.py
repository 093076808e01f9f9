"""A rendered difference in few lines: one for environments with the same counts and effects."""

from collections import Counter
from collections.abc import Iterator

from gitops_gen.compare.lines import TITLES
from gitops_gen.compare.model import Action, ChangedEnvironment, Difference, Effect
from gitops_gen.output.diff_text import headline
from gitops_gen.output.text import table
from gitops_gen.project.equal_lines import listing

GroupKey = tuple[Action, int, int, int, tuple[tuple[Effect, int], ...]]


def summary_lines(difference: Difference) -> Iterator[str]:
    """The headline, then a line for all environments of equal counts and effects, the gravest effects first."""
    yield headline(difference)
    rows = [(listing(names), _counts(key), _effects(key)) for key, names in summary_groups(difference)]
    if rows:
        yield ""
        yield from (f"  {line}" for line in table(("ENVIRONMENT", "OBJECTS", "EFFECTS"), rows))


def summary_groups(difference: Difference) -> list[tuple[GroupKey, list[str]]]:
    """The environments of equal counts and effects: action, numbers of added, changed and removed objects, effects."""
    effects: dict[str, Counter[Effect]] = {}
    for item in difference.consequences:
        for name in item.environments:
            effects.setdefault(name, Counter())[item.effect] += 1
    groups: dict[GroupKey, list[str]] = {}
    for row in difference.environments:
        groups.setdefault(_key(row, effects.get(row.name, Counter())), []).append(row.name)
    order = list(Effect)
    return sorted(groups.items(), key=lambda group: ([order.index(effect) for effect, _ in group[0][-1]], group[1]))


def _key(row: ChangedEnvironment, effects: Counter[Effect]) -> GroupKey:
    counted = tuple((effect, effects[effect]) for effect in Effect if effects[effect])
    return row.action, row.added, row.changed, row.removed, counted


def _counts(key: GroupKey) -> str:
    action, *numbers, _ = key
    words = [
        f"{number} {word}" for number, word in zip(numbers, ("added", "changed", "removed"), strict=True) if number
    ]
    whole = [] if action is Action.CHANGED else [f"environment {action.value}"]
    return ", ".join([*whole, *words]) or "-"


def _effects(key: GroupKey) -> str:
    return ", ".join(f"{TITLES[effect]}: {number}" for effect, number in key[-1]) or "-"

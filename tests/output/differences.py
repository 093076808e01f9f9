"""Differences made of any text: one with it in every place, and the same one with a harmless word instead."""

from collections.abc import Callable
from itertools import cycle

from hypothesis import strategies

from gitops_gen.compare.model import (
    Action,
    ChangedEnvironment,
    Difference,
    Effect,
    FieldChange,
    Folded,
    ObjectChange,
    SharedChanges,
    SharedConsequence,
)
from tests.output import hostile

Name = Callable[[], str]


def made(name: Name) -> Difference:
    """A difference with every kind of part, whose texts `name` gives."""
    changed = ObjectChange(
        action=Action.CHANGED,
        object=name(),
        fields=(FieldChange(path=name(), old=name(), new=name()), FieldChange(path=name(), old=None, new=name())),
    )
    whole = [ObjectChange(action=action, object=name(), body=name()) for action in (Action.ADDED, Action.REMOVED)]
    listed = ObjectChange(action=Action.ADDED, object=name())
    return Difference(
        old=name(),
        new=name(),
        compared=5,
        environments=(ChangedEnvironment(name=name(), action=Action.CHANGED, added=1, changed=1, removed=1),),
        consequences=(
            SharedConsequence(effect=Effect.LOSES, object=name(), detail=name(), environments=(name(), name())),
            SharedConsequence(effect=Effect.LOSES, object="", detail=name(), environments=(name(),)),
            SharedConsequence(effect=Effect.BREAKS, object=name(), detail="", environments=(name(),)),
        ),
        groups=(
            SharedChanges(environments=(name(), name()), objects=(changed, *whole)),
            SharedChanges(environments=(name(),), objects=(listed, listed)),
        ),
        folded=(Folded(reason=name(), count=2),),
    )


HARMLESS = made(lambda: "word")
hostile_differences = strategies.lists(hostile.text, min_size=1, max_size=5).map(
    lambda texts: made(cycle(texts).__next__)
)

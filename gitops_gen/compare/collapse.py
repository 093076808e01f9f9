"""Many environments' changes put together: equal ones are listed once, with every environment that has them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from gitops_gen.compare.canonical import Own, restored, shown
from gitops_gen.compare.model import (
    Action,
    ChangedEnvironment,
    Difference,
    Effect,
    EnvironmentChange,
    FieldChange,
    Folded,
    ObjectChange,
    SharedChanges,
    SharedConsequence,
)

T = TypeVar("T")
_GRAVITY = {effect: position for position, effect in enumerate(Effect)}


def collapse(
    changes: Sequence[EnvironmentChange], owns: dict[str, Own], *, old: str, new: str, compared: int
) -> Difference:
    """One difference of all environments' changes, the gravest first. `owns` says what marks stand for."""
    return Difference(
        old=old,
        new=new,
        compared=compared,
        environments=tuple(_line(change) for change in changes),
        consequences=tuple(_consequences(changes, owns)),
        groups=tuple(_groups(changes, owns)),
        folded=_folded(changes),
        helm=tuple(sorted({version for change in changes for version in change.helm})),
    )


def _line(change: EnvironmentChange) -> ChangedEnvironment:
    count = Counter(item.action for item in change.objects)
    return ChangedEnvironment(
        name=change.name,
        action=change.action,
        added=count[Action.ADDED],
        changed=count[Action.CHANGED],
        removed=count[Action.REMOVED],
    )


def _shared(found: Iterable[tuple[T, str]]) -> dict[T, list[str]]:
    result: dict[T, list[str]] = {}
    for item, name in found:
        names = result.setdefault(item, [])
        if not names or names[-1] != name:
            names.append(name)
    return result


def _consequences(changes: Sequence[EnvironmentChange], owns: dict[str, Own]) -> list[SharedConsequence]:
    shared = _shared((item, change.name) for change in changes for item in change.consequences)
    found = [
        SharedConsequence(
            effect=item.effect,
            object=_worded(item.object, names, owns),
            detail=_worded(item.detail, names, owns),
            environments=tuple(names),
        )
        for item, names in shared.items()
    ]
    return sorted(found, key=lambda item: (_GRAVITY[item.effect], -len(item.environments), item.environments))


def _groups(changes: Sequence[EnvironmentChange], owns: dict[str, Own]) -> list[SharedChanges]:
    shared = _shared((item, change.name) for change in changes for item in change.objects)
    gravity = _gravity(changes)
    by_environments: dict[tuple[str, ...], list[tuple[int, ObjectChange]]] = {}
    for item, names in shared.items():
        risk = min(gravity.get((name, item.object), len(_GRAVITY)) for name in names)
        by_environments.setdefault(tuple(names), []).append((risk, _worded_change(item, names, owns)))
    groups = []
    for environments, objects in by_environments.items():
        objects.sort(key=lambda found: (found[0], -found[1].size))
        group = SharedChanges(environments=environments, objects=tuple(item for _, item in objects))
        groups.append((objects[0][0], group))
    groups.sort(key=lambda found: (found[0], -len(found[1].environments), -found[1].size, found[1].environments))
    return [group for _, group in groups]


def _gravity(changes: Sequence[EnvironmentChange]) -> dict[tuple[str, str], int]:
    """The gravest of what happens to an object of an environment, as a position in `Effect`."""
    found: dict[tuple[str, str], int] = {}
    for change in changes:
        for item in change.consequences:
            key = change.name, item.object
            found[key] = min(found.get(key, len(_GRAVITY)), _GRAVITY[item.effect])
    return found


def _worded_change(change: ObjectChange, names: Sequence[str], owns: dict[str, Own]) -> ObjectChange:
    return replace(
        change,
        object=_worded(change.object, names, owns),
        body=_worded(change.body, names, owns),
        fields=tuple(
            FieldChange(
                path=_worded(field.path, names, owns),
                old=None if field.old is None else _worded(field.old, names, owns),
                new=None if field.new is None else _worded(field.new, names, owns),
            )
            for field in change.fields
        ),
    )


def _worded(text: str, names: Sequence[str], owns: dict[str, Own]) -> str:
    """For one environment as it is there, for several with `<environment>` where each has its own."""
    return restored(text, owns[names[0]]) if len(names) == 1 and names[0] in owns else shown(text)


def _folded(changes: Sequence[EnvironmentChange]) -> tuple[Folded, ...]:
    count: Counter[str] = Counter()
    for change in changes:
        for item in change.folded:
            count[item.reason] += item.count
    return tuple(Folded(reason=reason, count=number) for reason, number in sorted(count.items()))

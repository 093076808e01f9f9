"""A rendered difference for a terminal: what happens, then every change, with colour where there is a terminal."""

from collections.abc import Callable, Iterator

from gitops_gen.compare.lines import (
    GRAVE,
    SIGNS,
    TITLES,
    Sign,
    by_effect,
    consequence_text,
    is_listing,
    lines,
    names_text,
)
from gitops_gen.compare.model import Action, Difference, Folded, ObjectChange, SharedChanges
from gitops_gen.names import printable
from gitops_gen.output.terminal import Painted, painted

_RED, _GREEN, _YELLOW, _CYAN, _BOLD, _FAINT = "31", "32", "33", "36", "1", "2"
_SIGN_COLOURS = {Sign.OLD: _RED, Sign.NEW: _GREEN, Sign.PLACE: _CYAN, Sign.SAME: _FAINT}
_ACTION_COLOURS = {Action.ADDED: _GREEN, Action.REMOVED: _RED, Action.CHANGED: _YELLOW}


def difference_lines(difference: Difference, *, colour: bool = False) -> Iterator[str]:
    """The difference as lines of text."""
    paint = painted if colour else _plain
    yield paint(headline(difference), _BOLD)
    if difference.consequences:
        yield ""
        yield from _happening(difference, colour=colour)
    for group in difference.groups:
        yield ""
        yield paint(f"{names_text(group.environments, difference.compared)}:", _BOLD)
        yield from _group_lines(group, colour=colour)
    if difference.folded:
        yield ""
        yield paint(folded_text(difference.folded), _FAINT)


def headline(difference: Difference, name: Callable[[str], str] = str) -> str:
    """What is compared, and how many environments differ; `name` is applied to the two names of what is compared."""
    ends = f"{name(difference.old)} → {name(difference.new)}"
    count = len(difference.environments)
    if not count:
        return f"{ends}: no difference" + " except in names" * difference.between_environments
    if difference.between_environments:
        return f"{ends}: differences other than names"
    verb = "differs" if count == 1 else "differ"
    return f"{ends}: {count} of {difference.compared} environment{'s' * (difference.compared != 1)} {verb}"


def folded_text(folded: tuple[Folded, ...]) -> str:
    """What was counted and not shown."""
    counts = (f"{item.reason} ({item.count})" for item in folded)
    return f"not shown: {', '.join(counts)}"


def _happening(difference: Difference, *, colour: bool) -> Iterator[str]:
    paint = painted if colour else _plain
    groups = by_effect(difference.consequences)
    width = max(len(TITLES[effect]) for effect in groups)
    for effect, items in groups.items():
        title = TITLES[effect].ljust(width)
        for index, item in enumerate(items):
            where = names_text(item.environments, difference.compared)
            first = paint(title, _RED if effect in GRAVE else _YELLOW) if not index else " " * width
            yield Painted(f"  {first}  {printable(consequence_text(item))} {paint(f'({where})', _FAINT)}")


def _group_lines(group: SharedChanges, *, colour: bool) -> Iterator[str]:
    for change in group.objects:
        if not is_listing(group):
            yield ""
        yield from _object_lines(change, colour=colour)


def _object_lines(change: ObjectChange, *, colour: bool) -> Iterator[str]:
    paint = painted if colour else _plain
    yield paint(f"  {SIGNS[change.action]} {change.object}", _ACTION_COLOURS[change.action])
    for line in lines(change):
        text = f"    {line.text}" if line.sign is Sign.PLACE else f"      {line.sign} {line.text}".rstrip()
        yield paint(text, _SIGN_COLOURS[line.sign])


def _plain(text: str, _colour: str) -> Painted:
    return painted(text, "")

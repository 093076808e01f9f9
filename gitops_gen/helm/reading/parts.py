"""What an expression of a template may mean, as far as the chart's values are concerned."""

from dataclasses import dataclass
from typing import TypeAlias

from gitops_gen.helm.reading.read_keys import ANY, NAMED, Keys


@dataclass(frozen=True, slots=True)
class Part:
    """A place in the chart's values."""

    path: Keys


@dataclass(frozen=True, slots=True)
class Word:
    """A constant text, which may be the name of a key."""

    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """A map or list that the template puts together; the items of a list are under `0`, `1` …, or all under `ANY`."""

    items: tuple[tuple[str, "Meaning"], ...]

    def get(self, key: str) -> "Meaning":
        """The value of a key."""
        return NOTHING.union(*(value for name, value in self.items if name in (key, ANY)))

    def all(self) -> "Meaning":
        """The value of any key."""
        return NOTHING.union(*(value for _, value in self.items))


Meaning: TypeAlias = frozenset[Part | Word | Made]
"""All that an expression may mean; empty for what has nothing to do with the values."""

NOTHING: Meaning = frozenset()


def made(**items: Meaning) -> Meaning:
    """A map with these keys."""
    return frozenset({Made(tuple(sorted(items.items(), key=lambda item: item[0])))})


def made_of(items: dict[str, Meaning]) -> Meaning:
    """A map with these keys."""
    return made(**items)


def listed(*meanings: Meaning) -> Meaning:
    """A list with these items, in this order."""
    return made_of({str(index): meaning for index, meaning in enumerate(meanings)})


def unordered(meaning: Meaning) -> Meaning:
    """A list, with its items in any order."""
    return frozenset(
        Made(((ANY, item.all()),)) if isinstance(item, Made) else item for item in meaning if not isinstance(item, Word)
    )


def words(meaning: Meaning) -> set[str]:
    """The texts that a meaning may be, as far as they are known."""
    return {item.text for item in meaning if isinstance(item, Word) and item.text != NAMED}

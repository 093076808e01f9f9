"""Two environments' texts brought to the same words where they say the same: a line in which each environment writes
its own name, namespace, stage, cluster or secret path is no difference, and neither is a word of the chart that happens
to be the name of one of them (`mode: production` in staging and in production).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from gitops_gen.compare.documents import HASH_SUFFIX, joined, split_documents

_NO_FACT = frozenset({"y", "n", "on", "off", "yes", "no", "true", "false", "null", "nan", "inf"})
"""Words that YAML reads as no string: they stand for too much else to be anybody's name."""
_KIND = re.compile(r"^kind: *(.+)$", re.MULTILINE)
_NAME = re.compile(r"^  name: *(.+)$", re.MULTILINE)
_FACT = "\0"

Spelling = tuple[str, str]
"""What the old side and the new side write for one fact."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What distinguishes two environments: pairs of words for the same fact, as each of them is spelt."""

    facts: tuple[Spelling, ...]

    @cached_property
    def spellings(self) -> tuple[Spelling, ...]:
        """The facts that differ, also in capitals and with `_` for `-`; the longest first."""
        pairs = {
            pair for fact in self.facts if fact[0] != fact[1] and all(map(_is_name, fact)) for pair in _spelt(fact)
        }
        return tuple(sorted(pairs, key=lambda pair: (-max(map(len, pair)), pair)))

    @cached_property
    def _words(self) -> re.Pattern[str]:
        words = {word for pair in self.spellings for word in pair}
        patterns = [
            re.sub(r"\\?-|_", "[-_]", re.escape(word)) for word in sorted(words, key=lambda word: (-len(word), word))
        ]
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(patterns)})(?![^\W_])", re.IGNORECASE)

    def loose(self, text: str) -> str:
        """The text without what could be a fact: texts that agree are equal then, though not the other way round."""
        return self._words.sub(_FACT, text) if self.spellings else text

    def agree(self, old: str, new: str) -> bool:
        """Whether the two lines are equal except for facts, each side writing its own."""
        ways = {(0, 0)}
        while ways:
            if (len(old), len(new)) in ways:
                return True
            ways = {step for way in ways for step in self._steps(old, new, *way)}
        return False

    def _steps(self, old: str, new: str, here: int, there: int) -> Iterator[tuple[int, int]]:
        if here < len(old) and there < len(new) and old[here] == new[there]:
            yield here + 1, there + 1
        for mine, its in self.spellings:
            if _is_at(old, here, mine) and _is_at(new, there, its):
                yield here + len(mine), there + len(its)


def _is_name(word: str) -> bool:
    return word.lower() not in _NO_FACT and any(character.isalpha() for character in word)


def _spelt(fact: Spelling) -> Iterator[Spelling]:
    old, new = fact
    for left, right in ((old, new), (old.replace("-", "_"), new.replace("-", "_"))):
        yield left, right
        yield left.upper(), right.upper()
        yield left.capitalize(), right.capitalize()


def _is_at(text: str, at: int, word: str) -> bool:
    """Whether it is a whole word there."""
    end = at + len(word)
    return text.startswith(word, at) and not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum())


def same_words(identity: Identity, old: Sequence[str], new: Sequence[str]) -> str:
    """The new stream with every line that agrees with one of the old stream in the old one's words.

    Each side is given twice: as it is, and with marks, line for line; the result has marks.
    """
    (old_raw, old_marked), (new_raw, new_marked) = (map(split_documents, side) for side in (old, new))
    waiting: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for raw, marked in zip(old_raw, old_marked, strict=True):
        waiting.setdefault(_key(identity, raw), []).append((raw, marked))
    result = []
    for raw, marked in zip(new_raw, new_marked, strict=True):
        partners = waiting.get(_key(identity, raw))
        result.append(_document(identity, partners.pop(0), (raw, marked)) if partners else marked)
    return joined(result)


def _key(identity: Identity, document: str) -> tuple[str, str]:
    """What an object is called, whichever environment it is in."""
    kind, name = _KIND.search(document), _NAME.search(document)
    return kind[1] if kind else "", HASH_SUFFIX.sub("", identity.loose(name[1])) if name else ""


def _document(identity: Identity, old: tuple[str, str], new: tuple[str, str]) -> str:
    if old[0] == new[0]:
        return old[1]
    (old_raw, old_marked), (new_raw, new_marked) = ([text.split("\n") for text in side] for side in (old, new))
    result = new_marked.copy()
    matcher = SequenceMatcher(None, [*map(identity.loose, old_raw)], [*map(identity.loose, new_raw)], autojunk=False)
    for here, there, size in matcher.get_matching_blocks():
        for index in range(size):
            if identity.agree(old_raw[here + index], new_raw[there + index]):
                result[there + index] = old_marked[here + index]
    return "\n".join(result)

"""Whether a change of a release goes up or down: by the order of versions where its tags are versions, else unknown."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from gitops_gen.yaml.editing.difference import KeyDifference

_NAMED = re.compile(r"(?:tag|version|revision)$", re.IGNORECASE)
_VERSION = re.compile(
    r"(?P<v>[vV]?)(?P<core>[0-9]+(?:\.[0-9]+)*)(?:[-_](?P<suffix>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_BEFORE_RELEASE = re.compile(r"(?:alpha|beta|dev|pre|preview|rc|snapshot)(?![a-z])", re.IGNORECASE)
_PARTS = re.compile(r"[0-9]+|[A-Za-z]+")

_Suffix = list[tuple[int, int, str]]


class Direction(StrEnum):
    """Which way a release would go."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    DIFFERS = "differs"


def direction(changes: Iterable[KeyDifference]) -> Direction:
    """Upgrade or downgrade when every changed tag and version goes that way; `DIFFERS` when that is unknown."""
    steps = {step for step in _steps(changes) if step != 0}
    if steps == {1}:
        return Direction.UPGRADE
    return Direction.DOWNGRADE if steps == {-1} else Direction.DIFFERS


def _steps(changes: Iterable[KeyDifference]) -> Iterator[int | None]:
    for change in changes:
        if change.path and _NAMED.search(str(change.path[-1])):
            known = isinstance(change.old, str) and isinstance(change.new, str)
            yield compared(change.old, change.new) if known else None


def compared(old: str, new: str) -> int | None:
    """1 when `new` is the later version, -1 when it is the earlier, 0 when they are one version, None when that is
    unknown: a branch, a digest, a build number, a suffix that is not a pre-release (https://semver.org/#spec-item-11).
    """
    before, after = _VERSION.fullmatch(old), _VERSION.fullmatch(new)
    if before is None or after is None or not (_is_version(before) and _is_version(after)):
        return None
    left, right = _core(before["core"]), _core(after["core"])
    if left != right:
        return 1 if right > left else -1
    return _suffixes(before["suffix"] or "", after["suffix"] or "")


def _is_version(match: re.Match[str]) -> bool:
    """A bare number may be a build or the digits of a commit."""
    return bool(match["v"]) or "." in match["core"]


def _core(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def _suffixes(old: str, new: str) -> int | None:
    if old == new:
        return 0
    before, after = (bool(_BEFORE_RELEASE.match(suffix)) for suffix in (old, new))
    if before and after:
        left, right = _parts(old), _parts(new)
        return None if left == right else 1 if right > left else -1
    if before or after:
        return (1 if before else -1) if not (old and new) else None
    return None


def _parts(suffix: str) -> _Suffix:
    """Numbers sort by value and before words, as in https://semver.org/#spec-item-11."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in _PARTS.findall(suffix)]

"""The fields of a cron schedule.

https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format
"""

import re

_MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
CRON_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
"""What each field is, its least and its greatest number, and the words for numbers."""

_PART = re.compile(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/([1-9]\d*))?")


def is_cron_field(text: str, index: int) -> bool:
    """Whether a text is a valid field of a schedule, at its place among the five."""
    return all(_fits(part, index) for part in text.lower().split(","))


def _fits(part: str, index: int) -> bool:
    _, low, high, words = CRON_FIELDS[index]
    match = _PART.fullmatch(part)
    ends = [_number(end, words) for end in match.groups()[:2] if end] if match else [-1]
    return all(low <= end <= high for end in ends) and ends == sorted(ends)


def _number(text: str, words: tuple[str, ...]) -> int:
    if text in words:
        return words.index(text)
    return int(text) if text.isdecimal() else -1

"""Durations as Argo CD reads and people write them: `30m`, `1h0m30s`, plain seconds."""

import re

from gitops_gen.errors import GitopsError

TIMES = "\N{MULTIPLICATION SIGN}"

_PARTS = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def seconds(text: str | int) -> int:
    """Whole seconds of a duration such as `1h30m`; a bare number is seconds. Raises `GitopsError` for anything else.

    >>> seconds("3m0s"), seconds("90"), seconds(5)
    (180, 90, 5)
    """
    if isinstance(text, int) or text.isdigit():
        return int(text)
    match = _PARTS.fullmatch(text)
    if not text or match is None:
        raise GitopsError(f"`{text}` is not a duration", hint="write hours, minutes and seconds: 30m, 1h30m, 90s")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return int(hours * 3600 + minutes * 60 + rest)


def text(total: int) -> str:
    """The shortest way to write a duration.

    >>> text(90), text(3600), text(0)
    ('1m30s', '1h', '0s')
    """
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if amount]
    return "".join(parts) or "0s"

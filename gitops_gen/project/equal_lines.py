"""Lines that say the same of many environments, put together: five hundred equal lines are one."""

import re
from collections.abc import Iterable, Sequence

NAMED = 4
"""As many environments are named one by one; more are counted."""

_MARK = "\0"
_SAYS = re.compile(r"((?:[\w.-]+/)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(:? )(?=\S)")
"""A line that begins with the name of an environment (a DNS label, below its project's folder in a workspace)."""


def listing(names: Sequence[str]) -> str:
    """`dev`; `dev, staging`; `500 environments`."""
    return ", ".join(names) if len(names) <= NAMED else f"{len(names)} environments"


def equal_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines, each once: those that differ in the environment's name at their beginning become one that names all
    (counts them, when they are many); where the name is repeated later, `<environment>` replaces it.
    """
    found: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        name, text = _split(line)
        found.setdefault(text, []).append(name)
    return tuple(_joined(text, names) for text, names in found.items())


def _split(line: str) -> tuple[str, str]:
    if not (match := _SAYS.match(line)):
        return "", line
    name, rest = match[1], line[len(match[1]) :]
    return name, re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", _MARK, rest)


def _joined(text: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0] + text.replace(_MARK, names[0])
    colon = "" if text.startswith(":") else ":"
    return listing(names) + colon + text.replace(_MARK, "<environment>")

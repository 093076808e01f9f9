"""Text for people in a terminal or in the log of a CI job: no part of the input acts on either of them."""

import re
from collections.abc import Iterator
from logging import Formatter, LogRecord

from gitops_gen.names import printable

_COMMAND = re.compile(r"^\s*:(?=:)|#(?=#\w*\[)")
"""How a line of a log becomes a command of the CI service, up to the character that is escaped: `::error::…` and
`##[error]…` (https://docs.github.com/actions/reference/workflow-commands-for-github-actions), `##vso[…]`
(https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands), `##teamcity[…]`.
"""
_CONTINUED = "  | "
"""Before each further line of a message: it cannot pass for a message itself."""


class Painted(str):
    """A line with our own colours: what it is made of was escaped when it was coloured."""

    __slots__ = ()


def painted(text: str, colour: str) -> Painted:
    """`text` in a colour (a number of SGR, empty for none), escaped first."""
    safe = shown(text)
    return Painted(f"\x1b[{colour}m{safe}\x1b[0m" if colour else safe)


def shown(line: str) -> str:
    """One line for people: line breaks, control characters and invisible characters are shown as escapes."""
    safe = line if isinstance(line, Painted) else printable(line)
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}\\x{ord(found[0][-1]):02x}", safe)


def message_lines(text: str) -> Iterator[str]:
    """A message that may have several lines, such as git's or Helm's: the further ones are marked as such."""
    first, *rest = text.rstrip("\n").split("\n")
    yield shown(first)
    yield from (f"{_CONTINUED}{shown(line.expandtabs(4))}" for line in rest)


class LogFormatter(Formatter):
    """Formats log records as `message_lines` does."""

    def format(self, record: LogRecord) -> str:
        """The record's text."""
        return "\n".join(message_lines(super().format(record)))

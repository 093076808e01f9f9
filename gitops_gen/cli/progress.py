"""The progress of long work, on the last line of a terminal; and the log, which must not be printed into that line."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gitops_gen.cli.printing import is_progress_shown, print_over
from gitops_gen.cli.settings import Settings
from gitops_gen.output.terminal import LogFormatter
from gitops_gen.runtime.activity import shown_by

DELAY = 0.5
"""Seconds before anything is shown: a command that ends sooner needs no progress."""
INTERVAL = 0.1
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """`rendering: 12 of 60 environments`, rewritten in place."""

    def __init__(self) -> None:
        self._next = time.monotonic() + DELAY
        self._visible = False

    def update(self, what: str, done: int, total: int) -> None:
        """Show how many are done, unless that was shown a moment ago."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + INTERVAL
        self._visible = True
        print_over(f"{_CLEAR}{what}: {done} of {total} environments")

    def clear(self) -> None:
        """Leave an empty line."""
        if self._visible:
            self._visible = False
            print_over(_CLEAR)


class _Log(logging.StreamHandler):  # type: ignore[type-arg]
    """The log on standard error."""

    def __init__(self, line: ProgressLine) -> None:
        super().__init__()
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message on a separate line."""
        self._line.clear()
        super().emit(record)


@contextmanager
def watched(settings: Settings) -> Iterator[None]:
    """Log to standard error while the command runs: warnings; with --verbose what runs and how long it takes; with
    --quiet errors only. On a terminal also show progress.
    """
    line = ProgressLine()
    level = logging.ERROR if settings.quiet else logging.DEBUG if settings.verbose else logging.WARNING
    form = "%(relativeCreated)d ms: %(message)s" if settings.verbose else "note: %(message)s"
    handler = _Log(line)
    handler.setFormatter(LogFormatter(form))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("gitops_gen").setLevel(level)
    if settings.quiet or settings.verbose or not is_progress_shown():
        yield
        return
    with shown_by(line):
        yield

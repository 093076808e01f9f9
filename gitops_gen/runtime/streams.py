"""The three standard streams of this process."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import IO

_log = logging.getLogger(__name__)
_ERRORS = 2
_MOST = 2**16
"""Bytes of a library's messages that are logged."""


@contextmanager
def errors_logged() -> Iterator[None]:
    """Log what a library that is no Python writes to standard error, so that it is shown with `--verbose` only, and
    escaped: Helm's Go names the keys of a stranger's chart in its warnings.
    """
    said = _said()
    before = os.dup(_ERRORS)
    os.dup2(said.fileno(), _ERRORS)
    try:
        yield
    finally:
        os.dup2(before, _ERRORS)
        os.close(before)
        if os.fstat(said.fileno()).st_size:
            said.seek(0)
            _log.debug("%s", said.read(_MOST).decode(errors="replace"))
            said.seek(0)
            said.truncate()


@cache
def _said() -> IO[bytes]:
    return tempfile.TemporaryFile(buffering=0)


def open_streams() -> None:
    """Open each standard stream that was closed (`>&-`) on the null device. Otherwise the next file that is opened,
    such as a lock, would have its number, and what this process or git prints would be written into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - kept open

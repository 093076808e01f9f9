"""The three standard streams of this process."""

import os
import sys


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

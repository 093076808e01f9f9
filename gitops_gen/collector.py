"""Python's garbage collector, set for commands: they make next to no garbage in circles and end soon."""

import gc

THRESHOLD = 100_000
"""New objects after which it looks. At Python's 700 it took a tenth of a long command's time and found nothing."""


def relax() -> None:
    """Have it look seldom, in this process."""
    gc.set_threshold(THRESHOLD)

"""The time of the last contact with a remote: the last fetch or push of its branch."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gitops_gen.git.checkout import Checkout
from gitops_gen.git.runner import ask

_TIME = re.compile(rb"> ([0-9]+) [+-][0-9]{4}(?:\t|$)")


def last_fetch(checkout: Checkout) -> str:
    """When the branch's upstream was last seen as git knows it, as an ISO 8601 time in UTC; empty when that is unknown.

    A fetch that found nothing new leaves its time at FETCH_HEAD only, a push and a clone in the reflogs only
    (https://git-scm.com/docs/git-fetch, https://git-scm.com/docs/git-reflog).
    """
    ref = ask(checkout.project, "rev-parse", "--symbolic-full-name", "@{upstream}").text.strip()
    tip = ask(checkout.project, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").text.strip() if ref else ""
    if not tip or not ref.startswith("refs/remotes/"):
        return ""
    remote, _, branch = ref.removeprefix("refs/remotes/").partition("/")
    seen = re.compile(rb"%s\t[^\t]*\tbranch '%s' of " % (tip.encode(), re.escape(os.fsencode(branch))))
    times = [*_fetched(checkout, seen), *_logged(checkout.common_dir / "logs" / ref)]
    times += [] if times else _logged(checkout.common_dir / f"logs/refs/remotes/{remote}/HEAD")
    return datetime.fromtimestamp(max(times), UTC).isoformat(timespec="seconds") if times else ""


def _fetched(checkout: Checkout, seen: re.Pattern[bytes]) -> Iterator[float]:
    """The last fetch, if it saw the branch where it is known to be: it may have asked for another branch or remote."""
    for folder in {checkout.git_dir, checkout.common_dir}:
        file = folder / "FETCH_HEAD"
        try:
            if seen.search(file.read_bytes()):
                yield file.stat().st_mtime
        except OSError:
            continue


def _logged(file: Path) -> Iterator[float]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return
    if lines and (match := _TIME.search(lines[-1])):
        yield float(match[1])

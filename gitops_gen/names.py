"""Names that Kubernetes accepts, and suggestions for misspelled names.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
SUBDOMAIN_LENGTH = 253
RELEASE_NAME_LENGTH = 53
"""Helm refuses longer release names: https://helm.sh/docs/chart_template_guide/getting_started/"""
_SHOWN_CATEGORIES = ("Zs", "Co")
"""Of the characters that `str.isprintable` refuses: the spaces of all scripts, and letters of private fonts."""
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Letters and marks without a width: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point"""


def is_dns_label(name: str) -> bool:
    """Whether `name` can name a namespace or a Service (RFC 1123 label, 63 characters)."""
    return DNS_LABEL.fullmatch(name) is not None


def is_dns_subdomain(name: str) -> bool:
    """Whether `name` can name most other objects, such as an Application (RFC 1123 subdomain, 253 characters)."""
    return len(name) <= SUBDOMAIN_LENGTH and DNS_SUBDOMAIN.fullmatch(name) is not None


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to `name`; empty when none is close."""
    return next(iter(get_close_matches(name, sorted(known), 1)), "")


def meant(name: str, known: Iterable[str]) -> str:
    """A hint for a `name` that is probably a misspelled known one, as `web-config` for `web-conf`; else empty."""
    near = next(iter(get_close_matches(name, sorted(known), 1, 0.85)), "")
    return f"did you mean `{near}`?" if near else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown `name`: the closest known one, else all of them."""
    names = sorted(known)
    if near := nearest(name, names):
        return f"did you mean `{near}`?"
    return f"known: {', '.join(names)}" if names else ""


def printable(text: str) -> str:
    r"""Text from other people on one line, safe to print: line breaks, control characters, and characters that are
    invisible or change the direction of text are shown as escapes such as `\x1b`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(letter: str) -> str:
    visible = letter.isprintable() or unicodedata.category(letter) in _SHOWN_CATEGORIES
    return letter if visible and letter not in _FILLERS else letter.encode("unicode_escape").decode()

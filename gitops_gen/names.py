"""Names that Kubernetes accepts, and suggestions for misspelled names.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
SUBDOMAIN_LENGTH = 253
RELEASE_NAME_LENGTH = 53
"""Helm refuses longer release names: https://helm.sh/docs/chart_template_guide/getting_started/"""


def is_dns_label(name: str) -> bool:
    """Whether `name` can name a namespace or a Service (RFC 1123 label, 63 characters)."""
    return DNS_LABEL.fullmatch(name) is not None


def is_dns_subdomain(name: str) -> bool:
    """Whether `name` can name most other objects, such as an Application (RFC 1123 subdomain, 253 characters)."""
    return len(name) <= SUBDOMAIN_LENGTH and DNS_SUBDOMAIN.fullmatch(name) is not None


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to `name`; empty when none is close."""
    return next(iter(get_close_matches(name, sorted(known), 1)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown `name`: the closest known one, else all of them."""
    names = sorted(known)
    if near := nearest(name, names):
        return f"did you mean `{near}`?"
    return f"known: {', '.join(names)}" if names else ""


def printable(text: str) -> str:
    """Text from other people on one line, with control characters replaced: safe to print in a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)

"""Keys that by their name hold a credential: a password, a token, a private key. In git it is in plain text, and stays
in the history; a chart reads it from a Secret instead.
"""

import re
from collections.abc import Iterator
from typing import Any

from gitops_gen.yaml.key_paths import KeyPath, tree_nodes

HINT = "let the chart read it from a Secret: `gitops-gen secrets` lists the keys of Secrets that it reads"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ALWAYS = {"password", "passwd", "passphrase", "pwd"}
_OFTEN = {"token", "secret", "apikey", "accesskey", "secretkey", "privatekey", "credential", "credentials"}
"""What may as well be the name of a Secret or of a file: only a value that cannot be one is a credential."""
_PAIRS = {("api", "key"), ("access", "key"), ("secret", "key"), ("private", "key"), ("signing", "key")}
_NO_LITERAL = re.compile(r"\{\{|\$[({\w]|^\{[\w.]+\}$|^<.*>$|^(ref\+|vault:|secret:|env:)|^\*+$")
"""A template, a variable, a placeholder, or the address of a secret in a store."""
_NAME_OR_PATH = re.compile(r"[a-z]+([-._/][a-z0-9]+)*|[./].*|https?://[^@]*|[A-Z]+(_[A-Z0-9]+)*")
_LOGIN = re.compile(r"://[^/\s:@]+:(?!\$|\{|\*|<)[^/\s@]+@")
_FORMATS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}"
    r"|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}"
    r"|\b[rs]k_live_[A-Za-z0-9]{20,}"  # Stripe
    r"|\bAIza[A-Za-z0-9_-]{35}\b"  # Google
    r"|\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b"  # SendGrid
    r"|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,}|\bdckr_pat_[A-Za-z0-9_-]{20,}|\bhvs\.[A-Za-z0-9_-]{24,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"  # a JSON Web Token
)
"""Formats by which services tell their credentials: one is a credential under any key."""
_MARKS = (
    *("PRIVATE KEY-----", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox"),
    *("hooks.slack.com", "k_live_", "AIza", "SG.", "npm_", "pypi-", "dckr_pat_", "hvs.", "eyJ"),
)
_SHORTEST = 6


def is_credential(path: KeyPath, value: Any) -> bool:
    """Whether a value in plain text is a credential, by its key and by itself.

    >>> is_credential(("postgres", "password"), "hunter2"), is_credential(("existingSecret",), "postgres-login")
    (True, False)
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    if has_credential_format(text) or _LOGIN.search(text):
        return True
    words = _words(path)
    if not text or _NO_LITERAL.search(text) or not words:
        return False
    if words[-1] in _ALWAYS:
        return not text.startswith("/")
    often = words[-1] in _OFTEN or words[-2:] in _PAIRS
    return often and isinstance(value, str) and len(text) >= _SHORTEST and not _NAME_OR_PATH.fullmatch(text)


def has_credential_format(text: str) -> bool:
    """Whether a text has a private key, or a token that its format tells.

    >>> has_credential_format("AKIA" + "A1B2" * 4), has_credential_format("postgres://db:5432/shop")
    (True, False)
    """
    # Most texts have none of the marks, and finding that is ten times as fast as the expression.
    return any(mark in text for mark in _MARKS) and _FORMATS.search(text) is not None


def credentials(values: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of each credential in a tree of values."""
    return (found for found, value in tree_nodes(values, path) if is_credential(found, value))


def _words(path: KeyPath) -> tuple[str, ...]:
    """The words of the last part of a path that is a name, in small letters."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    return tuple(word.lower() for word in _WORD.findall(name))

"""Keys that by their name hold a credential: a password, a token, a private key. In git it is in plain text, and stays
in the history; a chart reads it from a Secret instead.
"""

import re
from collections.abc import Iterator
from typing import Any

from gitops_gen.yaml.key_paths import KeyPath

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
_PRIVATE_KEY = "PRIVATE KEY-----"
_SHORTEST = 6


def is_credential(path: KeyPath, value: Any) -> bool:
    """Whether a value in plain text is a credential, by its key and by itself.

    >>> is_credential(("postgres", "password"), "hunter2"), is_credential(("existingSecret",), "postgres-login")
    (True, False)
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    if _PRIVATE_KEY in text or _LOGIN.search(text):
        return True
    words = _words(path)
    if not text or _NO_LITERAL.search(text) or not words:
        return False
    if words[-1] in _ALWAYS:
        return not text.startswith("/")
    often = words[-1] in _OFTEN or words[-2:] in _PAIRS
    return often and isinstance(value, str) and len(text) >= _SHORTEST and not _NAME_OR_PATH.fullmatch(text)


def credentials(values: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of each credential in a tree of values."""
    if isinstance(values, dict):
        for key, item in values.items():
            yield from credentials(item, (*path, key))
    elif isinstance(values, list):
        for index, item in enumerate(values):
            yield from credentials(item, (*path, index))
    elif is_credential(path, values):
        yield path


def _words(path: KeyPath) -> tuple[str, ...]:
    """The words of the last part of a path that is a name, in small letters."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    return tuple(word.lower() for word in _WORD.findall(name))

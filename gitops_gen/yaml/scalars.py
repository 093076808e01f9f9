"""Plain scalars as Kubernetes reads them.

kubectl, Helm and Argo CD share a reader (sigs.k8s.io/yaml over go-yaml v2) that follows neither YAML 1.1 nor 1.2: `y`
and `on` are booleans, `0400` and `0o400` are 256, `1e3` is 1000, `1_000` is 1000, dates stay strings. No Python library
agrees with it, so `scalar` resolves for reading and writing alike: https://github.com/yaml/go-yaml/blob/v2/resolve.go
"""

import math
import re
from functools import lru_cache

WHOLE_FLOAT_LIMIT = 1e21
"""From here on Go writes floats with an exponent, and they stay floats."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NUMERIC_START = frozenset("0123456789+-.")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

TAG = "tag:yaml.org,2002:"
TAGS = {str: TAG + "str", bool: TAG + "bool", int: TAG + "int", float: TAG + "float", type(None): TAG + "null"}
"""The tag of each type that a scalar can have."""


@lru_cache(maxsize=16384)
def scalar(text: str) -> str | int | float | bool | None:
    """What a plain (unquoted) scalar is to Kubernetes' reader; whole floats are integers, as they are in JSON.

    >>> scalar("0400"), scalar("1e3"), scalar("y"), scalar("12:30")
    (256, 1000, True, '12:30')
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC_START else text


def _number(text: str) -> str | int | float:
    if _NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".", "", 1))
    digits = text if text[0] == "." else text.replace("_", "")
    if (match := _INTEGER.fullmatch(digits)) and text[0] != ".":
        number = _integer(match[2])
        if number < 2**63 or (number < 2**64 and match[1] != "-") or (number == 2**63 and match[1] == "-"):
            return -number if match[1] == "-" else number
    return real(digits) if _FLOAT.fullmatch(digits) and not _overflows(digits) else text


def _integer(digits: str) -> int:
    if digits[:1] == "0" and digits[1:].isdigit():
        return int(digits, 8)
    return int(digits, 0)


def real(digits: str) -> int | float:
    """A number that is written as a float: whole ones are integers."""
    value = float(digits)
    return int(value) if value.is_integer() and abs(value) < WHOLE_FLOAT_LIMIT else value


def _overflows(digits: str) -> bool:
    return math.isinf(float(digits))

"""How a template prints a scalar: `{{ .Values.key }}` prints it as Go's `fmt` does, after Helm read every number as
a float64. So 1.10 comes out as 1.1, and 7654321 as 7.654321e+06.
"""

import math
from decimal import Decimal

from gitops_gen.yaml.scalars import scalar

EXPONENT_FROM = 6
"""From this power of ten on Go prints `%v` of a float with an exponent.

https://github.com/golang/go/blob/master/src/strconv/ftoa.go (`%e is used if …`)
"""

EXPONENT_BELOW = -4


def printed(value: str | float | bool | None) -> str:  # noqa: FBT001 - one of the types that a scalar has
    """The text that `{{ .Values.key }}` leaves in a manifest; nothing for a null."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: ""}[value]
    return _number(float(value))


def _number(value: float) -> str:
    if not math.isfinite(value):
        return f"{value:+}".replace("i", "I").replace("+nan", "NaN")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) + int(exponent) - 1
    if EXPONENT_BELOW <= power < EXPONENT_FROM or not value:
        return repr(value).removesuffix(".0")
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{'-' if power < 0 else '+'}{abs(power):02}"


def survives(text: str) -> bool:
    """Whether a template prints `text` again after it was written without quotes and read by Helm.

    >>> survives("1.5"), survives("1.10"), survives("0812345"), survives("7654321"), survives("on")
    (True, False, False, False, False)
    """
    value = scalar(text)
    return value is not None and printed(value) == text

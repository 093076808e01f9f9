"""Kubernetes quantities as numbers (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/)."""

import re
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE])?)")
_BINARY = {unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_UNITS = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")
_DECIMAL = {unit: Decimal(1000) ** power for power, unit in enumerate(_UNITS, -3)}


def quantity(value: Any) -> Decimal | None:
    """The number behind `10Gi`, `500m` or `1e3`; None for what is no quantity.

    >>> quantity("1Gi") > quantity("1G"), quantity("500m")
    (True, Decimal('0.500'))
    """
    match = _QUANTITY.fullmatch(str(value))
    if match is None or isinstance(value, bool):
        return None
    number, exponent, unit = match.groups()
    return Decimal(number + exponent) if exponent else Decimal(number) * {**_BINARY, **_DECIMAL}[unit or ""]

"""The functions that Kubernetes adds to CEL: https://kubernetes.io/docs/reference/using-api/cel/#cel-community-libraries.

A quantity, a URL, an address and the like is a map with one key, its type, for the library has no types of ours.
"""

import ipaddress
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from gitops_gen.manifests.quantity import quantity


class CelType(Enum):
    """The types of CEL, by the library's names."""

    BOOL = auto()
    INT = auto()
    DOUBLE = auto()
    STRING = auto()
    LIST = auto()
    MAP = auto()
    DYN = auto()


@dataclass(frozen=True, slots=True)
class Overload:
    """One form of a function; of a method, what it is called on is the first that it takes."""

    function: Callable[..., Any]
    takes: tuple[CelType, ...]
    gives: CelType
    is_member: bool = True


Boxed: TypeAlias = Mapping[str, Any]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_BOOL, _INT, _DOUBLE, _STRING, _LIST, _MAP, _DYN = CelType
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


def _number(text: str) -> Decimal:
    found = quantity(text)
    if found is None:
        raise ValueError(f"`{text}` is no quantity")
    return found


def _boxed_number(number: Decimal) -> Boxed:
    return {"quantity": str(number.normalize())}


def _unboxed(box: Boxed) -> Any:
    """What can be compared and calculated with."""
    if "quantity" in box:
        return Decimal(box["quantity"])
    if "semver" in box:
        return _precedence(box["semver"])
    raise ValueError("no such overload")


def _add(box: Boxed, other: Boxed | int) -> Boxed:
    return _boxed_number(_unboxed(box) + (other if isinstance(other, int) else _unboxed(other)))


def _subtract(box: Boxed, other: Boxed | int) -> Boxed:
    return _boxed_number(_unboxed(box) - (other if isinstance(other, int) else _unboxed(other)))


def _compare(box: Boxed, other: Boxed) -> int:
    one, two = _unboxed(box), _unboxed(other)
    return int(one > two) - int(one < two)


def _integer(box: Boxed) -> int:
    number = Decimal(box["quantity"])
    if number != int(number):
        raise ValueError("the quantity is no integer")
    return int(number)


def _precedence(version: str) -> tuple[Any, ...]:
    """https://semver.org/#spec-item-11."""
    match = _SEMVER.fullmatch(version)
    if match is None:
        raise ValueError(f"`{version}` is no semantic version")
    names = re.findall("[^.]+", match[4] or "")
    before = [(0, int(name), "") if name.isdigit() else (1, 0, name) for name in names]
    return (int(match[1]), int(match[2]), int(match[3]), not names, before)


def _version(text: str) -> Boxed:
    _precedence(text)
    return {"semver": text}


def _url(text: str) -> Boxed:
    found = urlsplit(text)
    if not (found.scheme and (found.netloc or found.path)) and not text.startswith("/"):
        raise ValueError(f"`{text}` is no absolute URL")
    return {"url": text}


def _port(url: SplitResult) -> str:
    return str(url.port) if url.port is not None else ""


def _part(part: Callable[[SplitResult], Any]) -> Overload:
    return Overload(lambda box: part(urlsplit(box["url"])), (_MAP,), _STRING)


def _query(box: Boxed) -> dict[str, list[str]]:
    from urllib.parse import parse_qs

    return parse_qs(urlsplit(box["url"]).query, keep_blank_values=True)


def _ip(text: str) -> Boxed:
    return {"ip": str(_address(text))}


def _address(value: Boxed | str) -> Address:
    found = ipaddress.ip_address(value if isinstance(value, str) else value["ip"])
    if isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped or found.scope_id):
        raise ValueError(f"`{found}` is an IPv4-mapped address or has a zone")
    return found


def _network(value: Boxed | str) -> Network:
    return ipaddress.ip_network(value if isinstance(value, str) else value["cidr"], strict=False)


def _cidr(text: str) -> Boxed:
    _network(text)
    if "/" not in text:
        raise ValueError(f"`{text}` is no CIDR")
    return {"cidr": text}


def _contains(box: Boxed, address: Boxed | str) -> bool:
    return _address(address) in _network(box)


def _contains_network(box: Boxed, other: Boxed | str) -> bool:
    inner, outer = _network(other), _network(box)
    return inner.version == outer.version and int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


def _masked(box: Boxed) -> Boxed:
    return {"cidr": str(_network(box))}


def _accepts(make: Callable[[str], Any]) -> Overload:
    def check(text: str) -> bool:
        try:
            make(text)
        except ValueError:
            return False
        return True

    return Overload(check, (_STRING,), _BOOL, is_member=False)


def _of(property_of: Callable[[Address], Any], gives: CelType = _BOOL) -> Overload:
    return Overload(lambda box: property_of(_address(box)), (_MAP,), gives)


def _is_sorted(items: list[Any]) -> bool:
    return all(one <= two for one, two in itertools.pairwise(items))


def _last_index(items: list[Any], item: Any) -> int:
    return max((index for index, one in enumerate(items) if one == item), default=-1)


def _index(items: list[Any], item: Any) -> int:
    return items.index(item) if item in items else -1


def _position(function: Callable[[list[Any], Any], int]) -> tuple[Overload, ...]:
    kinds = (_STRING, _INT, _DOUBLE, _BOOL, _MAP)
    return tuple(Overload(function, (_LIST, kind), _INT) for kind in kinds)


UNKNOWN_PATTERN = "a pattern with a repeated group is not evaluated here"
"""Python may need years for one that Kubernetes' expressions, which never go back, match at once."""


def _checked(pattern: str) -> str:
    if re.search(r"\)[*+{]", pattern):
        raise ValueError(UNKNOWN_PATTERN)
    return pattern


def _find(text: str, pattern: str) -> str:
    match = re.search(_checked(pattern), text, re.ASCII)
    return match[0] if match else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match[0] for match in re.finditer(_checked(pattern), text, re.ASCII)]
    return found if limit < 0 else found[:limit]


_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
FORMATS: Mapping[str, tuple[int, str]] = {
    "dns1123Label": (63, _LABEL),
    "dns1123Subdomain": (253, rf"{_LABEL}(\.{_LABEL})*"),
    "dns1035Label": (63, "[a-z]([-a-z0-9]*[a-z0-9])?"),
    "labelValue": (63, "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"),
    "uuid": (36, "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}


def _validate(box: Boxed, text: str) -> Boxed:
    """An optional of the complaints, as a map."""
    limit, pattern = FORMATS[box["format"]]
    is_right = len(text) <= limit and re.fullmatch(pattern, text)
    return {} if is_right else {"optional": [f"must be a {box['format']}"]}


def _format(name: str) -> Overload:
    return Overload(lambda: {"format": name}, (), _MAP, is_member=False)


def _shared(one: Iterable[Any], two: list[Any]) -> bool:
    return any(item in two for item in one)


def _all_in(one: list[Any], two: Iterable[Any]) -> bool:
    return all(item in one for item in two)


def _set_function(function: Callable[..., bool]) -> tuple[Overload, ...]:
    return (Overload(function, (_LIST, _LIST), _BOOL, is_member=False),)


def _made(make: Callable[[str], Boxed]) -> tuple[Overload, ...]:
    return (Overload(make, (_STRING,), _MAP, is_member=False),)


def _with_addresses(function: Callable[..., bool]) -> tuple[Overload, ...]:
    return (Overload(function, (_MAP, _STRING), _BOOL), Overload(function, (_MAP, _MAP), _BOOL))


def _calculation(function: Callable[..., Boxed]) -> tuple[Overload, ...]:
    return (Overload(function, (_MAP, _MAP), _MAP), Overload(function, (_MAP, _INT), _MAP))


def _comparison(holds: Callable[[int], bool]) -> tuple[Overload, ...]:
    return (Overload(lambda box, other: holds(_compare(box, other)), (_MAP, _MAP), _BOOL),)


FUNCTIONS: Mapping[str, tuple[Overload, ...]] = {
    "quantity": _made(lambda text: _boxed_number(_number(text))),
    "isQuantity": (_accepts(_number),),
    "isInteger": (Overload(lambda box: _unboxed(box) == int(_unboxed(box)), (_MAP,), _BOOL),),
    "asInteger": (Overload(_integer, (_MAP,), _INT),),
    "asApproximateFloat": (Overload(lambda box: float(_unboxed(box)), (_MAP,), _DOUBLE),),
    "sign": (Overload(lambda box: _compare(box, {"quantity": "0"}), (_MAP,), _INT),),
    "add": _calculation(_add),
    "sub": _calculation(_subtract),
    "compareTo": (Overload(_compare, (_MAP, _MAP), _INT),),
    "isLessThan": _comparison(lambda order: order < 0),
    "isGreaterThan": _comparison(lambda order: order > 0),
    "semver": _made(_version),
    "isSemver": (_accepts(_version),),
    "major": (Overload(lambda box: _unboxed(box)[0], (_MAP,), _INT),),
    "minor": (Overload(lambda box: _unboxed(box)[1], (_MAP,), _INT),),
    "patch": (Overload(lambda box: _unboxed(box)[2], (_MAP,), _INT),),
    "url": _made(_url),
    "isURL": (_accepts(_url),),
    "getScheme": (_part(lambda url: url.scheme),),
    "getHost": (_part(lambda url: url.netloc.rpartition("@")[2]),),
    "getHostname": (_part(lambda url: url.hostname or ""),),
    "getPort": (_part(_port),),
    "getEscapedPath": (_part(lambda url: url.path),),
    "getQuery": (Overload(_query, (_MAP,), _MAP),),
    "ip": (*_made(_ip), Overload(lambda box: _ip(box["cidr"].partition("/")[0]), (_MAP,), _MAP)),
    "isIP": (_accepts(_ip),),
    "ip.isCanonical": (Overload(lambda text: str(_address(text)) == text, (_STRING,), _BOOL, is_member=False),),
    "family": (_of(lambda address: address.version, _INT),),
    "isUnspecified": (_of(lambda address: address.is_unspecified),),
    "isLoopback": (_of(lambda address: address.is_loopback),),
    "isLinkLocalUnicast": (_of(lambda address: address.is_link_local),),
    "isGlobalUnicast": (_of(lambda address: not _is_special(address)),),
    "cidr": _made(_cidr),
    "isCIDR": (_accepts(_cidr),),
    "containsIP": _with_addresses(_contains),
    "containsCIDR": _with_addresses(_contains_network),
    "prefixLength": (Overload(lambda box: _network(box).prefixlen, (_MAP,), _INT),),
    "masked": (Overload(_masked, (_MAP,), _MAP),),
    "isSorted": (Overload(_is_sorted, (_LIST,), _BOOL),),
    "sum": (Overload(sum, (_LIST,), _DYN),),
    "min": (Overload(min, (_LIST,), _DYN),),
    "max": (Overload(max, (_LIST,), _DYN),),
    "indexOf": _position(_index),
    "lastIndexOf": _position(_last_index),
    "find": (Overload(_find, (_STRING, _STRING), _STRING),),
    "findAll": (
        Overload(_find_all, (_STRING, _STRING), _LIST),
        Overload(_find_all, (_STRING, _STRING, _INT), _LIST),
    ),
    "sets.contains": _set_function(_all_in),
    "sets.intersects": _set_function(_shared),
    "sets.equivalent": _set_function(lambda one, two: _all_in(one, two) and _all_in(two, one)),
    **{f"format.{name}": (_format(name),) for name in FORMATS},
    "validate": (Overload(_validate, (_MAP, _STRING), _MAP),),
    "hasValue": (Overload(lambda box: "optional" in box, (_MAP,), _BOOL),),
    "value": (Overload(lambda box: box["optional"], (_MAP,), _LIST),),
}


def _is_special(address: Address) -> bool:
    """What Go's `IsGlobalUnicast` leaves out: https://pkg.go.dev/net/netip#Addr.IsGlobalUnicast."""
    broadcast = str(address) == "255.255.255.255"
    return address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local or broadcast

"""The forms that Kubernetes demands of texts: names, quantities, ports, times.

Each takes an empty text: where that is not allowed, the schema says so by a length.
"""

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from gitops_gen.manifests.quantity import quantity
from gitops_gen.models.cron import CRON_FIELDS, is_cron_field
from gitops_gen.names import is_dns_label, is_dns_subdomain

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PORT_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_PERCENTAGE = re.compile(r"\d+%")
_SHARE = re.compile(r"(\d{1,2}|100)%")
_RESOURCE_FIELD = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)")
_ONE_OF_METADATA = r"metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['.+'\]"
_METADATA_PATH = re.compile(rf"{_ONE_OF_METADATA}|metadata\.(labels|annotations)")
_FIELD_PATH = re.compile(rf"{_ONE_OF_METADATA}|spec\.(nodeName|serviceAccountName|host)|status\.(hostIPs?|podIPs?)")
"""https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#available-fields"""

_SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
_PART = r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(([A-Za-z0-9][-A-Za-z0-9.]*|\[[0-9a-fA-F:]+\])(:\d+)?/)?{_PART}(/{_PART})*"
    r"(:\w[\w.-]{0,127})?(@[A-Za-z][\w.+-]*:[0-9a-fA-F]{32,})?"
)
"""With another one the kubelet reports InvalidImageName: https://pkg.go.dev/github.com/distribution/reference"""
_ENV_NAME = re.compile(r"[ -<>-~]+")
"""Printable ASCII without `=`: https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/"""

_CRON_MACROS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_PORT_NAME_LENGTH = 15


def is_label_key(text: str) -> bool:
    """Whether it is like `app.kubernetes.io/name`.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
    """
    prefix, slash, name = text.rpartition("/")
    return (not slash or is_dns_subdomain(prefix)) and _LABEL_VALUE.fullmatch(name) is not None


def is_port_name(text: str) -> bool:
    """At most 15 lower-case letters, digits and single hyphens, one letter among them (RFC 6335)."""
    has_letter = any("a" <= letter <= "z" for letter in text)
    return len(text) <= _PORT_NAME_LENGTH and has_letter and _PORT_NAME.fullmatch(text) is not None


def is_cron(text: str) -> bool:
    """A schedule as https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format reads it."""
    if text.startswith("@"):
        return text in _CRON_MACROS or re.fullmatch(r"@every (\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+", text) is not None
    fields = text.split()
    is_whole = len(fields) == len(CRON_FIELDS)
    return is_whole and all(is_cron_field(field, index) for index, field in enumerate(fields))


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return False
    return True


def _is_amount(text: str) -> bool:
    amount = quantity(text)
    return amount is not None and amount >= 0


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _is_host(text: str) -> bool:
    return is_dns_subdomain(text.removeprefix("*.")) and not _is_address(text)


def _is_relative_path(text: str) -> bool:
    return not text.startswith("/") and ".." not in text.split("/")


def _is_finalizer(text: str) -> bool:
    return text in {"foregroundDeletion", "kubernetes", "orphan"} or ("/" in text and is_label_key(text))


def _is_resource(text: str) -> object:
    return "/" in text or text in {"cpu", "memory", "ephemeral-storage"} or text.startswith("hugepages-")


def _is_time_zone(text: str) -> bool:
    return text != "Local" and re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", text) is not None


_KEY = "letters, digits, `-`, `_` and `.`, after an optional `domain/`"
_FORMS: dict[str, tuple[str, Callable[[str], object]]] = {
    "byte": ("base64", _is_base64),
    "annotation-key": (_KEY, lambda text: is_label_key(text.lower())),
    "cidr": ("an address range, such as 10.0.0.0/8", _is_cidr),
    "cluster-ip": ("an IP address, or None", lambda text: text == "None" or _is_address(text)),
    "cron": ("a schedule of five fields, such as `0 3 * * *`", is_cron),
    "data-key": ("a key of letters, digits, `-`, `_` and `.`", _DATA_KEY.fullmatch),
    "dns-label": ("a name of at most 63 lower-case letters, digits and `-`", is_dns_label),
    "dns-subdomain": ("a name of lower-case letters, digits, `-` and `.`", is_dns_subdomain),
    "env-name": ("a name of printable ASCII letters without `=`", _ENV_NAME.fullmatch),
    "field-path": ("a field of the pod, such as metadata.name", _FIELD_PATH.fullmatch),
    "finalizer": ("a name with a `/`, such as example.com/name", _is_finalizer),
    "header-name": ("letters, digits and `-`", re.compile(r"[-A-Za-z0-9]+").fullmatch),
    "host-path": ("a path without `..`", lambda text: ".." not in text.split("/")),
    "host": ("a host name, in lower case and no IP address; `*.` may begin it", _is_host),
    "image": ("an image such as example.com/path:tag, with a path in lower case", _IMAGE.fullmatch),
    "ip-address": ("an IP address", _is_address),
    "label-key": (_KEY, is_label_key),
    "label-value": ("at most 63 letters, digits, `-`, `_` and `.`", _LABEL_VALUE.fullmatch),
    "metadata-path": ("a field of the pod's metadata, such as metadata.labels", _METADATA_PATH.fullmatch),
    "medium": ("Memory, or HugePages with a size or none", re.compile(r"Memory|HugePages(-\d+[KMGT]i)?").fullmatch),
    "percentage": ("a number or a percentage, such as 25%", _PERCENTAGE.fullmatch),
    "port-name": ("a port's name: at most 15 lower-case letters, digits and `-`, with a letter", is_port_name),
    "quantity": ("an amount, such as 500m or 1Gi", _is_amount),
    "relative-path": ("a relative path without `..`", _is_relative_path),
    "resource-field": ("a limit or request, such as limits.memory", _RESOURCE_FIELD.fullmatch),
    "resource-name": ("cpu, memory, ephemeral-storage, hugepages-…, or a name with a `/`", _is_resource),
    "share": ("a number, or a percentage of at most 100%", _SHARE.fullmatch),
    "sysctl": ("the name of a kernel setting, such as net.core.somaxconn", _SYSCTL.fullmatch),
    "time-zone": ("a time zone, such as Europe/Berlin", _is_time_zone),
    "url-path": ("a path that begins with `/`", lambda text: text.startswith("/")),
}

DESCRIBED: Mapping[str, str] = {
    **{name: text for name, (text, _) in _FORMS.items()},
    "date-time": "a time, such as 2026-01-31T12:00:00Z",
}
"""What a text of each form is."""


def _allowing_nothing(is_valid: Callable[[str], object]) -> Callable[[str], bool]:
    """The same question, with yes for an empty text; a fleet asks it about the same texts again and again."""
    return lru_cache(maxsize=2048)(lambda text: not text or bool(is_valid(text)))


FORMATS: Mapping[str, Callable[[str], bool]] = {name: _allowing_nothing(check) for name, (_, check) in _FORMS.items()}
"""Whether a text has the form."""

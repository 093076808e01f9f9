"""Host names in text: which of the rendered Services a command line, a script or an environment value talks to.

A Service may be called `app` or `cache`, so a bare word proves nothing: a name counts where only a host can be (in
a URL, before one of the Service's own ports, behind `-h`), or as the whole value of a variable that is named like an
address.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

_BEFORE = re.compile(
    r"(://(?:[^\s/@]*@)?|(?:^|\s)-h[ =]?|--?host(?:name)?[ =]|\bhost=|/dev/tcp/|\bnslookup\s+|\bhosts\s+"
    r"|\bwait[-_]for\S*\s+(?:tcp:)?)['\"]?$"
)
_ADDRESS_NAME = re.compile(
    r"(HOSTS?|HOSTNAME|ADDR|ADDRESS(ES)?|URLS?|URI|DSN"
    r"|(^|_)(SEEDS?|SERVERS?|ENDPOINTS?|BROKERS?|UPSTREAMS?|PEERS|NODES))$",
    re.IGNORECASE,
)
_OWN_NAME = re.compile(
    r"(?:(?:^|\s)--?(?:(?:[\w-]+-)?(?:sans?|(?:dns|alt|common)-?names?|cn|cert(?:ificate)?-(?:dns|host(?:name)?s?))"
    r"|subj(?:ect)?|addext|advertise[\w-]*|listen[\w-]*|bind[\w-]*"
    r"|(?:external|public|root|base)-?url|issuer[\w-]*|audience[\w-]*)[ =]|\bDNS(?:\.\d+)?\s*[:=]|\bCN\s*=)\S*$",
    re.IGNORECASE,
)
"""Before a name that a certificate is made for, or that a server has itself: no client connects to it there."""

_MAKES_CERTIFICATE = re.compile(r"--secret-name\b|\bcfssl\b|\bgencert\b|\bcertgen\b|\bmkcert\b|\bopenssl\s+req\b")
_HOST_LIST = re.compile(r"(?:^|\s)--?host(?:name)?s?[ =]\S*$")
"""With such a command, `--host=` lists the names in the certificate."""

_USER = re.compile(r"[^\s/@'\"]*@")
"""Behind a name that is the user of a URL."""

_PORT = re.compile(r"(?::|\s+)(\d{2,5})(?!\d)")
_LOOK_BEHIND = 200
"""How far before a name its context can begin: user and password of a URL are there."""


@dataclass(frozen=True, slots=True)
class HostNames:
    """The rendered Services' names, with the ports that each one listens on."""

    ports: Mapping[str, frozenset[int]]
    pattern: re.Pattern[str]
    _found: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)

    def in_text(self, text: str) -> Iterator[str]:
        """The Services that a command line, a script or a configuration text talks to."""
        if text not in self._found:
            self._found[text] = list(self._in_text(text))
        yield from self._found[text]

    def _in_text(self, text: str) -> Iterator[str]:
        for match in self.pattern.finditer(text):
            name = match[1]
            if _is_own_name(text, match.start()):
                continue
            if _USER.match(text, match.end()):
                continue
            port = _PORT.match(text, match.end())
            before = text[max(0, match.start() - _LOOK_BEHIND) : match.start()]
            if match[2] or (port and int(port[1]) in self.ports[name]) or _BEFORE.search(before):
                yield name

    def in_variable(self, name: str, value: str) -> Iterator[str]:
        """The Services that an environment variable points to; `redis` alone counts when the variable is called
        `…_HOST` or so.
        """
        if _is_own_name(option := _as_option(name), len(option)):
            return
        if _ADDRESS_NAME.search(name):
            for part in value.split(","):
                if part.strip() in self.ports:
                    yield part.strip()
        yield from self.in_text(value)


def _as_option(variable: str) -> str:
    """The option of the same meaning as a variable: `--cert-sans=` for `CERT_SANS`."""
    return f"--{variable.replace('_', '-')}="


def _is_own_name(text: str, start: int) -> bool:
    before = text[max(0, start - _LOOK_BEHIND) : start]
    return bool(_OWN_NAME.search(before)) or bool(_HOST_LIST.search(before) and _MAKES_CERTIFICATE.search(text))


def host_names(services: Iterable[tuple[str, frozenset[int]]]) -> HostNames:
    """A finder for Services, given as name and ports."""
    return _host_names(tuple(services))


@lru_cache(maxsize=1)
def _host_names(services: tuple[tuple[str, frozenset[int]], ...]) -> HostNames:
    """The environments of a fleet have the same Services: what is found for one is known for the next."""
    ports = dict(services)
    names = "|".join(re.escape(name) for name in sorted(ports, key=len, reverse=True)) or r"(?!)"
    # The second group is what only a cluster's own DNS name has behind the Service's name: `.namespace.svc`.
    return HostNames(
        ports, re.compile(rf"(?<![\w.-])({names})(?:\.[a-z0-9-]+(\.svc)(?:\.[a-z0-9.-]+)?)?(?![\w-]|\.[a-z0-9])")
    )


_ANY_HOST = re.compile(
    r"(?<![\w.-])([a-z](?:[a-z0-9-]*[a-z0-9])?)(?:\.([a-z0-9-]+)(\.svc(?:\.[a-z0-9.-]+)?)?)?(?![\w-]|\.[a-z0-9])"
)
"""A name in a cluster: of a Service, behind it perhaps a namespace, behind that perhaps `.svc`."""


def any_hosts(text: str, variable: str = "") -> Iterator[tuple[str, str]]:
    """What may be a Service of any namespace that a text talks to: its name, and its namespace where that is written.

    Where only the port tells that it is a host, the name has the port: `redis:6379`. `variable` is the name of the
    environment variable whose value the text is.
    """
    option = _as_option(variable) if variable else ""
    if not _is_own_name(option, len(option)):
        yield from _any_hosts(text, is_address=bool(_ADDRESS_NAME.search(variable)))


@lru_cache(maxsize=1024)
def _any_hosts(text: str, *, is_address: bool) -> tuple[tuple[str, str], ...]:
    """The environments of a fleet have most of their scripts and variables in common."""
    found = dict[tuple[str, str], None]()
    for match in _ANY_HOST.finditer(text):
        start, end = match.span()
        name, namespace, port = match[1], match[2] or "", _PORT.match(text, end)
        whole = is_address and not text[:start].rpartition(",")[2].strip() and text[end : end + 1] in ("", ",", ":")
        is_host = match[3] or whole or _BEFORE.search(text[max(0, start - _LOOK_BEHIND) : start])
        # Nearly every word of a script is neither, so that the rest is not asked about it.
        if (is_host or port) and not _USER.match(text, end) and not _is_own_name(text, start):
            found[name if is_host or not port else f"{name}:{port[1]}", namespace] = None
    return tuple(found)

"""The rule on hosts that look copied: what one environment serves, and another one is configured with."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.pods import pod_of
from gitops_gen.rules.rule import Finding, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

_HOST = re.compile(r"(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?![\w-])")

FOREIGN = Rule(
    id="host-of-another-environment",
    title="An environment is configured with its own hosts",
    explanation=(
        "A ConfigMap or an environment variable has a host that an Ingress or HTTPRoute of another environment serves, "
        "and none that it serves itself: mostly a value was copied from there, and the pods talk to the wrong "
        "environment. It is checked between the environments that are validated together."
    ),
    remedy="correct the value, or set it aside in rules.ignore when the environments share the host",
    severity=Severity.WARNING,
)
RULES = (FOREIGN,)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnNames:
    """The hosts of an environment: those that it serves, and those that it is configured with, each with the object
    that has it and its template.
    """

    served: frozenset[str] = frozenset()
    used: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def own_names(plan: SyncPlan) -> OwnNames:
    """The hosts in the objects of a plan."""
    used: dict[str, tuple[str, str]] = {}
    for manifest in plan.manifests:
        for text in _texts(manifest):
            for match in _HOST.finditer(text):
                used.setdefault(match[0], (str(manifest.id), manifest.source))
    return OwnNames(served=frozenset(host for item in plan.manifests for host in _served(item)), used=used)


def foreign_hosts(environments: Iterable[tuple[str, OwnNames]]) -> dict[str, list[Finding]]:
    """For each environment the hosts of others that it is configured with."""
    every = dict(environments)
    owners: dict[str, list[str]] = {}
    for name, hosts in every.items():
        for host in hosts.served:
            owners.setdefault(host, []).append(name)
    return {name: found for name, hosts in every.items() if (found := list(_findings(hosts, owners)))}


def _findings(hosts: OwnNames, owners: Mapping[str, list[str]]) -> Iterator[Finding]:
    for host, (item, source) in hosts.used.items():
        if host not in hosts.served and (others := owners.get(host)):
            message = f"has the host {host}, which {others[0]} serves"
            yield FOREIGN.finding(message, object=item, source=source, others=(others[0],))


def _served(manifest: Manifest) -> Iterator[str]:
    if manifest.kind == "Ingress":
        found: list[Any] = [rule.get("host") for rule in mappings(manifest.spec.get("rules"))]
    elif manifest.kind in {"HTTPRoute", "GRPCRoute", "TLSRoute"}:
        found = sequence(manifest.spec.get("hostnames"))
    else:
        return
    yield from (host for host in found if isinstance(host, str))


def _texts(manifest: Manifest) -> Iterator[str]:
    if (manifest.id.group, manifest.kind) == ("", "ConfigMap"):
        yield from (value for value in mapping(manifest.data.get("data")).values() if isinstance(value, str))
    pod = pod_of(manifest)
    for container in (*pod.init_containers, *pod.containers) if pod else ():
        for item in mappings(container.get("env")):
            if isinstance(item.get("value"), str):
                yield item["value"]

"""Rules on Services: their pods, their ports, and what leads traffic to them."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, number, sequence
from gitops_gen.manifests.pods import Pod, containers_of
from gitops_gen.rules.kubernetes.selectors import is_of_operator, selected_pods
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath

_CLASS = "kubernetes.io/ingress.class"
_CANARY = "nginx.ingress.kubernetes.io/canary"
"""Such an Ingress takes a part of another one's requests: https://kubernetes.github.io/ingress-nginx"""
_STEPS = re.compile(r"//|/\.\.?(/|$)|%2[fF]")
_ROUTES = {"HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"}


def _services(plan: SyncPlan) -> list[Manifest]:
    return [item for item in plan.objects.of_kind("Service") if not item.id.group]


def _selected(plan: SyncPlan, service: Manifest) -> list[tuple[Manifest, Pod]]:
    return selected_pods(plan, {"matchLabels": service.spec.get("selector")}, service.id.namespace)


def _without_pods(plan: SyncPlan) -> Iterator[Hit]:
    for service in _services(plan):
        selector = mapping(service.spec.get("selector"))
        if selector and not _selected(plan, service) and not is_of_operator(plan, selector):
            labels = ", ".join(f"{key}={value}" for key, value in selector.items())
            yield Hit(service, f"selects no rendered pods ({labels})", "", ("spec", "selector"))


def _target_ports(plan: SyncPlan) -> Iterator[Hit]:
    for service in _services(plan):
        pods = _selected(plan, service) if service.spec.get("selector") else []
        for index, port in enumerate(mappings(service.spec.get("ports"))):
            if has := _lacking(pods, port.get("targetPort")):
                text = f"leads to the port {port['targetPort']} of its pods, and {has}"
                yield Hit(service, text, "", ("spec", "ports", index, "targetPort"))
    for policy in plan.objects.of_kind("NetworkPolicy"):
        pods = selected_pods(plan, policy.spec.get("podSelector"), policy.id.namespace)
        for place, rule in enumerate(mappings(policy.spec.get("ingress"))):
            for index, port in enumerate(mappings(rule.get("ports"))):
                if has := _lacking(pods, port.get("port")):
                    text = f"opens the port {port['port']} of its pods, and {has}"
                    yield Hit(policy, text, "", ("spec", "ingress", place, "ports", index, "port"))


def _lacking(pods: list[tuple[Manifest, Pod]], port: Any) -> str:
    """What the pods have instead of a named port; empty when one of them has it."""
    ports = (port for owner, pod in pods for item in containers_of(owner, pod) for port in item.ports)
    names = {str(item["name"]) for item in ports if item.get("name")}
    if not pods or not isinstance(port, str) or not port or port.isdecimal() or port in names:
        return ""
    return f"their ports are {', '.join(sorted(names))}" if names else "they name no port"


def _shapes(plan: SyncPlan) -> Iterator[Hit]:
    for service in _services(plan):
        spec, ports = service.spec, mappings(service.spec.get("ports"))
        kind, is_headless = str(spec.get("type") or "ClusterIP"), spec.get("clusterIP") == "None"
        if not ports and kind != "ExternalName" and not is_headless and isinstance(service.data.get("spec"), dict):
            yield Hit(service, "has no ports", "", ("spec", "ports"))
        if kind == "ExternalName" and not spec.get("externalName"):
            yield Hit(service, "is of type ExternalName, and has no externalName", "", ("spec", "type"))
        if is_headless and kind in {"NodePort", "LoadBalancer"}:
            yield Hit(service, f"is of type {kind}, and clusterIP is None", "", ("spec", "clusterIP"))
        is_outside = kind in {"NodePort", "LoadBalancer"} or spec.get("externalIPs")
        if spec.get("externalTrafficPolicy") and not is_outside:
            text = f"has externalTrafficPolicy, and is of type {kind}"
            yield Hit(service, text, "remove externalTrafficPolicy", ("spec", "externalTrafficPolicy"))
        yield from _port_shapes(service, ports, kind)


def _port_shapes(service: Manifest, ports: list[Mapping[str, Any]], kind: str) -> Iterator[Hit]:
    names = [str(port.get("name") or "") for port in ports]
    for index, (name, port) in enumerate(zip(names, ports, strict=True)):
        place = ("spec", "ports", index)
        if not name and len(ports) > 1:
            yield Hit(service, "has several ports, and one without a name", "name each port", place)
        elif name and name in names[:index]:
            yield Hit(service, f"has two ports with the name {name}", "", (*place, "name"))
        if port.get("nodePort") and kind == "ClusterIP":
            text = f"has nodePort {port['nodePort']}, and is of type ClusterIP"
            yield Hit(service, text, "remove nodePort, or set type: NodePort", (*place, "nodePort"))


def _backends(plan: SyncPlan) -> Iterator[tuple[Manifest, KeyPath, str, Any]]:
    """What leads to a Service of the release: the object, the place, the Service's name and its port."""
    for manifest in plan.manifests:
        if manifest.kind == "Ingress" and manifest.id.group == "networking.k8s.io":
            yield from ((manifest, path, name, port) for path, name, port in _of_ingress(manifest))
        elif manifest.kind in _ROUTES and manifest.id.group == "gateway.networking.k8s.io":
            for rule_index, rule in enumerate(mappings(manifest.spec.get("rules"))):
                for index, item in enumerate(mappings(rule.get("backendRefs"))):
                    is_service = item.get("kind", "Service") == "Service" and not item.get("group")
                    if is_service and not item.get("namespace"):
                        path = ("spec", "rules", rule_index, "backendRefs", index)
                        yield manifest, path, str(item.get("name")), item.get("port")


def _of_ingress(manifest: Manifest) -> Iterator[tuple[KeyPath, str, Any]]:
    places: list[tuple[KeyPath, Any]] = [(("spec", "defaultBackend"), manifest.spec.get("defaultBackend"))]
    for rule_index, rule in enumerate(mappings(manifest.spec.get("rules"))):
        for index, item in enumerate(mappings(mapping(rule.get("http")).get("paths"))):
            places.append((("spec", "rules", rule_index, "http", "paths", index, "backend"), item.get("backend")))
    for path, backend in places:
        service = mapping(mapping(backend).get("service"))
        port = mapping(service.get("port"))
        if service.get("name"):
            yield (*path, "service"), str(service["name"]), port.get("number") or port.get("name")


def _unknown_backends(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, path, name, _ in _backends(plan):
        if not plan.objects.named("Service", name, manifest.id.namespace):
            yield Hit(manifest, f"leads to the Service {name}, which is not rendered", "", (*path, "name"))


def _unknown_ports(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, path, name, port in _backends(plan):
        service = plan.objects.named("Service", name, manifest.id.namespace)
        if service is None or port is None:
            continue
        ports = mappings(service.spec.get("ports"))
        known = [item.get("name") if isinstance(port, str) else item.get("port") for item in ports]
        if port not in known:
            has = ", ".join(str(item) for item in known if item) or "none"
            yield Hit(manifest, f"leads to port {port} of {service.id}, which has {has}", "", (*path, "port"))


def _ingresses(plan: SyncPlan) -> Iterator[Hit]:
    seen: dict[tuple[str, ...], tuple[Manifest, Any]] = {}
    for manifest in plan.objects.of_kind("Ingress"):
        rules = mappings(manifest.spec.get("rules"))
        if isinstance(manifest.data.get("spec"), dict) and not rules and not manifest.spec.get("defaultBackend"):
            yield Hit(manifest, "has neither rules nor a defaultBackend", "", ("spec",))
        yield from _paths(manifest)
        for index, rule in enumerate(rules):
            for path in mappings(mapping(rule.get("http")).get("paths")):
                kind = str(manifest.spec.get("ingressClassName"))
                place = (str(rule.get("host")), str(path.get("path")), str(path.get("pathType")))
                key = (kind, str(manifest.annotations.get(_CANARY)), *place)
                owner, backend = seen.setdefault(key, (manifest, path.get("backend")))
                if owner is not manifest or backend != path.get("backend"):
                    by = "another of its rules" if owner is manifest else owner.id
                    text = f"leads {rule.get('host') or 'every host'}{path.get('path') or '/'} on, as {by} does"
                    yield Hit(manifest, text, "", ("spec", "rules", index))


def _paths(manifest: Manifest) -> Iterator[Hit]:
    own, old = manifest.spec.get("ingressClassName"), manifest.annotations.get(_CLASS)
    if own is not None and old is not None and own != old:
        text = f"has ingressClassName {own}, and the annotation {_CLASS} {old}"
        yield Hit(manifest, text, "remove the annotation", ("metadata", "annotations", _CLASS))
    for rule_index, rule in enumerate(mappings(manifest.spec.get("rules"))):
        for index, item in enumerate(mappings(mapping(rule.get("http")).get("paths"))):
            place = ("spec", "rules", rule_index, "http", "paths", index)
            if item.get("pathType") in {"Exact", "Prefix"} and not item.get("path"):
                yield Hit(manifest, f"has a path of type {item['pathType']} without path", "write path: /", place)
            elif item.get("pathType") in {"Exact", "Prefix"} and _STEPS.search(str(item["path"])):
                text = f"has the path {item['path']}, with `//`, `/.` or `%2f` in it"
                yield Hit(manifest, text, "", (*place, "path"))


def _policies(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.objects.of_kind("NetworkPolicy"):
        for field, peers in (("ingress", "from"), ("egress", "to")):
            for index, rule in enumerate(mappings(manifest.spec.get(field))):
                for text, path in (*_ranges(rule), *_exceptions(rule, peers)):
                    yield Hit(manifest, text, "", ("spec", field, index, *path))


def _ranges(rule: Mapping[str, Any]) -> Iterator[tuple[str, KeyPath]]:
    for index, port in enumerate(mappings(rule.get("ports"))):
        first, last = port.get("port"), number(port.get("endPort"))
        if first and last and not (isinstance(first, int) and first <= last):
            yield f"has ports from {first} to {last}", ("ports", index, "endPort")


def _exceptions(rule: Mapping[str, Any], peers: str) -> Iterator[tuple[str, KeyPath]]:
    for index, peer in enumerate(mappings(rule.get(peers))):
        block = mapping(peer.get("ipBlock"))
        for place, part in enumerate(sequence(block.get("except"))):
            if not _is_within(str(part), str(block.get("cidr"))):
                text = f"leaves {part} out, which is no part of {block.get('cidr')}"
                yield text, (peers, index, "ipBlock", "except", place)


def _is_within(part: str, whole: str) -> bool:
    try:
        inner, outer = ipaddress.ip_network(part, strict=False), ipaddress.ip_network(whole, strict=False)
    except ValueError:
        return True  # `value-not-allowed` says it.
    is_part = inner.version == outer.version and inner.prefixlen > outer.prefixlen
    return is_part and inner.network_address in outer


def _certificates(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.objects.of_kind("Ingress"):
        hosts = [str(rule["host"]) for rule in mappings(manifest.spec.get("rules")) if rule.get("host")]
        for index, entry in enumerate(mappings(manifest.spec.get("tls"))):
            for place, host in enumerate(sequence(entry.get("hosts"))):
                if hosts and not any(_covers(str(host), item) for item in hosts):
                    text = f"has a certificate for {host}, and no rule for that host"
                    yield Hit(manifest, text, "", ("spec", "tls", index, "hosts", place))


def _covers(certificate: str, host: str) -> bool:
    return certificate == host or (certificate.startswith("*.") and host.partition(".")[2] == certificate[2:])


_POD = (
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\n"
    'spec: {containers: [{name: web, image: "example.com/web:1", ports: [{name: http, containerPort: 80}]}]}\n'
)


def _service(spec: str) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{{spec}}}\n"


def _ingress(name: str, port: str, rest: str = "") -> str:
    return (
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n"
        "    - host: web.example.com\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n"
        f"            backend: {{service: {{name: {name}, port: {port}}}}}\n{rest}"
    )


_POLICY = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\n"
    "spec: {podSelector: {}, ingress: [{ports: %s}]}\n"
)
_PLAIN = _service("selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]")
_TLS = "  tls: [{secretName: web-tls, hosts: [%s]}]\n"

RULES = (
    Rule(
        id="service-without-pods",
        title="A Service selects pods of the release",
        explanation=(
            "A Service without pods refuses every connection. A label that differs from that of the pods is the usual "
            "cause (https://kubernetes.io/docs/concepts/services-networking/service/)."
        ),
        remedy="write labels of the pods into spec.selector",
        check=_without_pods,
        severity=Severity.WARNING,
        bad=_service("selector: {app: site}, ports: [{port: 80}]") + _POD,
        good=_service("selector: {app: web}, ports: [{port: 80}]") + _POD,
    ),
    Rule(
        id="service-port-unknown",
        title="A named target port is one of the pods'",
        explanation=(
            "A Service that leads to a port name which none of its pods has refuses every connection to that port."
        ),
        remedy="correct targetPort, or name the port in the container",
        check=_target_ports,
        severity=Severity.WARNING,
        bad=_service("selector: {app: web}, ports: [{port: 80, targetPort: web}]") + _POD,
        good=_PLAIN + _POD,
    ),
    Rule(
        id="service-not-allowed",
        title="A Service has the ports and addresses that its type allows",
        explanation=(
            "The API server refuses a Service without ports, several ports without names, two ports with one name, a "
            "nodePort of a ClusterIP, and a headless one of another type "
            "(https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types)."
        ),
        remedy="correct the ports or the type",
        check=_shapes,
        bad=_service("selector: {app: web}, ports: [{port: 80}, {port: 81}]"),
        good=_service("selector: {app: web}, ports: [{name: http, port: 80}, {name: admin, port: 81}]"),
    ),
    Rule(
        id="backend-not-rendered",
        title="The Service behind an Ingress or a route is rendered",
        explanation="An Ingress or a route to a Service that does not exist answers 503.",
        remedy="correct the Service's name",
        check=_unknown_backends,
        severity=Severity.WARNING,
        bad=_PLAIN + _POD + _ingress("site", "{number: 80}"),
        good=_PLAIN + _POD + _ingress("web", "{number: 80}"),
    ),
    Rule(
        id="backend-port-unknown",
        title="The port behind an Ingress or a route is one of the Service's",
        explanation=(
            "The port is that of the Service, not that of the pods: with another one the Ingress answers 503 "
            "(https://kubernetes.io/docs/concepts/services-networking/ingress/)."
        ),
        remedy="write a port of the Service",
        check=_unknown_ports,
        bad=_PLAIN + _POD + _ingress("web", "{number: 8080}"),
        good=_PLAIN + _POD + _ingress("web", "{name: http}"),
    ),
    Rule(
        id="ingress-not-allowed",
        title="An Ingress has rules, and no two lead the same path on",
        explanation=(
            "The API server refuses an Ingress without rules and defaultBackend. Of two Ingresses of one class for the "
            "same host and path, one is ignored or refused by the controller."
        ),
        remedy="add a rule, or change the host or path of one of the two",
        check=_ingresses,
        bad="apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {ingressClassName: nginx}\n",
        good=_PLAIN + _POD + _ingress("web", "{number: 80}"),
    ),
    Rule(
        id="network-policy-not-allowed",
        title="A NetworkPolicy has ranges that are ones",
        explanation=(
            "The API server refuses an endPort without a port that is a number and not above it, and an exception that "
            "is no part of its range (https://kubernetes.io/docs/concepts/services-networking/network-policies/)."
        ),
        remedy="correct the range",
        check=_policies,
        bad=_POLICY % "[{port: 8080, endPort: 80}]",
        good=_POLICY % "[{port: 8080, endPort: 8090}]",
    ),
    Rule(
        id="certificate-without-rule",
        title="Each host with a certificate has a rule",
        explanation="A host under tls without a rule is left over or misspelled: its clients get another certificate.",
        remedy="write the same host in rules and tls",
        check=_certificates,
        severity=Severity.WARNING,
        bad=_PLAIN + _POD + _ingress("web", "{number: 80}", _TLS % "www.example.com"),
        good=_PLAIN + _POD + _ingress("web", "{number: 80}", _TLS % "web.example.com"),
    ),
)

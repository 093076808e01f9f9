"""Pod Security `restricted` on every pod, and just the network edges that the application needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.chart.chart_render import SCENARIOS, Render, Rendered, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow


def pods(rendered: Rendered) -> Iterator[tuple[str, dict[str, Any]]]:
    workloads = list(rendered.workloads())
    assert workloads
    for item in workloads:
        yield item["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"], item["spec"]["template"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


@pytest.mark.parametrize("name", SCENARIOS)
def test_pods_are_restricted(render: Render, name: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    for workload, pod in pods(render(scenario(name))):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, workload
        # Empty, the platform assigns a user, which is not root.
        assert spec["securityContext"].get("runAsUser", 1) > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert {key for volume in spec["volumes"] for key in volume} <= {
            "name",
            "configMap",
            "projected",
            "emptyDir",
            "persistentVolumeClaim",
        }


@pytest.mark.parametrize("name", SCENARIOS)
def test_containers_are_restricted(render: Render, name: str) -> None:
    for workload, pod in pods(render(scenario(name))):
        for container in containers(pod):
            restricted = {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert restricted.items() <= container["securityContext"].items(), workload
            assert {"requests", "limits"} == set(container["resources"])
            assert not [port for port in container.get("ports", []) if "hostPort" in port]


@pytest.mark.parametrize("name", SCENARIOS)
def test_served_containers_have_all_probes(render: Render, name: str) -> None:
    for item in render(scenario(name)).of("Deployment").values():
        for container in item["spec"]["template"]["spec"]["containers"]:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)


@pytest.mark.parametrize("name", SCENARIOS)
def test_secrets_are_files_of_the_group_only(render: Render, name: str) -> None:
    for _, pod in pods(render(scenario(name))):
        for volume in pod["spec"]["volumes"]:
            if "projected" in volume:
                assert volume["projected"]["defaultMode"] == 0o400
        for container in containers(pod):
            assert not [entry for entry in container.get("env", []) if "secretKeyRef" in str(entry)]


# Who talks to whom, and on which port. Everything else is denied.
CLIENTS = {
    ("postgres", 5432): {"app", "worker", "temporal", "postgres-verifier", "postgres-backup", "temporal-schema-setup"},
    ("redis", 6379): {"app", "worker"},
    ("temporal", 7233): {"app", "worker", "temporal-web", "temporal-namespace-init", "temporal"},
    ("app", 8000): {"smoke-test"},
}
AMONG_SERVERS = (7234, 7235, 6933, 6934, 6935, 6939)
EDGES = {(client, server, port) for (server, port), clients in CLIENTS.items() for client in clients}
EDGES |= {("temporal", "temporal", port) for port in AMONG_SERVERS}


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def rule_allows(rule: dict[str, Any], side: str, peer: dict[str, str], port: int) -> bool:
    """One NetworkPolicy rule: no peers means everyone, no ports means all."""
    peers, ports = rule.get(side), rule.get("ports")
    peer_fits = not peers or any(
        "podSelector" in item and "namespaceSelector" not in item and selects(item["podSelector"], peer)
        for item in peers
    )
    return peer_fits and (not ports or any(item["port"] == port and item["protocol"] == "TCP" for item in ports))


def allows(rendered: Rendered, direction: str, own: dict[str, str], peer: dict[str, str], port: int) -> bool:
    """Whether the policies that select a pod let it talk: one rule of one of them is enough, none at all means open."""
    selecting = [
        item["spec"]
        for item in rendered.of("NetworkPolicy").values()
        if selects(item["spec"]["podSelector"], own) and direction in item["spec"]["policyTypes"]
    ]
    side = "from" if direction == "Ingress" else "to"
    return not selecting or any(
        rule_allows(rule, side, peer, port) for spec in selecting for rule in spec.get(direction.lower(), [])
    )


def reachable(rendered: Rendered) -> set[tuple[str, str, int]]:
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(rendered)}
    ports = {port for _, _, port in EDGES} | {22, 53, 443, 8080}
    return {
        (client, server, port)
        for client, own in labels.items()
        for server, other in labels.items()
        for port in ports
        if allows(rendered, "Egress", own, other, port) and allows(rendered, "Ingress", other, own, port)
    }


def test_just_the_needed_edges_are_open(default: Rendered) -> None:
    assert reachable(default) == EDGES


@pytest.mark.parametrize("name", ["redis-disabled", "temporal-disabled", "minimal", "argo-cd"])
def test_scenarios_open_no_edge_to_what_does_not_exist(render: Render, name: str) -> None:
    rendered = render(scenario(name))
    present = {workload for workload, _ in pods(rendered)}
    assert reachable(rendered) == {edge for edge in EDGES if {edge[0], edge[1]} <= present}


def test_the_app_is_open_to_everyone_or_to_those_named(render: Render) -> None:
    stranger = {"app.kubernetes.io/name": "ingress-controller"}
    app = {"app.kubernetes.io/name": "app"}
    assert allows(render(), "Ingress", app, stranger, 8000)
    named = render({"app": {"networkPolicy": {"from": [{"podSelector": {"matchLabels": {"a": "b"}}}]}}})
    assert not allows(named, "Ingress", app, stranger, 8000)
    assert allows(named, "Ingress", app, {"a": "b"}, 8000)
    assert ("smoke-test", "app", 8000) in reachable(named)


def test_strangers_reach_nothing_else(default: Rendered) -> None:
    stranger = {"app.kubernetes.io/name": "stranger"}
    open_to_strangers = {
        (name, port)
        for name, pod in pods(default)
        for port in {port for _, _, port in EDGES} | {8080}
        if allows(default, "Ingress", pod["metadata"]["labels"], stranger, port)
    }
    assert open_to_strangers == {("app", 8000)}


def test_external_services_are_reachable_on_their_ports(render: Render) -> None:
    rendered = render(scenario("external-services"))
    outside = {"app.kubernetes.io/name": "outside-of-the-cluster"}
    for client in ("app", "worker"):
        own = {"app.kubernetes.io/name": client}
        assert {
            port for port in (5432, 6379, 6380, 6432, 7233, 443) if allows(rendered, "Egress", own, outside, port)
        } == {6380, 6432, 443}


def test_names_are_resolved_where_they_are_needed(default: Rendered) -> None:
    policies = default.of("NetworkPolicy")
    assert {"app", "postgres", "redis"} <= set(policies)
    for name, item in policies.items():
        resolves = any(port["port"] == 53 for rule in item["spec"]["egress"] for port in rule["ports"])
        assert resolves == (name not in ("postgres", "redis"))


def test_policies_can_be_switched_off(render: Render) -> None:
    assert render({"networkPolicy": {"enabled": False}}).of("NetworkPolicy") == {}
    policies = render({"networkPolicy": {"restrictEgress": False}}).of("NetworkPolicy").values()
    assert policies
    assert all(item["spec"]["policyTypes"] == ["Ingress"] and "egress" not in item["spec"] for item in policies)

"""What is off by default: metrics and alerts, the ways in from outside, additions to pods, Secrets of cert-manager."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests.chart.chart_render import Render, Rendered, scenario, wave

pytestmark = pytest.mark.slow

Object = dict[str, Any]
SIX = ["postgres", "redis", "temporal", "temporal-web", "app", "worker"]


@pytest.fixture
def monitoring(render: Render) -> Rendered:
    return render(scenario("monitoring"))


@pytest.fixture
def openshift(render: Render) -> Rendered:
    return render(scenario("openshift"))


def pod(rendered: Rendered, name: str) -> Object:
    spec: Object = rendered.one("Deployment", name)["spec"]["template"]["spec"]
    return spec


def ports(item: Object) -> dict[str, Object]:
    return {port["name"]: port for port in item["spec"]["ports"]}


def selected(monitor: Object, rendered: Rendered) -> list[Object]:
    """The Services that a ServiceMonitor takes: by labels, and by the port of its endpoint."""
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    services = (item for item in rendered.of("Service").values() if endpoint["port"] in ports(item))
    return [item for item in services if wanted <= item["metadata"]["labels"].items()]


def test_each_monitor_reads_a_port_that_its_pods_have(monitoring: Rendered) -> None:
    monitors = monitoring.of("ServiceMonitor")
    assert set(monitors) == {"postgres", "redis", "temporal", "app", "worker"}
    for name, monitor in monitors.items():
        (service,) = selected(monitor, monitoring)
        assert service["spec"]["selector"] == {"app.kubernetes.io/name": name}
        target = ports(service)["metrics"]["targetPort"]
        served = [port for container in pod(monitoring, name)["containers"] for port in container.get("ports", [])]
        assert [port["containerPort"] for port in served if port["name"] == "metrics"] == [target]
        assert monitor["metadata"]["labels"]["release"] == "prometheus"


def test_just_prometheus_reaches_the_metrics(monitoring: Rendered) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "observability"}}}
    for name, monitor in monitoring.of("ServiceMonitor").items():
        (service,) = selected(monitor, monitoring)
        port = {"protocol": "TCP", "port": ports(service)["metrics"]["targetPort"]}
        rules = monitoring.one("NetworkPolicy", name)["spec"]["ingress"]
        assert [rule.get("from") for rule in rules if port in rule["ports"]] == [[peer]]


def test_the_monitoring_namespace_is_named_unless_another_is(render: Render) -> None:
    metrics = {"worker": {"metrics": {"enabled": True}}}
    (rule,) = render(metrics).one("NetworkPolicy", "worker")["spec"]["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    (everyone,) = render(metrics | {"monitoring": {"from": []}}).one("NetworkPolicy", "worker")["spec"]["ingress"]
    assert everyone == {"ports": [{"protocol": "TCP", "port": 9090}]}


def alerts(rendered: Rendered) -> dict[str, Object]:
    (group,) = rendered.one("PrometheusRule", "api-forge")["spec"]["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_alerts_are_of_the_namespace_and_of_what_is_monitored(render: Render, monitoring: Rendered) -> None:
    rules = alerts(monitoring)
    own = {name: alert for name, alert in rules.items() if name.startswith("ApiForge")}
    assert all('namespace="demo"' in alert["expr"] for alert in own.values())
    assert all(alert["labels"] == {"severity": "page"} and alert["annotations"]["summary"] for alert in own.values())
    assert 'job=~"app|postgres|redis|temporal|worker"' in rules["ApiForgeMetricsMissing"]["expr"]
    assert rules.keys() - own.keys() == {"NoRequests"}
    rule = {"monitoring": {"prometheusRule": {"enabled": True}}}
    bare = alerts(render(rule))
    assert own.keys() - bare.keys() == {"ApiForgeMetricsMissing", "ApiForgeTemporalStoreFails"}
    assert rules["ApiForgeBackupMissing"]["for"] == "70m"
    off = alerts(render({"postgresql": {"backup": {"enabled": False}}, **rule}))
    assert bare.keys() - off.keys() == {"ApiForgeBackupMissing"}


def test_prometheus_reads_the_alerts(monitoring: Rendered) -> None:
    if importlib.util.find_spec("promql_parser") is None:
        pytest.skip("the parser is in the package promql-parser: pip install promql-parser")
    import promql_parser

    for rule in alerts(monitoring).values():
        promql_parser.parse(rule["expr"])
    with pytest.raises(ValueError, match="unexpected"):
        promql_parser.parse("up{ == 0")


def test_the_public_services_have_their_load_balancer_and_nothing_else(render: Render) -> None:
    gateway = scenario("gateway")
    gateway["app"]["metrics"] = {"enabled": True}
    services = render(gateway).of("Service")
    assert services["app-public"]["spec"]["loadBalancerClass"] == "example.com/internal"
    assert services["app-public"]["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24", "2001:db8::/32"]
    assert services["temporal-web-public"]["spec"]["loadBalancerSourceRanges"] == ["203.0.113.0/24"]
    assert set(ports(services["app-public"])) == {"http"}
    assert set(ports(services["app"])) == {"http", "metrics"}


def paths(rendered: Rendered) -> list[tuple[str, str, str]]:
    rules = rendered.one("Ingress", "app")["spec"]["rules"]
    return [(rule["host"], path["path"], path["pathType"]) for rule in rules for path in rule["http"]["paths"]]


def test_an_ingress_has_several_hosts_and_paths(render: Render) -> None:
    assert paths(render(scenario("gateway"))) == [
        ("api.example.com", "/", "Prefix"),
        ("www.example.com", "/", "Prefix"),
        ("partners.example.com", "/api", "Prefix"),
        ("partners.example.com", "/health", "Exact"),
    ]


def base_url(rendered: Rendered) -> str:
    return str(rendered.one("ConfigMap", "app-env")["data"]["BASE_URL"])


def test_the_first_host_is_the_application_s_own(render: Render) -> None:
    planned = {"enabled": True, "hosts": [{"host": "a.example.com", "paths": [{"path": "/", "pathType": "Prefix"}]}]}
    assert paths(render({"ingress": planned})) == [("a.example.com", "/", "Prefix")]
    assert base_url(render({"ingress": planned})) == "https://a.example.com"
    assert base_url(render({"ingress": planned | {"host": "b.example.com"}})) == "https://b.example.com"
    assert (
        base_url(render({"ingress": {"enabled": True, "hosts": [{"host": "*.d.example.com"}]}}))
        == "https://d.example.com"
    )
    route: Object = {"enabled": True, "parentRefs": [{"name": "public"}]}
    assert base_url(render({"httpRoute": route | {"hostnames": ["*.c.example.com"]}})) == "https://c.example.com"
    assert base_url(render({"httpRoute": route})) == base_url(render()) == "http://app:8000"


def test_an_http_route_leads_to_the_app(render: Render) -> None:
    route = render(scenario("gateway")).one("HTTPRoute", "app")
    assert wave(route) == 40
    assert route["spec"]["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "gateways",
         "sectionName": "https"}
    ]  # fmt: skip
    (rule,) = route["spec"]["rules"]
    (backend,) = rule["backendRefs"]
    assert ports(render().one("Service", backend["name"]))["http"]["port"] == backend["port"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]


@pytest.mark.parametrize("name", SIX)
def test_each_pod_takes_what_it_is_given(openshift: Rendered, render: Render, name: str) -> None:
    spec, before = pod(openshift, name), pod(render(), name)
    main = spec["containers"][0]
    assert {port["name"] for port in main["ports"]} >= {"debug", "statsd"}
    assert main["envFrom"][-2:] == [
        {"configMapRef": {"name": "shared", "optional": True}},
        {"prefix": "OTHER_", "configMapRef": {"name": "other", "optional": True}},
    ]
    assert main["securityContext"].pop("seccompProfile") == {"type": "RuntimeDefault"}
    assert main["securityContext"] == before["containers"][0]["securityContext"]
    inits = [container["name"] for container in spec["initContainers"]]
    assert inits == [*(container["name"] for container in before.get("initContainers", [])), "prepare"]
    service = ports(openshift.one("Service", name))
    assert (service["statsd"]["targetPort"], service["statsd"]["protocol"]) == (8125, "UDP")
    assert openshift.one("Deployment", name)["spec"]["revisionHistoryLimit"] == 3


def test_variables_come_from_a_secret_too(render: Render) -> None:
    source = {"secretRef": {"name": "feature-flags"}}
    app = pod(render({"app": {"extraEnvFrom": [source]}}), "app")["containers"][0]
    assert app["envFrom"] == [{"configMapRef": {"name": "app-env"}}, source]


def test_users_are_left_to_the_platform(openshift: Rendered) -> None:
    for item in openshift.workloads():
        context = item["spec"]["template"]["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert (context["fsGroupChangePolicy"], context["supplementalGroups"]) == ("Always", [5555])
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(context), item["metadata"]["name"]


def test_init_containers_need_no_gate(render: Render) -> None:
    own = {"extraInitContainers": [{"name": "prepare", "image": "prepare:1"}]}
    names = ("app", "worker", "temporal")
    rendered = render({"waitGates": {"enabled": False}, **dict.fromkeys(names, own)})
    for name in names:
        assert [container["name"] for container in pod(rendered, name)["initContainers"]] == ["prepare"]
    redis = render({"redis": own | {"persistence": {"data": {"lock": False}}}})
    assert [container["name"] for container in pod(redis, "redis")["initContainers"]] == ["prepare"]


def test_a_spread_of_one_s_own_selects_the_pods(openshift: Rendered) -> None:
    (app,) = pod(openshift, "app")["topologySpreadConstraints"]
    assert app == {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "matchLabelKeys": ["pod-template-hash"],
        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "app"}},
    }
    (web,) = pod(openshift, "temporal-web")["topologySpreadConstraints"]
    assert (web["maxSkew"], web["whenUnsatisfiable"]) == (1, "ScheduleAnyway")


def test_an_autoscaler_scales_by_what_has_a_target(openshift: Rendered, render: Render) -> None:
    def targets(rendered: Rendered) -> dict[str, int]:
        spec = rendered.one("HorizontalPodAutoscaler", "app")["spec"]
        metrics = (metric["resource"] for metric in spec["metrics"])
        return {metric["name"]: metric["target"]["averageUtilization"] for metric in metrics}

    assert targets(openshift) == {"memory": 70}
    behavior = openshift.one("HorizontalPodAutoscaler", "app")["spec"]["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 600
    both = render({"app": {"autoscaling": {"enabled": True, "targetMemoryUtilizationPercentage": 60}}})
    assert targets(both) == {"cpu": 80, "memory": 60}
    assert "behavior" not in both.one("HorizontalPodAutoscaler", "app")["spec"]


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_store_can_hold_up_a_drain(openshift: Rendered, name: str) -> None:
    budget = openshift.one("PodDisruptionBudget", name)
    assert (budget["spec"]["maxUnavailable"], wave(budget)) == (0, 40)


def test_a_secret_of_cert_manager_has_the_files_that_the_pods_read(render: Render) -> None:
    rendered = render(scenario("cert-manager"))
    assert set(rendered.of("ExternalSecret")) == {"postgres-secrets", "redis-secrets", "app-secrets"}
    read = {
        (item["key"], item["path"])
        for workload in rendered.workloads()
        for volume in workload["spec"]["template"]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        for item in source["secret"]["items"]
        if source["secret"]["name"] == "postgres-certificate"
    }
    assert read == {("tls.crt", "server.crt"), ("tls.key", "server.key"), ("ca.crt", "ca-bundle.crt")}
    assert wave(rendered.one("Certificate", "postgres")) < rendered.wave("Deployment", "postgres")

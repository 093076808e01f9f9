"""Which objects each scenario renders, with which labels and annotations, and in which wave."""

from __future__ import annotations

import re

import pytest

from tests.chart.chart_render import SCENARIOS, Render, Rendered, scenario, wave

pytestmark = pytest.mark.slow

DEPLOYMENTS = {"postgres", "redis", "temporal", "temporal-web", "app", "worker"}
SERVICES = {"postgres": 5432, "redis": 6379, "temporal": 7233, "temporal-web": 8080, "app": 8000}
CLAIMS = {"postgres-data": "10Gi", "postgres-backups": "20Gi", "redis-data": "5Gi"}
JOBS = {"postgres-verifier", "temporal-schema-setup", "temporal-namespace-init", "smoke-test"}
CRON_JOBS = {"postgres-backup"}
CONFIG_MAPS = {
    "app-env", "app-config", "postgres-config", "postgres-verifier-config", "universal-entrypoint", "temporal-config",
    "postgres-backup-config", "redis-config", "wait-gates", "smoke-test", "released",
}  # fmt: skip
REDIS_OBJECTS = {"redis", "redis-config", "redis-data"}
TEMPORAL = {"temporal", "temporal-web", "temporal-schema-setup", "temporal-namespace-init"}


def bases(rendered: Rendered, kind: str) -> set[str]:
    return {re.sub(r"-[0-9a-f]{8}$", "", name) for name in rendered.of(kind)}


def test_default_renders_the_whole_inventory(default: Rendered) -> None:
    assert set(default.of("Deployment")) == DEPLOYMENTS
    assert {name: item["spec"]["ports"][0]["port"] for name, item in default.of("Service").items()} == SERVICES
    assert {item["spec"]["type"] for item in default.of("Service").values()} == {"ClusterIP"}
    claims = default.of("PersistentVolumeClaim")
    assert {name: item["spec"]["resources"]["requests"]["storage"] for name, item in claims.items()} == CLAIMS
    assert set(default.of("ConfigMap")) == CONFIG_MAPS
    assert bases(default, "Job") == JOBS
    assert set(default.of("CronJob")) == CRON_JOBS
    assert set(default.of("NetworkPolicy")) == DEPLOYMENTS | JOBS | CRON_JOBS
    assert set(default.of("ServiceAccount")) == DEPLOYMENTS | JOBS | CRON_JOBS


@pytest.mark.parametrize(
    ("name", "deployments", "jobs"),
    [
        ("redis-disabled", DEPLOYMENTS - {"redis"}, JOBS),
        ("temporal-disabled", {"postgres", "redis", "app"}, {"postgres-verifier", "smoke-test"}),
        ("minimal", {"postgres", "app"}, {"postgres-verifier", "smoke-test"}),
        ("external-services", {"app", "worker"}, {"smoke-test"}),
        ("argo-cd", DEPLOYMENTS, JOBS),
    ],
)
def test_scenario_renders_its_deployments_and_jobs(
    render: Render, name: str, deployments: set[str], jobs: set[str]
) -> None:
    rendered = render(scenario(name))
    assert set(rendered.of("Deployment")) == deployments
    assert bases(rendered, "Job") == jobs


def test_without_redis_nothing_mentions_it(render: Render) -> None:
    rendered = render(scenario("redis-disabled"))
    app = rendered.one("ConfigMap", "app-env")["data"]
    assert app["REDIS_ENABLED"] == "false"
    assert "REDIS_URL" not in app
    assert "redis" not in str([*rendered.workloads(), *rendered.of("NetworkPolicy").values()]).lower()
    assert not REDIS_OBJECTS & {item["metadata"]["name"] for item in rendered.objects}


def test_without_temporal_nothing_mentions_it(render: Render) -> None:
    rendered = render(scenario("temporal-disabled"))
    assert "temporal" not in str([*rendered.workloads(), *rendered.of("NetworkPolicy").values()]).lower()
    assert not TEMPORAL & {item["metadata"]["name"] for item in rendered.objects}


def test_an_external_temporal_has_a_worker(render: Render) -> None:
    rendered = render({"temporal": {"enabled": False, "external": {"host": "temporal.example.com"}}})
    assert "worker" in rendered.of("Deployment")
    assert rendered.one("ConfigMap", "app-env")["data"]["TEMPORAL_URL"] == "temporal.example.com:7233"


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_claim_is_mounted_in_its_own_wave(render: Render, name: str) -> None:
    rendered = render(scenario(name))
    mounted = {
        volume["persistentVolumeClaim"]["claimName"]: wave(item)
        for item in rendered.workloads()
        if item["kind"] != "CronJob"  # which mounts what the server's pod mounts too
        for volume in item["spec"]["template"]["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    claims = rendered.of("PersistentVolumeClaim")
    assert {name: wave(item) for name, item in claims.items()}.items() <= mounted.items()
    for item in claims.values():
        assert item["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Delete=false,Prune=false"
        assert item["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_secret_no_namespace_no_hook(render: Render, name: str) -> None:
    rendered = render(scenario(name))
    kinds = {item["kind"] for item in rendered.objects}
    assert not kinds & {"Secret", "Namespace"}
    for item in rendered.objects:
        assert "namespace" not in item["metadata"]
        assert not [key for key in item["metadata"].get("annotations", {}) if key.startswith("helm.sh/hook")]


@pytest.mark.parametrize("name", SCENARIOS)
def test_names_are_unique(render: Render, name: str) -> None:
    names = [(item["kind"], item["metadata"]["name"]) for item in render(scenario(name)).objects]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_reference_to_a_config_map_or_account_resolves(render: Render, name: str) -> None:
    rendered = render(scenario(name))
    for item in rendered.workloads():
        spec = item["spec"]["template"]["spec"]
        wanted = {volume["configMap"]["name"] for volume in spec["volumes"] if "configMap" in volume}
        assert wanted <= set(rendered.of("ConfigMap")), item["metadata"]["name"]
        assert spec["serviceAccountName"] in rendered.of("ServiceAccount")
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            volumes = {volume["name"] for volume in spec["volumes"]}
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes


def test_pods_carry_part_of_and_the_selector_is_only_the_name(default: Rendered) -> None:
    for item in default.workloads():
        labels = item["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "api-forge"
        assert not [key for key in labels if key in ("helm.sh/chart", "app.kubernetes.io/version")]
    for name, item in default.of("Deployment").items():
        assert item["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}
    for name, item in default.of("Service").items():
        assert item["spec"]["selector"] == {"app.kubernetes.io/name": name}


def test_external_secrets_cover_every_key_that_a_pod_reads(render: Render) -> None:
    rendered = render(scenario("external-secrets"))
    fetched = {
        (item["spec"]["target"]["name"], data["secretKey"])
        for item in rendered.of("ExternalSecret").values()
        for data in item["spec"]["data"]
    }
    read = {
        (source["secret"]["name"], entry["key"])
        for item in rendered.workloads()
        for volume in item["spec"]["template"]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        for entry in source["secret"]["items"]
    }
    assert read <= fetched
    assert {name for name, _ in fetched} == {
        "postgres-secrets",
        "postgres-tls",
        "postgres-ca",
        "redis-secrets",
        "app-secrets",
    }


def test_external_secrets_write_what_the_api_server_would_default(render: Render) -> None:
    rendered = render(scenario("external-secrets"))
    secret = rendered.one("ExternalSecret", "app-secrets")["spec"]
    assert secret["refreshInterval"] == "1h0m0s"
    assert secret["target"]["creationPolicy"] == "Owner"
    assert secret["target"]["template"]["metadata"]["labels"]["app.kubernetes.io/part-of"] == "api-forge"
    by_key = {data["secretKey"]: data for data in secret["data"]}
    assert by_key["csrf_signing_secret"]["remoteRef"] == {
        "key": "api-forge/dev/app-secrets",
        "property": "csrf_signing_secret",
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    }
    google = by_key["oidc_google_client_secret"]
    assert (google["remoteRef"]["key"], google["remoteRef"]["property"]) == ("shared/oidc", "google")
    assert google["sourceRef"]["storeRef"] == {"kind": "ClusterSecretStore", "name": "shared"}
    assert rendered.wave("SecretStore", "vault") == -20


def test_waves(render: Render) -> None:
    rendered = render(scenario("external-secrets") | {"ingress": {"enabled": True, "host": "a.example.com"}})
    expected = {
        ("SecretStore", "vault"): -20,
        ("ExternalSecret", "app-secrets"): -15,
        ("ServiceAccount", "app"): -10,
        ("ConfigMap", "app-env"): -10,
        ("NetworkPolicy", "app"): -10,
        ("Service", "app"): -10,
        ("Deployment", "postgres"): 0,
        ("Deployment", "redis"): 0,
        ("PersistentVolumeClaim", "postgres-data"): 0,
        ("Job", "postgres-verifier"): 5,
        ("Job", "temporal-schema-setup"): 5,
        ("Deployment", "temporal"): 10,
        ("Job", "temporal-namespace-init"): 15,
        ("Deployment", "app"): 20,
        ("Deployment", "worker"): 20,
        ("Deployment", "temporal-web"): 20,
        ("Job", "smoke-test"): 30,
        ("CronJob", "postgres-backup"): 40,
        ("Ingress", "app"): 40,
        ("ConfigMap", "released"): 40,
    }
    assert {key: rendered.wave(*key) for key in expected} == expected


def test_what_may_never_be_healthy_is_in_the_last_wave(render: Render) -> None:
    rendered = render(scenario("custom"))
    last = {
        (item["kind"], item["metadata"]["name"])
        for item in rendered.objects
        if item["metadata"].get("annotations") and wave(item) == 40
    }
    assert last == {
        ("HorizontalPodAutoscaler", "app"), ("PodDisruptionBudget", "app"), ("PodDisruptionBudget", "worker"),
        ("PodDisruptionBudget", "temporal"), ("Ingress", "app"), ("Service", "app-public"), ("ConfigMap", "released"),
        ("CronJob", "postgres-backup"),
    }  # fmt: skip


def test_waves_are_quoted_integers(default: Rendered) -> None:
    for item in default.objects:
        assert isinstance(item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"], str)

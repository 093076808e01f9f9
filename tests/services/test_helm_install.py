"""The chart by plain Helm on a real control plane: every scenario installs, and a release can be changed and undone.

Each release has its own namespace, which enforces Pod Security `restricted`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.services.api_server import absent
from tests.services.installation import Installation
from tests.services.release import CHART

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.services.control_plane import ControlPlane

EVERY_DEPLOYMENT = {"postgres", "redis", "temporal", "temporal-web", "app", "worker"}
EVERY_JOB = {"postgres-verifier", "temporal-schema-setup", "temporal-namespace-init", "smoke-test"}
POSTGRES_CLAIMS = {"postgres-data", "postgres-backups"}
REDIS_CLAIMS = {"redis-data"}
WITHOUT_TEMPORAL = ("--set", "temporal.enabled=false")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an installation with some values consists of, and a line that its notes have."""

    deployments: set[str]
    jobs: set[str]
    claims: set[str]
    notes: str


SCENARIOS = {
    "default": Expected(
        deployments=EVERY_DEPLOYMENT,
        jobs=EVERY_JOB,
        claims=POSTGRES_CLAIMS | REDIS_CLAIMS,
        notes="Temporal      temporal:7233, namespace default",
    ),
    "redis-disabled": Expected(
        deployments=EVERY_DEPLOYMENT - {"redis"},
        jobs=EVERY_JOB,
        claims=POSTGRES_CLAIMS,
        notes="Redis         none: each pod of the application keeps its own sessions and rate limits in memory",
    ),
    "temporal-disabled": Expected(
        deployments={"postgres", "redis", "app"},
        jobs={"postgres-verifier", "smoke-test"},
        claims=POSTGRES_CLAIMS | REDIS_CLAIMS,
        notes="Temporal      none, so there is no worker",
    ),
    "minimal": Expected(
        deployments={"postgres", "app"},
        jobs={"postgres-verifier", "smoke-test"},
        claims=POSTGRES_CLAIMS,
        notes="Temporal      none, so there is no worker",
    ),
    "custom": Expected(
        deployments=EVERY_DEPLOYMENT,
        jobs=EVERY_JOB,
        claims={"postgres-data", "old-backups"} | REDIS_CLAIMS,
        notes="curl https://api.example.com/health",
    ),
    "external-services": Expected(
        deployments={"app", "worker"},
        jobs={"smoke-test"},
        claims=set(),
        notes="PostgreSQL    db.example.com:6432",
    ),
    "external-secrets": Expected(
        deployments=EVERY_DEPLOYMENT,
        jobs=EVERY_JOB,
        claims=POSTGRES_CLAIMS | REDIS_CLAIMS,
        notes="Secrets come from SecretStore vault",
    ),
}

# A dot in a property is a step down: https://external-secrets.io/latest/provider/fake/
STORED: dict[str, dict[str, Any]] = {
    "postgres-secrets": {
        "postgres_password": "superuser",
        "postgres_app_owner_pw": "owner",
        "postgres_app_user_pw": "user",
        "postgres_app_ro_pw": "reader",
        "postgres_temporal_pw": "temporal",
    },
    "postgres-tls": {"server": {"crt": "certificate", "key": "key"}},
    "postgres-ca": {"bundle": "both", "root-ca": {"crt": "root"}, "intermediate-ca": {"crt": "intermediate"}},
    "redis-secrets": {"redis_password": "redis"},
    "app-secrets": {
        "session_signing_secret": "session",
        "csrf_signing_secret": "csrf",
        "oidc_microsoft_client_secret": "microsoft",
        "oidc_keycloak_client_secret": "keycloak",
    },
}


@pytest.fixture
def new_release(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[Callable[..., Installation]]:
    """Makes the namespace of a release with its Secrets; takes it away when the test is done."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:50].strip("-")

    def make(program: str = "helm", *, secrets: bool = True) -> Installation:
        if reason := absent(program):
            pytest.skip(f"{reason} (its group is `lint`)")
        control_plane.namespace(name, enforce="restricted")
        release = Installation(api=control_plane, namespace=name, program=program)
        if secrets:
            release.create_secrets()
        return release

    yield make
    control_plane.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def without_hash(names: dict[str, Any]) -> set[str]:
    return {re.sub("-[0-9a-f]{8}$", "", name) for name in names}


def check(release: Installation, expected: Expected) -> None:
    """What the seed's checklist asks of each installation, as far as simulated pods can show it."""
    deployments, jobs = release.named("deployments"), release.named("jobs")
    assert set(deployments) == expected.deployments
    assert without_hash(jobs) == expected.jobs
    assert set(release.named("persistentvolumeclaims")) == expected.claims
    assert all(item["status"]["phase"] == "Bound" for item in release.objects("persistentvolumeclaims"))
    assert [name for name, item in deployments.items() if not all_ready(item)] == []
    assert [name for name, item in jobs.items() if item["status"].get("succeeded") != 1] == []
    assert set(release.by_component()) == expected.deployments
    assert release.unmountable() == []
    assert status(release) == "deployed"


def status(release: Installation) -> str:
    """What Helm itself says of the release."""
    info = json.loads(release.helm("status", "api-forge", "--output", "json"))["info"]
    return str(info["status"])


def all_ready(deployment: dict[str, Any]) -> bool:
    counts = {deployment["status"].get(f"{kind}eplicas") for kind in ("r", "readyR", "updatedR")}
    return counts == {deployment["spec"]["replicas"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_installs(new_release: Callable[..., Installation], tmp_path: Path, name: str) -> None:
    release = new_release(secrets=name != "external-secrets")
    values = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text()) or {}
    prepare = {
        "custom": claim_the_old_backups,
        "external-services": create_the_secret_of_a_managed_database,
        "external-secrets": fill_the_stores,
    }.get(name)
    if prepare:
        prepare(release, values)
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
    printed = release.install("--values", str(tmp_path / "values.yaml"))
    assert SCENARIOS[name].notes in printed
    check(release, SCENARIOS[name])
    if name == "external-secrets":
        assert release.secrets()["app-secrets"]["oidc_google_client_secret"] == "from the shared store"
        assert release.secrets()["postgres-ca"]["ca-bundle.crt"] == "both"


def claim_the_old_backups(release: Installation, _: dict[str, Any]) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}
    metadata = {"name": "old-backups", "namespace": release.namespace}
    release.api.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})


def create_the_secret_of_a_managed_database(release: Installation, values: dict[str, Any]) -> None:
    name = values["postgresql"]["secrets"]["existingSecret"]
    metadata = {"name": name, "namespace": release.namespace}
    data = {"postgres_app_user_pw": "of the managed database"}
    release.api.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})


def fill_the_stores(release: Installation, values: dict[str, Any]) -> None:
    """In Vault's place the provider `fake`, which holds just what the guide says is read."""
    values["argocd"]["enabled"] = False
    external = values["externalSecrets"]
    external["createStore"]["provider"] = fake({f"{external['path']}/{name}": held for name, held in STORED.items()})
    shared = {"provider": fake({"shared/oidc": {"google": "from the shared store"}})}
    metadata = {"name": "shared"}
    store = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": metadata, "spec": shared}
    release.api.apply(store)


def fake(held: dict[str, Any]) -> dict[str, Any]:
    return {"fake": {"data": [{"key": key, "value": json.dumps(value)} for key, value in held.items()]}}


def test_helm_3_brings_redis_back_by_an_upgrade(new_release: Callable[..., Installation]) -> None:
    """Its rollback refuses an object that it had kept and finds again; Helm 4's takes it. The guide says so."""
    release = new_release("helm3")
    release.install(*WITHOUT_TEMPORAL)
    before, pods = volumes(release), release.by_component()
    release.upgrade("--reuse-values", "--set", "redis.enabled=false")
    check(release, redis_left_its_volumes(SCENARIOS["minimal"]))
    with pytest.raises(AssertionError, match='no PersistentVolumeClaim with the name "redis-'):
        release.rollback(1)
    release.upgrade("--reuse-values", "--set", "redis.enabled=true")
    check(release, SCENARIOS["temporal-disabled"])
    assert volumes(release) == before
    assert release.by_component()["postgres"] == pods["postgres"]


def test_helm_3_changes_a_configuration_and_rolls_back(new_release: Callable[..., Installation]) -> None:
    release = new_release("helm3")
    release.install("--values", str(CHART / "ci" / "minimal-values.yaml"))
    pods = release.by_component()
    release.upgrade("--reuse-values", "--set", "app.env.FEATURE=on")
    assert rolled(pods, release.by_component()) == {"app"}
    release.rollback(1)
    assert "FEATURE" not in release.named("configmaps")["app-env"]["data"]
    check(release, SCENARIOS["minimal"])


def redis_left_its_volumes(expected: Expected) -> Expected:
    return Expected(
        deployments=expected.deployments,
        jobs=expected.jobs,
        claims=expected.claims | REDIS_CLAIMS,
        notes=expected.notes,
    )


def test_a_changed_configuration_rolls_just_its_readers_and_a_rollback_restores_it(
    new_release: Callable[..., Installation],
) -> None:
    release = new_release()
    release.install()
    first, pods = release.named("configmaps"), release.by_component()
    release.upgrade("--reuse-values", "--set", "app.env.FEATURE=on", "--set", "app.config.config.feature=on")
    changed = release.named("configmaps")
    assert changed["app-env"]["data"]["FEATURE"] == "on"
    assert yaml.safe_load(changed["app-config"]["data"]["config.yaml"])["config"]["feature"] == "on"
    assert rolled(pods, release.by_component()) == {"app", "worker"}
    pods = release.by_component()
    release.rollback(1)
    assert data(release.named("configmaps")) == data(first)
    assert rolled(pods, release.by_component()) == {"app", "worker"}
    check(release, SCENARIOS["default"])


def rolled(before: dict[str, set[str]], after: dict[str, set[str]]) -> set[str]:
    assert set(before) == set(after)
    return {name for name in before if before[name] != after[name]}


def data(config_maps: dict[str, Any]) -> dict[str, Any]:
    return {name: item["data"] for name, item in config_maps.items()}


def test_redis_goes_except_for_its_volumes_and_returns_to_them(new_release: Callable[..., Installation]) -> None:
    release = new_release()
    release.install()
    before = volumes(release)
    release.upgrade("--reuse-values", "--set", "redis.enabled=false")
    check(release, redis_left_its_volumes(SCENARIOS["redis-disabled"]))
    kinds = "deployments,services,configmaps,serviceaccounts,networkpolicies,pods,replicasets"
    assert [item["metadata"]["name"] for item in release.objects(kinds) if "redis" in item["metadata"]["name"]] == []
    release.rollback(1)
    check(release, SCENARIOS["default"])
    assert volumes(release) == before


def volumes(release: Installation) -> dict[str, tuple[str, str]]:
    """Which claim has which volume: a claim that was made again has another uid."""
    claims = release.named("persistentvolumeclaims")
    return {name: (item["metadata"]["uid"], item["spec"]["volumeName"]) for name, item in claims.items()}


def test_uninstalling_keeps_volumes_and_secrets_and_a_new_installation_takes_them(
    new_release: Callable[..., Installation],
) -> None:
    release = new_release()
    release.install(*WITHOUT_TEMPORAL)
    before, secrets = volumes(release), release.secrets()
    release.helm("uninstall", "api-forge", "--wait", "--timeout", "2m")
    kinds = "deployments,jobs,services,networkpolicies,poddisruptionbudgets"
    assert [item["metadata"]["name"] for item in release.objects(kinds)] == []
    assert set(release.named("configmaps")) == {"kube-root-ca.crt"}
    assert set(release.named("serviceaccounts")) == {"default"}
    assert (volumes(release), release.secrets()) == (before, secrets)
    release.install(*WITHOUT_TEMPORAL)
    check(release, SCENARIOS["temporal-disabled"])
    assert volumes(release) == before


def test_an_upgrade_whose_smoke_test_fails_is_reported_and_rolled_back(
    new_release: Callable[..., Installation],
) -> None:
    release = new_release()
    release.install("--values", str(CHART / "ci" / "minimal-values.yaml"))
    failing = ("--reuse-values", "--set", "app.image.tag=e2e-fail,smokeTest.backoffLimit=0")
    with pytest.raises(AssertionError, match="smoke-test"):
        release.upgrade(*failing)
    assert status(release) == "failed"
    release.rollback(1)
    check(release, SCENARIOS["minimal"])


def test_a_missing_secret_is_found(new_release: Callable[..., Installation]) -> None:
    """A check of the check: simulated pods start without their files."""
    release = new_release(secrets=False)
    release.install("--values", str(CHART / "ci" / "minimal-values.yaml"))
    missing = set(re.findall("secret ([a-z-]+)", "\n".join(release.unmountable())))
    assert missing == {"postgres-secrets", "postgres-tls", "postgres-ca", "app-secrets"}

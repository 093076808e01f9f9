"""`secrets`: each key that a release needs, who reads it, what fills it; names only."""

import json
import subprocess
from pathlib import Path

import pytest

from gitops_gen.manifests.objects import parse
from gitops_gen.manifests.secret_contract import ContractKey, Origin, secret_contract
from tests.conftest import GitopsGen

pytestmark = pytest.mark.slow

STREAM = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  template:
    spec:
      imagePullSecrets: [{name: registry}]
      containers:
        - name: app
          env:
            - {name: A, valueFrom: {secretKeyRef: {name: app, key: token}}}
            - {name: B, valueFrom: {secretKeyRef: {name: app, key: unfetched}}}
            - {name: C, valueFrom: {secretKeyRef: {name: extra, key: c, optional: true}}}
          envFrom: [{secretRef: {name: whole}}]
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: app-from-vault}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: app}
  data:
    - {secretKey: token, remoteRef: {key: shop/app, property: api-token}}
    - {secretKey: spare, remoteRef: {key: shop/spare}, sourceRef: {storeRef: {name: own}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: whole}
spec:
  secretStoreRef: {name: vault}
  dataFrom: [{extract: {key: shop/whole}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: asked, annotations: {cert-manager.io/issuer: ca}}
spec: {tls: [{secretName: asked-tls}, {hosts: [a]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: given}
spec: {tls: [{secretName: given-tls}]}
"""


def contract(stream: str) -> dict[tuple[str, str], ContractKey]:
    return {(key.secret, key.key): key for key in secret_contract(parse(stream, "stream"))}


def test_each_key_has_its_readers_and_its_origin() -> None:
    found = contract(STREAM)
    origins = {place: key.origin for place, key in found.items()}
    vault = {"object": "ExternalSecret/app-from-vault", "store": "ClusterSecretStore/vault"}
    assert origins == {
        ("app", "token"): Origin(**vault, entry="shop/app", property="api-token"),
        ("app", "spare"): Origin(**vault | {"store": "SecretStore/own"}, entry="shop/spare"),
        ("app", "unfetched"): Origin(),
        ("asked-tls", ""): Origin(object="Ingress/asked"),
        ("extra", "c"): Origin(),
        ("given-tls", ""): Origin(),
        ("registry", ""): Origin(),
        ("whole", ""): Origin(object="ExternalSecret/whole", store="SecretStore/vault"),
    }
    assert found["app", "token"].readers == ("Deployment/app",)
    assert found["app", "spare"].readers == ()
    assert found["given-tls", ""].readers == ("Ingress/given",)
    assert [key.key for key in found.values() if key.optional] == ["c"]


def test_who_reads_a_whole_secret_reads_each_of_its_keys() -> None:
    reader = STREAM.replace("imagePullSecrets: [{name: registry}]", "volumes: [{name: v, secret: {secretName: app}}]")
    assert contract(reader)["app", "spare"].readers == ("Deployment/app",)


def test_the_reference_is_shown_by_environment(reference: Path, gitops_gen: GitopsGen) -> None:
    done = gitops_gen(reference, "secrets", "dev", "production")
    assert done.code == 0, done.err
    dev, production = done.out.split("\n\n")
    assert dev.startswith("dev, namespace api-forge-dev\nSECRET ")
    lines = [line.split() for line in production.splitlines()]
    store = ["ClusterSecretStore/vault", "api-forge/production/redis-secrets"]
    assert [*lines[-1][:2], *lines[-1][2:4]] == ["redis-secrets", "redis_password", *store]
    [certificate] = [line for line in production.splitlines() if line.endswith("Ingress/app")]
    assert "  nothing in this project: create it before the first sync  " in certificate


def test_without_external_secrets_all_of_it_is_to_be_created(reference: Path, gitops_gen: GitopsGen) -> None:
    project = reference / "gitops.yaml"
    text = project.read_text()
    assert "  externalSecrets:\n    enabled: true\n" in text
    project.write_text(
        text.replace("  externalSecrets:\n    enabled: true\n", "  externalSecrets:\n    enabled: false\n")
    )
    done = gitops_gen(reference, "secrets", "dev", "--output", "json")
    assert done.code == 0, done.err
    [found] = json.loads(done.out)["environments"]
    assert {key["origin"] for key in found["keys"]} == {None}
    assert all(key["readers"] for key in found["keys"])


def test_an_environment_that_is_wrong_is_reported_and_so_are_the_others(reference: Path, gitops_gen: GitopsGen) -> None:
    for name in ("dev", "staging"):
        (reference / f"environments/{name}/environment.yaml").write_text(
            "apiVersion: gitops-gen/v1\nkind: Environment\n"
        )
    done = gitops_gen(reference, "secrets")
    assert (done.code, done.out) == (1, "")
    assert "environments/dev/environment.yaml" in done.err
    assert "environments/staging/environment.yaml" in done.err


def test_a_list_of_what_exists_is_checked(reference: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    existing = tmp_path / "existing.txt"
    entries = [f"api-forge/dev/{name}" for name in ("app-secrets", "postgres-ca", "postgres-secrets", "postgres-tls")]
    existing.write_text("\n".join(["# of the store", *entries, ""]))
    run = gitops_gen(reference, "secrets", "dev", "--check", str(existing))
    assert run.code == 1
    assert "has no api-forge/dev/redis-secrets#redis_password" in run.err
    assert "app-secrets" not in run.err
    existing.write_text("\n".join([*entries, "api-forge/dev/redis-secrets#redis_password"]))
    run = gitops_gen(reference, "secrets", "dev", "--check", str(existing))
    assert (run.code, run.out) == (0, f"all that is needed is among the 5 names of {existing}\n")


def test_a_secret_of_the_namespace_is_checked_too(reference: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    (tmp_path / "empty").write_text("")
    run = gitops_gen(reference, "secrets", "production", "--check", str(tmp_path / "empty"))
    assert "has no secret:api-example-com-tls" in run.err


def test_a_script_fills_the_store_from_files(reference: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    script = gitops_gen(reference, "secrets", "production", "--script").out
    values, bin_folder, log = tmp_path / "values", tmp_path / "bin", tmp_path / "log"
    values.mkdir()
    bin_folder.mkdir()
    for name in ("vault", "kubectl"):
        (bin_folder / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\n')
        (bin_folder / name).chmod(0o755)
    environment = {"PATH": f"{bin_folder}:/usr/bin:/bin", "VALUES": str(values)}
    subprocess.run(["sh", "-c", script], check=True, env=environment)
    said = log.read_text()
    entry = "api-forge/production/redis-secrets"
    assert f"vault kv patch -mount=secret {entry} redis_password=@{values}/{entry}/redis_password" in said
    assert "kubectl --namespace api-forge-production create secret generic api-example-com-tls" in said
    assert subprocess.run(
        ["sh", "-c", script], check=False, env={"PATH": "/usr/bin:/bin"}, capture_output=True
    ).returncode

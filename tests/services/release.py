"""A release of the chart on a `Machine`: the rendered objects and the Secrets that its pods read."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import helm_python
import yaml

from tests.services.machine import Machine, Manifest, Pod

if TYPE_CHECKING:
    from collections.abc import Mapping

CHART = Path(__file__).parents[2] / "helm" / "api-forge"
# Awkward on purpose: each of these has gone wrong in somebody's shell script.
PASSWORDS = {
    "postgres_password": "su'per\\user",
    "postgres_app_owner_pw": "owner",
    "postgres_app_user_pw": 'app $user "1"',
    "postgres_app_ro_pw": "read;only--",
    "postgres_temporal_pw": 'temp"oral`id`\\',
}
REDIS_PASSWORD = 're"dis\\pass word'

Secrets = dict[str, dict[str, str]]


def rendered(values: Mapping[str, Any] = MappingProxyType({})) -> list[dict[str, Any]]:
    """The objects of the chart with `values`."""
    with helm_python.Chart.load(str(CHART)) as chart:
        texts = chart.render(chart.merge_values(dict(values)), name="api-forge", namespace="demo")
    manifests = (text for path, text in texts.items() if not path.endswith(".txt"))
    return [item for text in manifests for item in yaml.load_all(text, yaml.CSafeLoader) if item]


@dataclass(frozen=True, kw_only=True)
class Release:
    """The chart rendered with some values. Sizes are small, since a test machine is."""

    machine: Machine
    secrets: Secrets
    values: Mapping[str, Any] = field(default_factory=dict)

    def objects(self) -> list[dict[str, Any]]:
        return rendered(self.values)

    def pod(self, name: str) -> Pod:
        """The pod of a Deployment, or of a Job whatever its hash, or of the next Job of a CronJob."""
        objects = self.objects()
        pattern = re.compile(rf"{re.escape(name)}(-[0-9a-f]{{8}})?")
        workloads = [item for item in objects if item["kind"] in ("Deployment", "Job")]
        workloads += [item | item["spec"]["jobTemplate"] for item in objects if item["kind"] == "CronJob"]
        (workload,) = [item for item in workloads if pattern.fullmatch(item["metadata"]["name"])]
        config_maps: dict[str, Manifest] = {
            item["metadata"]["name"]: item for item in objects if item["kind"] == "ConfigMap"
        }
        return Pod(machine=self.machine, workload=workload, config_maps=config_maps, secrets=self.secrets)


def with_password(secrets: Secrets, secret: str, key: str, value: str) -> Secrets:
    """The same Secrets, except for one value."""
    return secrets | {secret: secrets[secret] | {key: value}}


def make_secrets(folder: Path) -> Secrets:
    """All five Secrets, with certificates as a company has them: root, intermediate, server."""
    root = _authority(folder, "root", [])
    issuer = _authority(folder, "intermediate", root)
    names = "subjectAltName=DNS:postgres,DNS:localhost,IP:127.0.0.1"
    _openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
        "-subj",
        "/CN=postgres",
        cwd=folder,
    )
    (folder / "server.ext").write_text(f"{names}\n")
    _openssl(
        "x509",
        "-req",
        "-in",
        "server.csr",
        *issuer,
        "-days",
        "2",
        "-extfile",
        "server.ext",
        "-out",
        "server.crt",
        cwd=folder,
    )
    read = {name: (folder / name).read_text() for name in ("root.crt", "intermediate.crt", "server.crt", "server.key")}
    return {
        "postgres-secrets": dict(PASSWORDS),
        "postgres-tls": {"server.crt": read["server.crt"] + read["intermediate.crt"], "server.key": read["server.key"]},
        "postgres-ca": {
            "ca-bundle.crt": read["intermediate.crt"] + read["root.crt"],
            "root-ca.crt": read["root.crt"],
            "intermediate-ca.crt": read["intermediate.crt"],
        },
        "redis-secrets": {"redis_password": REDIS_PASSWORD},
        "app-secrets": {
            "session_signing_secret": "session",
            "csrf_signing_secret": "csrf",
            "oidc_google_client_secret": "google",
            "oidc_microsoft_client_secret": "microsoft",
            "oidc_keycloak_client_secret": "keycloak",
        },
    }


def _authority(folder: Path, name: str, issuer: list[str]) -> list[str]:
    """A certificate authority; the options with which `openssl x509` signs with it."""
    request = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}"]
    if not issuer:
        _openssl(*request, "-x509", "-days", "2", "-out", f"{name}.crt", cwd=folder)
    else:
        _openssl(*request, "-out", f"{name}.csr", cwd=folder)
        (folder / f"{name}.ext").write_text("basicConstraints=critical,CA:TRUE\n")
        signed = ["-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt"]
        _openssl("x509", "-req", "-in", f"{name}.csr", *issuer, *signed, cwd=folder)
    return ["-CA", f"{name}.crt", "-CAkey", f"{name}.key", "-CAcreateserial"]


def _openssl(*arguments: str, cwd: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True)

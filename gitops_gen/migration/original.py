"""What the original deployment of api-forge (Kustomize, `k8s/base`) is known by, and the chart values for its facts."""

from collections.abc import Mapping

PART_OF = "app.kubernetes.io/part-of"
PROJECT = "api-forge"

CONFIG_MAPS = frozenset(
    {
        "app-config",
        "app-env",
        "postgres-config",
        "postgres-verifier-config",
        "temporal-config",
        "universal-entrypoint",
    }
)
"""Made by Kustomize's generator, which gives them no labels."""

KINDS = (
    "deployments",
    "services",
    "configmaps",
    "persistentvolumeclaims",
    "networkpolicies",
    "jobs",
    "ingresses",
    "serviceaccounts",
)
"""What an export needs; Secrets are not among them."""

DATABASES = ("postgres", "redis")
"""Stopped last: the dump needs them."""

CLAIM_VALUES: Mapping[tuple[str, str], str] = {
    ("postgres", "/var/lib/postgresql/data"): "postgresql.persistence.data",
    ("postgres", "/var/lib/postgresql/backups"): "postgresql.persistence.backups",
    ("redis", "/data"): "redis.persistence.data",
    ("redis", "/var/lib/redis/backups"): "redis.persistence.backups",
}
"""Workload and mount path, and the values of the claim there."""

NAME_VALUES: Mapping[str, str] = {
    "APP_DB": "postgresql.auth.database",
    "APP_SCHEMA": "postgresql.auth.schema",
    "APP_DB_OWNER": "postgresql.auth.owner",
    "APP_DB_USER": "postgresql.auth.user",
    "APP_DB_RO_USER": "postgresql.auth.readOnlyUser",
    "TEMPORAL_DB_USER": "temporal.auth.user",
    "TEMPORAL_DB_OWNER": "temporal.auth.owner",
    "TEMPORAL_DB": "temporal.auth.database",
    "TEMPORAL_VIS_DB": "temporal.auth.visibilityDatabase",
}
"""Names of roles and databases, by the variable that both deployments call them by."""

SHARDS = "NUM_HISTORY_SHARDS"
SHARDS_VALUE = "temporal.numHistoryShards"
DATA_FOLDER = "/var/lib/postgresql/data"
"""PGDATA where nothing sets it: https://hub.docker.com/_/postgres"""


def export_command(namespace: str) -> str:
    """What a person types for the export."""
    return f"kubectl -n {namespace} get {','.join(KINDS)} -o yaml"

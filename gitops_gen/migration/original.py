"""Names in the original deployment of api-forge (Kustomize, `k8s/base`), and the corresponding chart values."""

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
"""Created by Kustomize's generator, which sets no labels on them."""

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
"""The kinds to export. Secrets are not needed."""

DATABASES = ("postgres", "redis")
"""Stopped last, because the dump needs them."""

CLAIM_VALUES: Mapping[tuple[str, str], str] = {
    ("postgres", "/var/lib/postgresql/data"): "postgresql.persistence.data",
    ("postgres", "/var/lib/postgresql/backups"): "postgresql.persistence.backups",
    ("redis", "/data"): "redis.persistence.data",
}
"""The chart values of a claim, by workload and mount path."""

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
"""The chart values of roles and databases, by the environment variable that both deployments use."""

SHARDS = "NUM_HISTORY_SHARDS"
SHARDS_VALUE = "temporal.numHistoryShards"
DATA_FOLDER = "/var/lib/postgresql/data"
"""Default of PGDATA: https://hub.docker.com/_/postgres"""


def export_command(namespace: str) -> str:
    """The command that exports the namespace."""
    return f"kubectl -n {namespace} get {','.join(KINDS)} -o yaml"

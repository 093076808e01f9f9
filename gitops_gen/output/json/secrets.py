"""The document of `secrets`."""

from collections.abc import Iterable
from typing import TypedDict

from gitops_gen.commands.secrets import EnvironmentSecrets
from gitops_gen.manifests.secret_contract import ContractKey, Origin
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class SecretOrigin(TypedDict):
    """What provides a key."""

    object: str
    """The object that creates the Secret, such as `ExternalSecret/app`."""
    store: str | None
    """The secret store that an ExternalSecret reads, such as `ClusterSecretStore/vault`."""
    entry: str | None
    """The entry in the store."""
    property: str | None
    """The property of the entry."""


class SecretKeyEntry(TypedDict):
    """One key of a Secret. Values are never read."""

    secret: str
    key: str | None
    """null: all keys of the Secret."""
    readers: list[str]
    """Objects that read it, such as `Deployment/app`."""
    optional: bool
    """Whether no reader requires it."""
    origin: SecretOrigin | None
    """null: nothing in this project provides it, so it must be created before the first sync."""


class EnvironmentSecretKeys(TypedDict):
    """The Secrets of one environment."""

    name: str
    namespace: str
    keys: list[SecretKeyEntry]


class SecretsDocument(VersionedDocument):
    """Output of `secrets`."""

    environments: list[EnvironmentSecretKeys]


def secrets_document(found: Iterable[EnvironmentSecrets]) -> SecretsDocument:
    """Which keys of Secrets each environment needs, by name."""
    return SecretsDocument(
        schemaVersion=SCHEMA_VERSION,
        environments=[
            EnvironmentSecretKeys(
                name=item.environment, namespace=item.namespace, keys=[_key(key) for key in item.keys]
            )
            for item in found
        ],
    )


def _key(item: ContractKey) -> SecretKeyEntry:
    return SecretKeyEntry(
        secret=item.secret,
        key=item.key or None,
        readers=list(item.readers),
        optional=item.optional,
        origin=_origin(item.origin),
    )


def _origin(item: Origin) -> SecretOrigin | None:
    if item == Origin():
        return None
    return SecretOrigin(
        object=item.object, store=item.store or None, entry=item.entry or None, property=item.property or None
    )

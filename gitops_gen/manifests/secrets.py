"""Secrets: which object makes which one, and which keys the rendered workloads read from them. Names only, never
values.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_gen.manifests.objects import Manifest, ObjectId, mapping, mappings
from gitops_gen.manifests.pods import Reference, command, pod_of, references

_MAKERS: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("external-secrets.io", "ExternalSecret"): (("target", "name"),),
    ("bitnami.com", "SealedSecret"): (("template", "metadata", "name"),),
    ("cert-manager.io", "Certificate"): (("secretName",),),
    ("external-secrets.io", "ClusterExternalSecret"): (
        ("externalSecretSpec", "target", "name"),
        ("externalSecretName",),
    ),
    ("onepassword.com", "OnePasswordItem"): (),
    ("secrets.hashicorp.com", "VaultStaticSecret"): (("destination", "name"),),
    ("secrets.hashicorp.com", "VaultDynamicSecret"): (("destination", "name"),),
    ("secrets.hashicorp.com", "VaultPKISecret"): (("destination", "name"),),
    ("secrets.hashicorp.com", "HCPVaultSecretsApp"): (("destination", "name"),),
    ("secrets.infisical.com", "InfisicalSecret"): (("managedSecretReference", "secretName"),),
    ("secrets.doppler.com", "DopplerSecret"): (("managedSecret", "name"),),
    ("spv.no", "AzureKeyVaultSecret"): (("output", "secret", "name"),),
    ("kafka.strimzi.io", "KafkaUser"): (),
}
"""Where a custom resource's specification names the Secret it makes; its own name is the Secret's otherwise."""

_MAKERS_OF_SEVERAL: Mapping[tuple[str, str], Callable[[Manifest], list[str]]] = {
    ("secrets-store.csi.x-k8s.io", "SecretProviderClass"): lambda item: [
        str(entry.get("secretName")) for entry in mappings(item.spec.get("secretObjects"))
    ],
    ("postgresql.cnpg.io", "Cluster"): lambda item: [
        f"{item.name}-{part}" for part in ("app", "superuser", "ca", "server", "replication")
    ],
}
"""Kinds of which one object makes several Secrets."""


_MADE_BY_COMMAND = re.compile(
    r"(?:--[\w-]*secret(?:-name)?[ =]"
    r"|\bkubectl\b[^\n;|&]*?\bcreate\s+secret\s+(?:generic|tls|docker-registry)\s+(?:--?\S+\s+)*"
    r"|\bkind:\s*Secret\b[^{}]*?\bname:\s*)"
    r"['\"]?([a-z0-9][a-z0-9.-]*)"
)
_NAMES_SECRET = re.compile(r"SECRET(_?NAME)?$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretUse:
    """A Secret (and the key, where one is named) that a workload reads."""

    secret: str
    key: str
    consumer: ObjectId
    how: str
    optional: bool


def made_secrets(manifest: Manifest) -> tuple[str, ...]:
    """The names of the Secrets that the object is or makes."""
    kind = (manifest.id.group, manifest.kind)
    if kind == ("", "Secret"):
        return (manifest.name,)
    if several := _MAKERS_OF_SEVERAL.get(kind):
        return tuple(several(manifest))
    paths = _MAKERS.get(kind)
    if paths is None:
        return ()
    return (next((name for path in paths if (name := _at(manifest.spec, path))), manifest.name),)


def perhaps_made_secrets(manifest: Manifest) -> tuple[str, ...]:
    """The Secrets that a Job seems to make, as its command and variables say: `--secret-name=X`, `kubectl create secret
    generic X`, `SECRET_NAME`. What a command does cannot be proven from here.
    """
    pod = pod_of(manifest) if manifest.kind == "Job" else None
    containers = (*pod.init_containers, *pod.containers) if pod else ()
    named = [match[1] for item in containers for match in _MADE_BY_COMMAND.finditer(command(item))]
    variables = [entry for item in containers for entry in mappings(item.get("env"))]
    named += [str(entry["value"]) for entry in variables if _is_secret_name(entry)]
    return tuple(dict.fromkeys(named))


def _is_secret_name(variable: Mapping[str, Any]) -> bool:
    return isinstance(variable.get("value"), str) and bool(_NAMES_SECRET.search(str(variable.get("name"))))


def made_keys(external: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys that an ExternalSecret fetches one by one."""
    return tuple(str(item.get("secretKey")) for item in mappings(external.get("data")))


def external_spec(manifest: Manifest) -> Mapping[str, Any] | None:
    """What an ExternalSecret, or each one that a ClusterExternalSecret makes, asks for; None for another kind."""
    if manifest.kind == "ClusterExternalSecret":
        return mapping(manifest.spec.get("externalSecretSpec"))
    return manifest.spec if manifest.kind == "ExternalSecret" else None


def provided_keys(manifest: Manifest) -> frozenset[str] | None:
    """The keys that a ConfigMap or Secret has, or that an ExternalSecret or SealedSecret makes; None when they cannot
    be known from here (an empty object that something else fills, a whole entry of a store).
    """
    if (external := external_spec(manifest)) is not None:
        return _templated_keys(external)
    if manifest.kind == "SealedSecret":
        template = _keys_of(mapping(manifest.spec.get("template")), "data") or frozenset()
        return (_keys_of(manifest.spec, "encryptedData") or frozenset()) | template or None
    if manifest.kind not in {"ConfigMap", "Secret"} or manifest.data.get("type") == _TOKEN:
        return None
    return _keys_of(manifest.data, "data", "stringData", "binaryData")


_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105


def _keys_of(data: Mapping[str, Any], *fields: str) -> frozenset[str] | None:
    return frozenset(str(key) for field in fields for key in mapping(data.get(field))) or None


def templates_of(external: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """`target.template.data`, and whether it replaces what is fetched (mergePolicy Replace, the default).

    https://external-secrets.io/latest/guides/templating/
    """
    template = mapping(mapping(external.get("target")).get("template"))
    data = mapping(template.get("data"))
    replaces = bool(data or template.get("templateFrom")) and template.get("mergePolicy") != "Merge"
    return data, replaces


def _templated_keys(external: Mapping[str, Any]) -> frozenset[str] | None:
    data, replaces = templates_of(external)
    target = mapping(external.get("target"))
    others = mappings(mapping(target.get("template")).get("templateFrom"))
    unknown = any(item.get("target", "Data") not in {"Annotations", "Labels"} for item in others)
    whole_entries = bool(external.get("dataFrom")) and not replaces
    if unknown or whole_entries or target.get("creationPolicy") == "Merge":
        return None
    return frozenset((*map(str, data), *(() if replaces else made_keys(external)))) or None


def _at(spec: Mapping[str, Any], path: tuple[str, ...]) -> str:
    value: Any = spec
    for step in path:
        value = mapping(value).get(step)
    return value if isinstance(value, str) else ""


def secret_uses(manifests: Iterable[Manifest]) -> tuple[SecretUse, ...]:
    """Every Secret and key that a pod of the rendered objects reads, in their order and without repetition."""
    found = (
        _use(manifest, reference)
        for manifest in manifests
        if (pod := pod_of(manifest))
        for reference in references(pod)
        if reference.kind == "Secret"
    )
    return tuple(dict.fromkeys(found))


def _use(manifest: Manifest, reference: Reference) -> SecretUse:
    return SecretUse(
        secret=reference.name, key=reference.key, consumer=manifest.id, how=reference.how, optional=reference.optional
    )

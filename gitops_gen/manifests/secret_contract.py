"""What must be in which Secret before a release runs: each key, who reads it, and what fills it. Names only, never
values.

Where an ExternalSecret fetches a key from: https://external-secrets.io/latest/api/externalsecret/
"""

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.secrets import (
    SecretUse,
    external_spec,
    made_secrets,
    perhaps_made_secrets,
    secret_uses,
    templates_of,
)

ISSUERS = {"cert-manager.io/issuer", "cert-manager.io/cluster-issuer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What fills a Secret or a key of it: the object that makes it, and the store's entry that an ExternalSecret names.
    All empty when nothing among the rendered objects does.
    """

    object: str = ""
    store: str = ""
    entry: str = ""
    property: str = ""

    @builtins.property
    def entries(self) -> list[str]:
        """Its entries one by one: a template may read several."""
        return self.entry.split(", ") if self.entry else []


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractKey:
    """One key of a Secret; an empty one stands for all that are there. `optional` when no reader insists on it."""

    secret: str
    key: str
    readers: tuple[str, ...]
    optional: bool
    origin: Origin


def secret_contract(manifests: Iterable[Manifest]) -> tuple[ContractKey, ...]:
    """Every key of every Secret that the rendered objects read or make, by the Secret's name."""
    manifests = tuple(manifests)
    uses = (*secret_uses(manifests), *_servedtls_secrets(manifests))
    makers = {secret: item for item in manifests for secret in (*made_secrets(item), *_requested(item))}
    perhaps = {secret: item for item in manifests for secret in perhaps_made_secrets(item)}
    names = sorted({use.secret for use in uses} | makers.keys())
    return tuple(
        key
        for name in names
        for key in _keys(
            name,
            [use for use in uses if use.secret == name],
            makers.get(name),
            None if name in makers else perhaps.get(name),
        )
    )


def _servedtls_secrets(manifests: Iterable[Manifest]) -> Iterator[SecretUse]:
    for manifest in manifests:
        for secret in tls_secrets(manifest):
            yield SecretUse(secret=secret, key="", consumer=manifest.id, how="tls", optional=False)


def tls_secrets(manifest: Manifest) -> tuple[str, ...]:
    """The Secrets with certificates that an Ingress serves."""
    entries = mappings(manifest.spec.get("tls")) if manifest.kind == "Ingress" else ()
    return tuple(name for entry in entries if isinstance(name := entry.get("secretName"), str))


def _requested(manifest: Manifest) -> tuple[str, ...]:
    """The certificates that cert-manager makes because the Ingress asks for them.

    https://cert-manager.io/docs/usage/ingress/
    """
    annotations = mapping(mapping(manifest.data.get("metadata")).get("annotations"))
    return tls_secrets(manifest) if ISSUERS & annotations.keys() else ()


def _keys(
    secret: str, uses: list[SecretUse], maker: Manifest | None, perhaps: Manifest | None
) -> Iterator[ContractKey]:
    external = (external_spec(maker) if maker else None) or {}
    templates, replaces = templates_of(external)
    # Those that come into the Secret as they are fetched.
    fetched = {} if replaces else {str(item.get("secretKey")): item for item in mappings(external.get("data"))}
    named = dict.fromkeys([*fetched, *map(str, templates), *(use.key for use in uses if use.key)])
    for key in named or ("",):
        readers = [use for use in uses if use.key in ("", key)]
        yield ContractKey(
            secret=secret,
            key=key,
            readers=tuple(dict.fromkeys(str(use.consumer) for use in readers)),
            optional=bool(readers) and all(use.optional for use in readers),
            origin=_from_template(maker, external, str(templates[key]))
            if maker and key in templates
            else _origin(maker, fetched.get(key), named=bool(fetched or templates))
            if maker
            else _made_perhaps(perhaps),
        )


def _from_template(maker: Manifest, external: Mapping[str, Any], template: str) -> Origin:
    """A key that a template makes: out of all the entries that it names."""
    inputs = [mapping(item.get("remoteRef")) for item in mappings(external.get("data")) if _names(template, item)]
    entries = dict.fromkeys(str(remote.get("key") or "") for remote in inputs)
    properties = dict.fromkeys(str(remote["property"]) for remote in inputs if remote.get("property"))
    return Origin(
        object=str(maker.id), store=_store(external), entry=", ".join(entries), property=", ".join(properties)
    )


def _names(template: str, item: Mapping[str, Any]) -> bool:
    return re.search(rf"\b{re.escape(str(item.get('secretKey')))}\b", template) is not None


def _made_perhaps(job: Manifest | None) -> Origin:
    return Origin(object=f"{job.id} (perhaps)") if job else Origin()


def _origin(maker: Manifest, item: Mapping[str, Any] | None, *, named: bool) -> Origin:
    external = external_spec(maker)
    if external is None:
        return Origin(object=str(maker.id))
    if item is None:
        # Only `dataFrom` brings keys that are not named one by one, where no template replaces them.
        brings_more = (bool(external.get("dataFrom")) and not templates_of(external)[1]) or not named
        return Origin(object=str(maker.id), store=_store(external)) if brings_more else Origin()
    remote = mapping(item.get("remoteRef"))
    own_store = mapping(item.get("sourceRef"))
    return Origin(
        object=str(maker.id),
        store=_store(own_store, "storeRef") if own_store else _store(external),
        entry=str(remote.get("key") or ""),
        property=str(remote.get("property") or ""),
    )


def _store(spec: Mapping[str, Any], field: str = "secretStoreRef") -> str:
    store = mapping(spec.get(field))
    return f"{store.get('kind') or 'SecretStore'}/{store.get('name')}" if store else ""


def missing_from(keys: Iterable[ContractKey], existing: Iterable[str]) -> list[ContractKey]:
    """The keys that a reader insists on, and for which the list has neither the entry of the store nor the Secret.

    The list has `ENTRY` or `ENTRY#PROPERTY` for a store, and `secret:NAME` or `secret:NAME/KEY` for the namespace.
    """
    names = frozenset(existing)
    return [
        key for key in keys if not key.optional and _needs(key) and not all(names & some for some in _names_of(key))
    ]


def _needs(key: ContractKey) -> bool:
    """Whether someone outside of the rendered objects has to provide it."""
    return bool(key.origin.entry) or (key.origin == Origin() and bool(key.readers))


def _names_of(key: ContractKey) -> list[set[str]]:
    """What the list may call it: of each set one name; a template makes a key of several entries."""
    if key.origin.entry:
        return [{entry, f"{entry}#{key.origin.property}"} for entry in key.origin.entries]
    return [{f"secret:{key.secret}", f"secret:{key.secret}/{key.key}"}]

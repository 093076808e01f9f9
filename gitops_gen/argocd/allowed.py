"""The AppProject with what `argocd.project.allow` adds to it."""

from typing import Any

from gitops_gen.models.models import Allowance

_SECRET = {"group": "", "kind": "Secret"}


def with_allowed(manifest: dict[str, Any], allow: Allowance, destination: dict[str, str]) -> dict[str, Any]:
    """The AppProject with the entries of `allow` added to its lists, and without the same entries in its denials.

    `destination` is the cluster as the AppProject names it.
    """
    spec = dict(manifest["spec"])
    cluster_wide = [_entry(kind) for kind in allow.cluster_kinds]
    namespaced = [_entry(kind) for kind in allow.kinds] + ([_SECRET] if allow.secrets else [])
    places = [{**destination, "namespace": namespace} for namespace in allow.namespaces]
    _add(spec, "clusterResourceWhitelist", cluster_wide)
    _remove(spec, "clusterResourceBlacklist", cluster_wide)
    _add(spec, "destinations", places)
    _remove(spec, "namespaceResourceBlacklist", namespaced)
    # Without this whitelist all namespaced kinds are allowed; with one, only what is in it.
    if spec.get("namespaceResourceWhitelist") is not None:
        _add(spec, "namespaceResourceWhitelist", namespaced)
    return {**manifest, "spec": spec}


def _entry(text: str) -> dict[str, str]:
    """`Kind.group/name` as the AppProject writes it."""
    kind, _, name = text.partition("/")
    kind, _, group = kind.partition(".")
    return {"group": group, "kind": kind, **({"name": name} if name else {})}


def _add(spec: dict[str, Any], field: str, entries: list[dict[str, str]]) -> None:
    found = list(spec.get(field) or [])
    if new := [entry for entry in entries if entry not in found]:
        spec[field] = [*found, *new]


def _remove(spec: dict[str, Any], field: str, entries: list[dict[str, str]]) -> None:
    kept = [entry for entry in spec.get(field) or [] if entry not in entries]
    if field in spec and kept != spec[field]:
        spec[field] = kept

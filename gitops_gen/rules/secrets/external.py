"""Rules on the objects of External Secrets: versions, defaults, intervals and stores.

The fields: https://external-secrets.io/latest/api/externalsecret/
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.annotations import applies_server_side
from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.names import did_you_mean
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath

GROUP = "external-secrets.io"
_KINDS = frozenset({"ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore"})
_REMOTE = {"conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}
_FOUND = {"conversionStrategy": "Default", "decodingStrategy": "None"}
_TARGET = {"creationPolicy": "Owner", "deletionPolicy": "Retain"}
_TEMPLATE = {"engineVersion": "v2", "mergePolicy": "Replace"}
_DURATION = re.compile(r"(0|(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+)")


def _external_secrets(plan: SyncPlan) -> list[Manifest]:
    return [item for item in plan.objects.of_kind("ExternalSecret") if item.id.group == GROUP]


def _served(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        version = str(manifest.data.get("apiVersion")).rpartition("/")[2]
        if manifest.id.group == GROUP and manifest.kind in _KINDS:
            served = _versions(plan, manifest.kind)
            if served and version not in served:
                yield Hit(
                    manifest, f"has version {version}; the cluster serves {', '.join(served)}", path=("apiVersion",)
                )
            elif not served and version != "v1":
                yield Hit(manifest, f"has version {version}, which is not served since 0.17", path=("apiVersion",))


def _versions(plan: SyncPlan, kind: str) -> list[str]:
    """What the CustomResourceDefinition serves, where it is known."""
    for item in (*plan.cluster.schemas, *plan.objects.of_kind("CustomResourceDefinition")):
        if item.spec.get("group") == GROUP and mapping(item.spec.get("names")).get("kind") == kind:
            return [str(one.get("name")) for one in mappings(item.spec.get("versions")) if one.get("served")]
    return []


def _defaults(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in _external_secrets(plan):
        compared = str(manifest.annotations.get("argocd.argoproj.io/compare-options") or "")
        if applies_server_side(manifest, plan.policy.sync_options) and "ServerSideDiff=true" not in compared:
            for path, fields, given in _defaulted(manifest):
                for key in fields.keys() - given.keys():
                    yield Hit(manifest, f"leaves out {key}: {fields[key]}", path=(*path, key))


def _defaulted(manifest: Manifest) -> Iterator[tuple[KeyPath, Mapping[str, str], Mapping[str, Any]]]:
    target = mapping(manifest.spec.get("target"))
    yield ("spec", "target"), _TARGET, target
    if "template" in target:
        yield ("spec", "target", "template"), _TEMPLATE, mapping(target["template"])
    for index, item in enumerate(mappings(manifest.spec.get("data"))):
        yield ("spec", "data", index, "remoteRef"), _REMOTE, mapping(item.get("remoteRef"))
    for index, item in enumerate(mappings(manifest.spec.get("dataFrom"))):
        for key, fields in (("extract", _REMOTE), ("find", _FOUND)):
            if key in item:
                yield ("spec", "dataFrom", index, key), fields, mapping(item[key])


def _intervals(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in _external_secrets(plan):
        given, path = manifest.spec.get("refreshInterval"), ("spec", "refreshInterval")
        policy = manifest.spec.get("refreshPolicy", "Periodic")
        if given is not None and not (isinstance(given, str) and _DURATION.fullmatch(given)):
            yield Hit(manifest, f"has refreshInterval {given}, which is no duration such as 1h0m0s", path=path)
        if policy not in ("CreatedOnce", "Periodic", "OnChange"):
            why = "CreatedOnce, Periodic and OnChange are known"
            yield Hit(manifest, f"has refreshPolicy {policy}; {why}", path=("spec", "refreshPolicy"))


def _changed_intervals(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in _external_secrets(plan):
        given = manifest.spec.get("refreshInterval")
        if isinstance(given, str) and _DURATION.fullmatch(given) and given != _canonical(given):
            text = f"has refreshInterval {given}, which the API server stores as {_canonical(given)}"
            if applies_server_side(manifest, plan.policy.sync_options):
                yield Hit(manifest, text, path=("spec", "refreshInterval"))


_UNITS = {"h": 3600, "m": 60, "s": 1}


def _canonical(duration: str) -> str:
    """As Go writes it, in whole seconds: https://pkg.go.dev/time#Duration.String."""
    parts = re.findall(r"(\d+)(h|m|s)", duration)
    if "".join(number + unit for number, unit in parts) != duration:
        return duration
    total = sum(int(number) * _UNITS[unit] for number, unit in parts)
    hours, minutes, seconds = total // 3600, total // 60 % 60, total % 60
    return f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _refused(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in _external_secrets(plan):
        spec, target = manifest.spec, mapping(manifest.spec.get("target"))
        if not spec.get("data") and not spec.get("dataFrom"):
            yield Hit(manifest, "has neither data nor dataFrom", "", ("spec",))
        created, deleted = target.get("creationPolicy"), target.get("deletionPolicy")
        if (deleted, created) in {("Delete", "Merge"), ("Delete", "None"), ("Merge", "None")}:
            text = f"has deletionPolicy {deleted}, which creationPolicy {created} does not allow"
            yield Hit(manifest, text, "", ("spec", "target", "deletionPolicy"))
        for index, item in enumerate(mappings(spec.get("dataFrom"))):
            source = mapping(item.get("sourceRef"))
            given = [key for key in ("extract", "find") if item.get(key) is not None]
            given += ["sourceRef.generatorRef"] if source.get("generatorRef") else []
            if len(given) > 1 or not (given or source):
                text = f"has {' and '.join(given) or 'nothing to fetch'} in one entry of dataFrom"
                yield Hit(manifest, text, "", ("spec", "dataFrom", index))


def _stores(plan: SyncPlan) -> Iterator[Hit]:
    rendered = {f"{item.kind}/{item.name}" for item in plan.objects.of_kind("SecretStore", "ClusterSecretStore")}
    known = sorted({*plan.cluster.secrets.stores, *rendered})
    for manifest in _external_secrets(plan) if plan.cluster.secrets.stores else ():
        for path, reference in _references(manifest):
            name = f"{reference.get('kind') or 'SecretStore'}/{reference.get('name')}"
            if name not in known:
                hint = did_you_mean(name, known)
                yield Hit(
                    manifest, f"names {name}, which is not rendered and not in secretStores {hint}".rstrip(), path=path
                )


def _references(manifest: Manifest) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    if own := mapping(manifest.spec.get("secretStoreRef")):
        yield ("spec", "secretStoreRef", "name"), own
    for field in ("data", "dataFrom"):
        for index, item in enumerate(sequence(manifest.spec.get(field))):
            if reference := mapping(mapping(mapping(item).get("sourceRef")).get("storeRef")):
                yield ("spec", field, index, "sourceRef", "storeRef", "name"), reference


_EXAMPLE = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: login
  annotations: {argocd.argoproj.io/sync-options: ServerSideApply=true}
spec:
  refreshPolicy: Periodic
  refreshInterval: 1h0m0s
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: login, creationPolicy: Owner, deletionPolicy: Retain}
  data:
    - secretKey: password
      remoteRef: {key: a, conversionStrategy: Default, decodingStrategy: None, metadataPolicy: None}
"""

_STORES = """\
apiVersion: gitops-gen/v1
kind: Project
secretStores: {vault: {kind: ClusterSecretStore}}
---
"""

RULES = (
    Rule(
        id="external-secret-version",
        title="Objects of External Secrets have a version that is served",
        explanation=(
            "External Secrets serves external-secrets.io/v1 since 0.16, and v1beta1 no longer since 0.17 "
            "(https://external-secrets.io/latest/introduction/stability-support/). With the CRDs in "
            "`clusters.<name>.schemas`, their versions count."
        ),
        remedy="write apiVersion: external-secrets.io/v1",
        check=_served,
        severity=Severity.WARNING,
        bad=_EXAMPLE.replace("io/v1", "io/v1beta1"),
        good=_EXAMPLE,
    ),
    Rule(
        id="external-secret-not-allowed",
        title="An ExternalSecret is as the webhook of External Secrets allows it",
        explanation=(
            "The webhook refuses an ExternalSecret without data and dataFrom, an entry of dataFrom with none or more "
            "than one of extract, find and generatorRef, and a deletionPolicy for a Secret that is not its own "
            "(https://external-secrets.io/latest/guides/ownership-deletion-policy/)."
        ),
        remedy="correct the field",
        check=_refused,
        bad=_EXAMPLE.replace("Owner, deletionPolicy: Retain", "Merge, deletionPolicy: Delete"),
        good=_EXAMPLE,
    ),
    Rule(
        id="external-secret-default",
        title="An ExternalSecret that is applied server-side spells out the fields with defaults",
        explanation=(
            "The API server adds the defaults, and Argo CD compares: with server-side apply and without "
            "ServerSideDiff=true the Application stays OutOfSync without end."
        ),
        remedy="write the field out, or set the compare option ServerSideDiff=true",
        check=_defaults,
        severity=Severity.WARNING,
        bad=_EXAMPLE.replace("conversionStrategy: Default, ", ""),
        good=_EXAMPLE,
    ),
    Rule(
        id="external-secret-interval",
        title="An ExternalSecret has the refreshInterval and refreshPolicy that the operator reads",
        explanation=(
            "The operator reads Go durations, such as 1h0m0s or 30s: `1d` and a plain number are refused "
            "(https://pkg.go.dev/time#ParseDuration)."
        ),
        remedy="write a duration in hours, minutes and seconds, such as 24h0m0s",
        check=_intervals,
        bad=_EXAMPLE.replace("1h0m0s", "1d"),
        good=_EXAMPLE,
    ),
    Rule(
        id="external-secret-interval-form",
        title="An ExternalSecret writes refreshInterval as it is stored",
        explanation=(
            "The operator stores the duration in Go's own form. An ExternalSecret that is applied server-side with "
            "another form stays OutOfSync."
        ),
        remedy="write it as it is stored",
        check=_changed_intervals,
        severity=Severity.WARNING,
        bad=_EXAMPLE.replace("1h0m0s", "60m"),
        good=_EXAMPLE,
    ),
    Rule(
        id="secret-store-unknown",
        title="The store of an ExternalSecret is rendered, or is one of secretStores",
        explanation=(
            "An ExternalSecret whose store does not exist never becomes Ready, and the sync ends with its timeout. It "
            "is checked where gitops.yaml names stores."
        ),
        remedy="correct the name, or add the store to secretStores of gitops.yaml",
        check=_stores,
        bad=_STORES + _EXAMPLE.replace("name: vault", "name: vaults"),
        good=_STORES + _EXAMPLE,
    ),
)

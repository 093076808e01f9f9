"""The examples that rules explain themselves with, as plans."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import yaml

from gitops_gen.argocd.permissions import Permissions
from gitops_gen.manifests.objects import Manifest, mapping, parse
from gitops_gen.project.environment import SecretFacts, SecretOverride
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.durations import seconds
from gitops_gen.sync.plan import SyncPlan, plan_of
from gitops_gen.sync.policy import SyncPolicy, policy_of

NAMESPACE = "demo"
#: kinds that say something of the sync or the cluster, and are not applied
_ABOUT = {"Application", "AppProject", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def example_plan(text: str) -> SyncPlan:
    """The plan of an example. An Application in it is the policy of the sync, an AppProject the one that it is in,
    admission policies are the cluster's own; the labels of the Namespace `demo` are known. What a hand-written file in
    it says of clusters, stores and Secrets is known too.
    """
    parts = text.split("---\n")
    written = [yaml.safe_load(part) for part in parts if _is_written(part)]
    rendered = "---\n".join(part for part in parts if not _is_written(part))
    manifests = parse(rendered, "example.yaml", namespace=NAMESPACE)
    about = [item for item in manifests if item.kind in _ABOUT]
    application = next((item for item in about if item.kind == "Application"), None)
    project = next((item for item in about if item.kind == "AppProject"), None)
    known = {key: value for item in written for key, value in item.items()}
    return _with_cluster(
        plan_of(
            [item for item in manifests if item not in about],
            _policy(known, application),
            name="example",
            project=_permissions(project) if project else None,
        ),
        tuple(about),
        manifests,
        known,
    )


def _policy(known: dict[str, Any], application: Manifest | None) -> SyncPolicy:
    """The policy of the sync, with the limits that the hand-written files have."""
    limits = known.get("argocd", {})
    return replace(
        policy_of(dict(application.data)) if application else SyncPolicy(),
        sync_timeout=seconds(limits["syncTimeout"]) if "syncTimeout" in limits else None,
        revert_limit=seconds(limits["revertLimit"]) if "revertLimit" in limits else None,
    )


def _is_written(part: str) -> bool:
    return "apiVersion: gitops-gen/v1\n" in part


def _secrets(written: dict[str, Any]) -> SecretFacts:
    """What the hand-written files say of Secrets."""
    facts = written.get("secrets", {})
    existing = facts.get("existing")
    return SecretFacts(
        stores=tuple(f"{store['kind']}/{name}" for name, store in written.get("secretStores", {}).items()),
        existing=None if existing is None else tuple(existing),
        overrides=tuple(_overrides(facts)),
    )


def _overrides(facts: dict[str, Any]) -> Iterator[SecretOverride]:
    for secret, keys in facts.get("overrides", {}).items():
        for key in keys:
            yield SecretOverride(secret=secret, key=key, file="example.yaml", path=("overrides", secret, key))


def _permissions(project: Manifest) -> Permissions:
    return Permissions(
        name=project.name,
        spec=dict(project.spec),
        server="https://kubernetes.default.svc",
        namespace=NAMESPACE,
        sources=("https://git.example.com/demo/gitops.git",),
    )


def _with_cluster(
    plan: SyncPlan, policies: tuple[Manifest, ...], manifests: tuple[Manifest, ...], written: dict[str, Any]
) -> SyncPlan:
    own = next((item for item in manifests if (item.kind, item.name) == ("Namespace", NAMESPACE)), None)
    labels = mapping(own.metadata.get("labels")) if own else {}
    facts = ClusterFacts(
        kubernetes=written.get("clusters", {}).get("main", {}).get("kubernetes", "1.33"),
        namespace=NAMESPACE,
        namespace_labels=labels,
        policies=policies,
        secrets=_secrets(written),
    )
    return replace(plan, cluster=facts)

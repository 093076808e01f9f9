"""Rule on custom resources: their definition must be in the cluster when it is not rendered."""

from collections.abc import Iterator

from gitops_gen.manifests.objects import mapping
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan

_BUILT_IN = frozenset(
    {
        *("", "apps", "batch", "autoscaling", "policy", "extensions", "events.k8s.io", "node.k8s.io"),
        *("networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io", "scheduling.k8s.io"),
        *("apiextensions.k8s.io", "apiregistration.k8s.io", "admissionregistration.k8s.io", "coordination.k8s.io"),
        *("discovery.k8s.io", "certificates.k8s.io", "flowcontrol.apiserver.k8s.io", "authentication.k8s.io"),
        *("authorization.k8s.io", "resource.k8s.io", "storagemigration.k8s.io", "internal.apiserver.k8s.io"),
    }
)


def _missing(plan: SyncPlan) -> Iterator[Hit]:
    rendered = {
        (item.spec.get("group"), mapping(item.spec.get("names")).get("kind"))
        for item in plan.cast.of_kind("CustomResourceDefinition")
    }
    used = {(item.id.group, item.kind) for item in plan.manifests if item.id.group not in _BUILT_IN}
    if absent := sorted(f"{kind}.{group}" for group, kind in used - rendered):
        yield None, f"CRDs that are not rendered must exist in the cluster: {', '.join(absent)}"


RULES = (
    Rule(
        id="crd-not-rendered",
        title="The CRD of a custom resource is rendered or exists in the cluster",
        explanation=(
            "Argo CD checks every object before the first wave: without its CRD in the cluster or in the same sync the "
            "whole sync fails, unless the object has the sync option SkipDryRunOnMissingResource=true. A CRD of the "
            "same sync is applied before its first instance."
        ),
        remedy="install the CRD first, or add SkipDryRunOnMissingResource=true when an operator of this chart makes it",
        check=_missing,
        is_note=True,
    ),
)

"""Rules on what must be in the cluster when it is not applied: definitions of custom resources, namespaces, kinds."""

from collections.abc import Iterator

from gitops_gen.manifests.objects import mapping
from gitops_gen.manifests.scopes import BUILT_IN
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan


def _missing(plan: SyncPlan) -> Iterator[Hit]:
    rendered = {
        (item.spec.get("group"), mapping(item.spec.get("names")).get("kind"))
        for item in (*plan.objects.of_kind("CustomResourceDefinition"), *plan.cluster.schemas)
    }
    used = {(item.id.group, item.kind) for item in plan.manifests if item.id.group not in BUILT_IN}
    if absent := sorted(f"{kind}.{group}" for group, kind in used - rendered):
        yield Hit(None, f"CRDs that are not rendered must exist in the cluster: {', '.join(absent)}")


_ALWAYS = frozenset({"", "default", "kube-node-lease", "kube-public", "kube-system"})
"""Namespaces of every cluster, and of what has none."""


def _namespaces(plan: SyncPlan) -> Iterator[Hit]:
    rendered = {item.name for item in plan.objects.of_kind("Namespace")} | {plan.cluster.namespace}
    used = {item.id.namespace for item in plan.manifests} if plan.cluster.namespace else set[str]()
    if absent := sorted(used - rendered - _ALWAYS):
        yield Hit(None, f"namespaces that are not rendered must exist in the cluster: {', '.join(absent)}")


_LEFT_OUT = {
    "": {"Endpoints", "Event"},
    "discovery.k8s.io": {"EndpointSlice"},
    "coordination.k8s.io": {"Lease"},
    "certificates.k8s.io": {"CertificateSigningRequest"},
    "cert-manager.io": {"CertificateRequest"},
    "cilium.io": {"CiliumIdentity", "CiliumEndpoint", "CiliumEndpointSlice"},
}
"""What a chart may render of the kinds that Argo CD leaves out, by itself or by its argocd-cm as installed."""


def _left_out(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        if manifest.kind in _LEFT_OUT.get(manifest.id.group, ()):
            yield Hit(
                manifest, f"Argo CD as installed leaves out the kind {manifest.kind}: it does not apply this object"
            )


_MONITOR = """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  endpoints: [{port: metrics}]
"""
_CRD = """\
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: servicemonitors.monitoring.coreos.com}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {kind: ServiceMonitor, plural: servicemonitors}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""
_ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app, namespace: metrics}
rules: []
"""

_SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: database}
spec: {type: ExternalName, externalName: database.example.com}
"""
_ENDPOINTS = """\
---
apiVersion: v1
kind: Endpoints
metadata: {name: database}
subsets: [{addresses: [{ip: 10.0.0.5}], ports: [{port: 5432}]}]
"""

RULES = (
    Rule(
        id="kind-left-out",
        title="Argo CD applies every object",
        explanation=(
            "`resource.exclusions` in Argo CD's argocd-cm names kinds that it does not manage; as installed, "
            "Endpoints, EndpointSlice, Lease, CertificateSigningRequest and CertificateRequest are among them. The "
            "sync succeeds without such an object, with the condition ExcludedResourceWarning "
            "(https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#resource-exclusioninclusion)."
        ),
        remedy=(
            "use another kind, such as a Service of type ExternalName; if `resource.exclusions` allows the kind, "
            "set the finding aside in rules.ignore"
        ),
        check=_left_out,
        severity=Severity.WARNING,
        bad=_SERVICE + _ENDPOINTS,
        good=_SERVICE,
    ),
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
        severity=Severity.NOTE,
        bad=_MONITOR,
        good=_MONITOR + _CRD,
    ),
    Rule(
        id="namespace-not-rendered",
        title="The namespace of an object is rendered or exists in the cluster",
        explanation=(
            "CreateNamespace=true creates the namespace of the release only. An object of another namespace is refused "
            "until that namespace exists, and the sync is repeated until then."
        ),
        remedy="create the namespace first, or render it",
        check=_namespaces,
        severity=Severity.NOTE,
        bad=_ROLE,
        good=f"{_ROLE}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: metrics}}\n",
    ),
)

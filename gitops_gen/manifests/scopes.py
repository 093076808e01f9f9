"""Which kinds are cluster-scoped: those of Kubernetes by a table, custom ones by their CRD where it is rendered, and
by the CRDs that widely used operators publish.
"""

from collections.abc import Iterable, Mapping

from gitops_gen.manifests.objects import Manifest, mapping

BUILT_IN = frozenset(
    {
        *("", "apps", "batch", "autoscaling", "policy", "extensions", "events.k8s.io", "node.k8s.io"),
        *("networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io", "scheduling.k8s.io"),
        *("apiextensions.k8s.io", "apiregistration.k8s.io", "admissionregistration.k8s.io", "coordination.k8s.io"),
        *("discovery.k8s.io", "certificates.k8s.io", "flowcontrol.apiserver.k8s.io", "authentication.k8s.io"),
        *("authorization.k8s.io", "resource.k8s.io", "storagemigration.k8s.io", "internal.apiserver.k8s.io"),
    }
)
"""The API groups of Kubernetes."""

_CLUSTER_WIDE = frozenset(
    {
        *(f"{kind}." for kind in ("Namespace", "Node", "PersistentVolume", "ComponentStatus")),
        "MutatingAdmissionPolicy.admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "MutatingWebhookConfiguration.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
        "CustomResourceDefinition.apiextensions.k8s.io",
        "APIService.apiregistration.k8s.io",
        "SelfSubjectReview.authentication.k8s.io",
        "TokenReview.authentication.k8s.io",
        "SelfSubjectAccessReview.authorization.k8s.io",
        "SelfSubjectRulesReview.authorization.k8s.io",
        "SubjectAccessReview.authorization.k8s.io",
        "CertificateSigningRequest.certificates.k8s.io",
        "ClusterTrustBundle.certificates.k8s.io",
        "PodSecurityPolicy.extensions",
        "FlowSchema.flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
        "StorageVersion.internal.apiserver.k8s.io",
        "IPAddress.networking.k8s.io",
        "IngressClass.networking.k8s.io",
        "ServiceCIDR.networking.k8s.io",
        "RuntimeClass.node.k8s.io",
        "PodSecurityPolicy.policy",
        "ClusterRole.rbac.authorization.k8s.io",
        "ClusterRoleBinding.rbac.authorization.k8s.io",
        "DeviceClass.resource.k8s.io",
        "DeviceTaintRule.resource.k8s.io",
        "ResourceSlice.resource.k8s.io",
        "PriorityClass.scheduling.k8s.io",
        "CSIDriver.storage.k8s.io",
        "CSINode.storage.k8s.io",
        "StorageClass.storage.k8s.io",
        "VolumeAttachment.storage.k8s.io",
        "VolumeAttributesClass.storage.k8s.io",
        "StorageVersionMigration.storagemigration.k8s.io",
    }
)
"""`Kind.group`, from https://kubernetes.io/docs/reference/kubernetes-api/."""

_PUBLISHED: Mapping[str, tuple[str, ...]] = {
    "acme.cert-manager.io": (),
    "cert-manager.io": ("ClusterIssuer",),
    "trust.cert-manager.io": ("Bundle",),
    "argoproj.io": ("ClusterAnalysisTemplate", "ClusterWorkflowTemplate"),
    "eventing.keda.sh": ("ClusterCloudEventSource",),
    "external-secrets.io": ("ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"),
    "gateway.networking.k8s.io": ("GatewayClass",),
    "generators.external-secrets.io": ("ClusterGenerator",),
    "keda.sh": ("ClusterTriggerAuthentication",),
    "monitoring.coreos.com": (),
    "networking.istio.io": (),
    "security.istio.io": (),
    "telemetry.istio.io": (),
    "postgresql.cnpg.io": ("ClusterImageCatalog",),
    "snapshot.storage.k8s.io": ("VolumeSnapshotClass", "VolumeSnapshotContent"),
    "traefik.io": (),
    "bitnami.com": (),
}
"""API groups of widely used operators, each with its cluster-scoped kinds; the other kinds of the group are in a
namespace. From the CRDs that these projects publish.
"""


class Scopes:
    """The scopes of the kinds of one render."""

    def __init__(self, definitions: Iterable[Manifest]) -> None:
        """`definitions` are the CRDs that are rendered."""
        self._defined = {
            (str(item.spec.get("group")), str(mapping(item.spec.get("names")).get("kind"))): item.spec.get("scope")
            for item in definitions
        }

    def is_cluster_wide(self, group: str, kind: str) -> bool | None:
        """Whether the kind is cluster-scoped; None where neither Kubernetes nor a known CRD says so."""
        if (group, kind) in self._defined:
            return self._defined[group, kind] == "Cluster"
        if group in BUILT_IN:
            return f"{kind}.{group}" in _CLUSTER_WIDE
        return kind in _PUBLISHED[group] if group in _PUBLISHED else None

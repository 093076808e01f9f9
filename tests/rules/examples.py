"""The examples that rules explain themselves with, as plans."""

from dataclasses import replace

from gitops_gen.argocd.permissions import Permissions
from gitops_gen.manifests.objects import Manifest, mapping, parse
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.plan import SyncPlan, plan_of
from gitops_gen.sync.policy import SyncPolicy, policy_of

NAMESPACE = "demo"
#: kinds that say something of the sync or the cluster, and are not applied
_ABOUT = {"Application", "AppProject", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def example_plan(text: str) -> SyncPlan:
    """The plan of an example. An Application in it is the policy of the sync, an AppProject the one that it is in,
    admission policies are the cluster's own; the labels of the Namespace `demo` are known.
    """
    manifests = parse(text, "example.yaml", namespace=NAMESPACE)
    about = [item for item in manifests if item.kind in _ABOUT]
    application = next((item for item in about if item.kind == "Application"), None)
    project = next((item for item in about if item.kind == "AppProject"), None)
    return _with_cluster(
        plan_of(
            [item for item in manifests if item not in about],
            policy_of(dict(application.data)) if application else SyncPolicy(),
            name="example",
            project=_permissions(project) if project else None,
        ),
        tuple(about),
        manifests,
    )


def _permissions(project: Manifest) -> Permissions:
    return Permissions(
        name=project.name,
        spec=dict(project.spec),
        server="https://kubernetes.default.svc",
        namespace=NAMESPACE,
        sources=("https://git.example.com/demo/gitops.git",),
    )


def _with_cluster(plan: SyncPlan, policies: tuple[Manifest, ...], manifests: tuple[Manifest, ...]) -> SyncPlan:
    own = next((item for item in manifests if (item.kind, item.name) == ("Namespace", NAMESPACE)), None)
    labels = mapping(own.metadata.get("labels")) if own else {}
    facts = ClusterFacts(kubernetes="1.33", namespace=NAMESPACE, namespace_labels=labels, policies=policies)
    return replace(plan, cluster=facts)

"""Rules on admission: what the cluster's own ValidatingAdmissionPolicies say of the rendered objects, and of the pods
that they make.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from gitops_gen.manifests.defaults import with_defaults
from gitops_gen.manifests.objects import Manifest, mapping
from gitops_gen.manifests.pods import pod_of
from gitops_gen.manifests.scopes import Scopes
from gitops_gen.rules.admission.expressions import UnknownError
from gitops_gen.rules.admission.matching import Request, plural_of
from gitops_gen.rules.admission.policies import BINDING, POLICY, Binding, bindings_of
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyVerdict:
    """What one policy says of one object."""

    manifest: Manifest
    message: str
    #: `deny`, `warn` or `unknown`
    answer: str


def _answered(answer: str) -> Callable[[SyncPlan], Iterator[Hit]]:
    def check(plan: SyncPlan) -> Iterator[Hit]:
        for verdict in verdicts(plan):
            if verdict.answer == answer:
                yield Hit(verdict.manifest, verdict.message)

    return check


@lru_cache(maxsize=1)
def verdicts(plan: SyncPlan) -> tuple[PolicyVerdict, ...]:
    """What the policies of the plan's cluster say of its objects."""
    bindings = bindings_of(plan.cluster.policies, plan.manifests)
    requests = [pair for item in plan.manifests for pair in _requests(item, plan)] if bindings else []
    found = (
        verdict for manifest, request in requests for item in bindings for verdict in _judged(manifest, request, item)
    )
    return tuple({(verdict.manifest, verdict.message): verdict for verdict in found}.values())


def _judged(manifest: Manifest, request: Request, binding: Binding) -> Iterator[PolicyVerdict]:
    whose = "" if request.data.get("kind") == manifest.kind else "its pods: "
    name = binding.policy.name
    try:
        for complaint in binding.complaints(request):
            answer = "deny" if binding.is_enforced else "warn"
            yield PolicyVerdict(manifest=manifest, message=f"{whose}policy {name}: {complaint}", answer=answer)
    except UnknownError as error:
        yield PolicyVerdict(
            manifest=manifest, message=f"{whose}policy {name} is not evaluated: {error}", answer="unknown"
        )


def _requests(manifest: Manifest, plan: SyncPlan) -> Iterator[tuple[Manifest, Request]]:
    """The creation of the object, and of the pods that it makes: those are refused after the sync."""
    yield manifest, _request(manifest.data, manifest, plan)
    if (pod := pod_of(manifest)) and manifest.kind != "Pod":
        metadata = {"generateName": f"{manifest.name}-", "labels": pod.labels, "annotations": pod.annotations}
        data = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod.spec}
        yield manifest, _request(data, manifest, plan)


def _request(data: Mapping[str, object], manifest: Manifest, plan: SyncPlan) -> Request:
    group, _, version = str(data.get("apiVersion")).rpartition("/")
    kind = str(data.get("kind"))
    definitions = (*plan.cluster.schemas, *plan.objects.of_kind("CustomResourceDefinition"))
    is_cluster_wide = data is manifest.data and Scopes(definitions).is_cluster_wide(group, kind)
    namespace = "" if is_cluster_wide else manifest.id.namespace or plan.cluster.namespace
    metadata = {**mapping(data.get("metadata"))} | ({"namespace": namespace} if namespace else {})
    return Request(
        data=with_defaults({**data, "metadata": metadata}),
        group=group,
        version=version,
        resource=plural_of(kind, group, definitions),
        namespace=namespace,
        namespace_labels=namespace_labels(plan, namespace),
    )


def namespace_labels(plan: SyncPlan, namespace: str) -> Mapping[str, str] | None:
    """The labels that a namespace has after the sync, as far as the project says; None when it says nothing of it."""
    rendered = next((item for item in plan.objects.of_kind("Namespace") if item.name == namespace), None)
    own = mapping(rendered.metadata.get("labels")) if rendered else {}
    if namespace == plan.cluster.namespace:
        return {**plan.cluster.namespace_labels, **own}
    return own if rendered else None


def _unbound(plan: SyncPlan) -> Iterator[Hit]:
    policies = {item.name: item for item in plan.cluster.policies if item.kind == POLICY}
    bound = {str(item.spec.get("policyName")): item for item in plan.cluster.policies if item.kind == BINDING}
    for name in policies.keys() - bound.keys():
        yield Hit(policies[name], f"policy {name} has no binding among the given files, so that it is not applied")
    for name in bound.keys() - policies.keys():
        yield Hit(bound[name], f"policy {name} is not among the given files, so that it is not applied")


_LINK = "https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/"
_POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
    - {expression: "object.spec.replicas <= 5", message: at most 5 replicas}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: replicas}
spec: {policyName: replicas, validationActions: [ACTION]}
---
"""
_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 3
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: app:1.0.0}]}
"""
_DENYING = _POLICY.replace("ACTION", "Deny") + _DEPLOYMENT
_WARNING = _POLICY.replace("ACTION", "Warn") + _DEPLOYMENT

RULES = (
    Rule(
        id="admission-denied",
        title="The cluster's own policies admit each object",
        explanation=(
            "A ValidatingAdmissionPolicy that a binding enforces with Deny makes the API server refuse the object, and "
            "the sync fails. A policy about pods is applied to the pods of each workload too: those are refused after "
            f"the sync, and the workload never becomes healthy ({_LINK}). The policies are those of "
            "`clusters.<name>.policies`; each object is judged as one that is created, with the API server's defaults."
        ),
        remedy="change what the policy names, or its binding",
        check=_answered("deny"),
        bad=_DENYING.replace("replicas: 3", "replicas: 6"),
        good=_DENYING,
    ),
    Rule(
        id="admission-warned",
        title="The cluster's own policies do not warn",
        explanation=f"A binding with Warn or Audit only admits the object, and tells of it ({_LINK}).",
        remedy="change what the policy names",
        check=_answered("warn"),
        severity=Severity.WARNING,
        bad=_WARNING.replace("replicas: 3", "replicas: 6"),
        good=_WARNING,
    ),
    Rule(
        id="admission-unknown",
        title="The cluster's own policies can be evaluated before the push",
        explanation=(
            "No verdict is given where a policy asks who makes the request, needs parameters or labels of a namespace "
            "that the project does not know, or uses what the library for CEL lacks. Such a policy may still deny."
        ),
        remedy="give what is missing among the files of `clusters.<name>.policies`, or accept that the cluster decides",
        check=_answered("unknown"),
        severity=Severity.NOTE,
        bad=_DENYING.replace("object.spec.replicas <= 5", "request.userInfo.username != 'x'"),
        good=_DENYING,
    ),
    Rule(
        id="admission-unbound",
        title="Each given policy has a binding, and each binding its policy",
        explanation=f"A policy without a binding, or a binding without its policy, has no effect ({_LINK}).",
        remedy="add the file that has it to `clusters.<name>.policies`",
        check=_unbound,
        severity=Severity.NOTE,
        bad=_DENYING.replace("policyName: replicas", "policyName: replica"),
        good=_DENYING,
    ),
)

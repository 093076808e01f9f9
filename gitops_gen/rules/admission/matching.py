"""Which requests a policy is about: resource rules, selectors and namespaces.

https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/validating-admission-policy-v1/ (MatchResources)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.selectors import selects
from gitops_gen.rules.admission.expressions import UnknownError

_EXEMPT = frozenset({"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"})
_PLURALS = {"Endpoints": "endpoints"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The creation of one object, as admission sees it."""

    #: with the API server's defaults
    data: Mapping[str, Any]
    group: str
    version: str
    resource: str
    #: empty for a cluster-wide object
    namespace: str
    #: None where nothing is known of the namespace
    namespace_labels: Mapping[str, str] | None = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return str(mapping(self.data.get("metadata")).get("name") or "")

    @property
    def variable(self) -> dict[str, Any]:
        """`request` in expressions, without what is decided by who asks."""
        kind = {"group": self.group, "version": self.version, "kind": self.data.get("kind")}
        resource = {"group": self.group, "version": self.version, "resource": self.resource}
        return {
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "subResource": "",
            "requestSubResource": "",
            "name": self.name,
            "namespace": self.namespace,
            "operation": "CREATE",
            "dryRun": False,
        }

    @property
    def namespace_object(self) -> dict[str, Any] | None:
        """`namespaceObject` in expressions. Raises `UnknownError` where nothing is known of the namespace."""
        if not self.namespace:
            return None
        metadata = {"name": self.namespace, "labels": dict(self._labels_of_namespace), "annotations": {}}
        return {"metadata": metadata, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}

    @property
    def _labels_of_namespace(self) -> Mapping[str, str]:
        if self.namespace_labels is None:
            raise UnknownError(f"the labels of namespace {self.namespace} are not known")
        return {"kubernetes.io/metadata.name": self.namespace, **self.namespace_labels}

    def is_selected(self, namespaces: Mapping[str, Any], objects: Mapping[str, Any]) -> bool:
        """Whether the two selectors select it. Raises `UnknownError` as `namespace_object` does."""
        labels = mapping(mapping(self.data.get("metadata")).get("labels"))
        if self.data.get("kind") == "Namespace" and not self.group:
            return selects(namespaces, labels) and selects(objects, labels)
        in_namespace = not (namespaces and self.namespace) or selects(namespaces, self._labels_of_namespace)
        return in_namespace and selects(objects, labels)


def plural_of(kind: str, group: str, definitions: Iterable[Manifest] = ()) -> str:
    """The resource of a kind: as its CustomResourceDefinition says, else the plural in small letters."""
    for item in definitions:
        names = mapping(item.spec.get("names"))
        if names.get("kind") == kind and item.spec.get("group") == group and names.get("plural"):
            return str(names["plural"])
    name = kind.lower()
    if kind in _PLURALS:
        return _PLURALS[kind]
    if name.endswith(("s", "x", "ch", "sh")):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2:-1] not in "aeiou" else f"{name}s"


def is_matched(constraints: Mapping[str, Any], request: Request, *, needs_rules: bool) -> bool:
    """Whether `matchConstraints` of a policy (which need resource rules) or `matchResources` of a binding match.

    Raises `UnknownError` where a selector looks at a namespace of which nothing is known.
    """
    rules = mappings(constraints.get("resourceRules"))
    if str(request.data.get("kind")) in _EXEMPT:
        return False
    if (needs_rules or rules) and not any(_covers(rule, request, constraints) for rule in rules):
        return False
    if any(_covers(rule, request, constraints) for rule in mappings(constraints.get("excludeResourceRules"))):
        return False
    return request.is_selected(
        mapping(constraints.get("namespaceSelector")), mapping(constraints.get("objectSelector"))
    )


def _covers(rule: Mapping[str, Any], request: Request, constraints: Mapping[str, Any]) -> bool:
    names, scope = sequence(rule.get("resourceNames")), rule.get("scope") or "*"
    versions = sequence(rule.get("apiVersions"))
    is_exact = constraints.get("matchPolicy") == "Exact"
    return (
        _among(request.group, rule.get("apiGroups"))
        and (_among(request.version, versions) or (bool(versions) and not is_exact))
        and _among("CREATE", rule.get("operations"))
        and (_among(request.resource, rule.get("resources")) or "*/*" in sequence(rule.get("resources")))
        and (not names or request.name in names)
        and scope in {"*", "Namespaced" if request.namespace else "Cluster"}
    )


def _among(value: str, given: Any) -> bool:
    return value in sequence(given) or "*" in sequence(given)

"""ValidatingAdmissionPolicies with their bindings, and the verdict of each about a request.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.selectors import selects
from gitops_gen.rules.admission.expressions import Evaluation, UnknownError, evaluate
from gitops_gen.rules.admission.matching import Request, is_matched

POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_DECIDED_BY_THE_CALLER = re.compile(
    r"\bauthorizer\b|\brequest\.(userInfo|uid|options)\b"
    r"|\bobject\.(metadata\.(uid|creationTimestamp|resourceVersion|generation|managedFields)|status)\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """One binding of one policy, with what its `paramRef` may refer to."""

    policy: Manifest
    spec: Mapping[str, Any]
    params: tuple[Manifest, ...] = ()

    @property
    def is_enforced(self) -> bool:
        """Whether it denies; else it warns or writes into the audit log."""
        return "Deny" in sequence(self.spec.get("validationActions"))

    @property
    def _fails_open(self) -> bool:
        return self.policy.spec.get("failurePolicy") == "Ignore"

    def complaints(self, request: Request) -> Iterator[str]:
        """Why the API server would complain about the request; nothing when it would not.

        Raises `UnknownError` for what cannot be evaluated here.
        """
        if not self._is_about(request):
            return
        for params in self._params(request):
            given = {
                "object": request.data,
                "request": request.variable,
                "params": params,
                "namespaceObject": request.namespace_object if self._reads_namespace() else None,
            }
            if self._is_wanted(given):
                yield from self._complaints(given | {"variables": self._variables(given)})

    def _is_about(self, request: Request) -> bool:
        constraints = mapping(self.policy.spec.get("matchConstraints"))
        bound_to = mapping(self.spec.get("matchResources"))
        return is_matched(constraints, request, needs_rules=True) and is_matched(bound_to, request, needs_rules=False)

    def _reads_namespace(self) -> bool:
        return any(re.search(r"\bnamespaceObject\b", text) for text in self._expressions())

    def _expressions(self) -> Iterator[str]:
        for place in ("variables", "matchConditions", "validations"):
            for item in mappings(self.policy.spec.get(place)):
                yield from (str(item[key]) for key in ("expression", "messageExpression") if key in item)

    def _is_wanted(self, given: Mapping[str, Any]) -> bool:
        """`matchConditions`: one that is false decides before one that fails."""
        conditions = mappings(self.policy.spec.get("matchConditions"))
        outcomes = [_outcome(str(item.get("expression")), given) for item in conditions]
        if any(outcome.value is False for outcome in outcomes):
            return False
        return not any(outcome.error for outcome in outcomes) or not self._fails_open

    def _variables(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The variables that can be calculated: of one with an error, every expression that reads it has one too."""
        found: dict[str, Any] = {}
        for item in mappings(self.policy.spec.get("variables")):
            outcome = _outcome(str(item.get("expression")), {**given, "variables": found})
            if not outcome.error:
                found[str(item.get("name"))] = outcome.value
        return found

    def _complaints(self, given: Mapping[str, Any]) -> Iterator[str]:
        conditions = mappings(self.policy.spec.get("matchConditions"))
        if failed := [error for item in conditions if (error := _outcome(str(item.get("expression")), given).error)]:
            yield f"a match condition cannot be evaluated: {failed[0]}"
            return
        for item in mappings(self.policy.spec.get("validations")):
            outcome = _outcome(str(item.get("expression")), given)
            if outcome.error and not self._fails_open:
                yield f"`{item.get('expression')}` cannot be evaluated: {outcome.error}"
            elif not outcome.error and outcome.value is not True:
                yield _message(item, given)

    def _params(self, request: Request) -> list[Mapping[str, Any] | None]:
        kind = mapping(self.policy.spec.get("paramKind"))
        reference = mapping(self.spec.get("paramRef"))
        if not kind or not reference:
            return [None]
        found = [item.data for item in self.params if _is_param(item, kind, reference, request)]
        if not found:
            raise UnknownError(f"its parameters, a {kind.get('kind')}, are not among the given files")
        return list(found)


def _is_param(item: Manifest, kind: Mapping[str, Any], reference: Mapping[str, Any], request: Request) -> bool:
    own = (item.data.get("apiVersion"), item.kind)
    namespace = item.metadata.get("namespace")
    wanted = reference.get("namespace") or request.namespace
    return (
        own == (kind.get("apiVersion"), kind.get("kind"))
        and namespace in {None, "", wanted}
        and (not reference.get("name") or item.name == reference["name"])
        and selects(mapping(reference.get("selector")), mapping(item.metadata.get("labels")))
    )


def _outcome(expression: str, given: Mapping[str, Any]) -> Evaluation:
    if match := _DECIDED_BY_THE_CALLER.search(expression):
        raise UnknownError(f"`{match[0]}` is known in the cluster only")
    return evaluate(expression, given)


def _message(item: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    made = _outcome(str(item["messageExpression"]), given).value if item.get("messageExpression") else None
    if isinstance(made, str) and made.strip() and "\n" not in made:
        return made
    return str(item.get("message") or f"failed expression: {item.get('expression')}")


def bindings_of(objects: Iterable[Manifest], rendered: Iterable[Manifest] = ()) -> list[Binding]:
    """The bindings among the objects of a cluster, whose policy is among them too."""
    objects = tuple(objects)
    policies = {item.name: item for item in objects if item.kind == POLICY}
    params = tuple(item for item in (*objects, *rendered) if item.kind not in {POLICY, BINDING})
    return [
        Binding(policy=policies[name], spec=item.spec, params=params)
        for item in objects
        if item.kind == BINDING and (name := str(item.spec.get("policyName"))) in policies
    ]

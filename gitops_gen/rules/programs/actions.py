"""Whether a rule of a Kyverno policy refuses an object, or reports it. Kyverno's program takes the action of the first
rule for all of a policy, and reports every failure of a policy in CEL as one of an audit.

https://github.com/kyverno/kyverno/blob/v1.19.1/pkg/engine/api/engineresponse.go (`failureActionForRule`)
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.selectors import selects

_GENERATED = ("autogen-cronjob-", "autogen-")
"""What the name of a rule begins with that Kyverno made of one about pods."""


def is_enforced(policy: Manifest, rule: str, namespace: str, labels: Mapping[str, str]) -> bool:
    """Whether the rule refuses an object in a namespace that has these labels."""
    if policy.id.group == "policies.kyverno.io":
        return "Deny" in (sequence(policy.spec.get("validationActions")) or ["Deny"])
    return next(_actions(policy.spec, rule, namespace, labels), "").casefold() == "enforce"


def _actions(spec: Mapping[str, Any], rule: str, namespace: str, labels: Mapping[str, str]) -> Iterator[str]:
    """The actions that are set, the one that counts first."""
    validate = mapping(mapping(_rule(spec, rule)).get("validate"))
    yield from _overrides(validate.get("failureActionOverrides"), namespace, labels)
    yield from _set(validate.get("failureAction"))
    yield from _overrides(spec.get("validationFailureActionOverrides"), namespace, labels)
    yield from _set(spec.get("validationFailureAction"))


def _rule(spec: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    names = {name, *(name.removeprefix(prefix) for prefix in _GENERATED)}
    return next((item for item in mappings(spec.get("rules")) if item.get("name") in names), None)


def _set(action: Any) -> Iterator[str]:
    if isinstance(action, str):
        yield action


def _overrides(items: Any, namespace: str, labels: Mapping[str, str]) -> Iterator[str]:
    for item in mappings(items):
        names = sequence(item.get("namespaces")) or ["*"]
        is_named = any(fnmatchcase(namespace, str(name)) for name in names)
        if is_named and selects(item.get("namespaceSelector"), labels):
            yield from _set(item.get("action"))

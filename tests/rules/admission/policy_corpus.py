"""Policies and objects, and what is said of each pair: the unit test judges them, the end-to-end test asks the API
server. The verdicts of the API server are in verdicts.yaml.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.rules.admission.verdicts import verdicts
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.plan import plan_of
from gitops_gen.sync.policy import SyncPolicy

Object = dict[str, Any]
HERE = Path(__file__).parent
OBJECTS: list[Object] = list(yaml.safe_load_all((HERE / "objects.yaml").read_text()))
ENTRIES: dict[str, Object] = yaml.safe_load((HERE / "policies.yaml").read_text())
VERDICTS = HERE / "verdicts.yaml"
#: labels of the namespace in which a policy is tried
LABELS = {"team": "shop"}
_GROUP = "admissionregistration.k8s.io/v1"


def namespace_of(name: str) -> str:
    """Each policy has its own namespace, to which its binding is limited."""
    return "policy-" + name.replace("_", "-")


def policy_objects(name: str) -> list[Object]:
    """The policy, its binding and its parameters."""
    entry = ENTRIES[name]
    own = {"about", "names", "operations", "selector", "binding", "params"}
    spec = {key: value for key, value in entry.items() if key not in own}
    spec["matchConstraints"] = {
        "resourceRules": [_rule(text, entry) for text in entry["about"]],
        **entry.get("selector", {}),
    }
    chosen = {"matchLabels": {"kubernetes.io/metadata.name": namespace_of(name)}}
    binding = {
        "policyName": namespace_of(name),
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": chosen},
        **_with_namespace(entry.get("binding", {})),
    }
    metadata = {"name": namespace_of(name)}
    return [
        {"apiVersion": _GROUP, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {"apiVersion": _GROUP, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": binding},
        *({**item, "metadata": {**item["metadata"], "namespace": "default"}} for item in entry.get("params", ())),
    ]


def _with_namespace(binding: Mapping[str, Any]) -> Object:
    """Parameters are in the namespace `default`, for the namespace of a policy takes the objects."""
    reference = binding.get("paramRef")
    return {**binding, "paramRef": {**reference, "namespace": "default"}} if reference else dict(binding)


def _rule(text: str, entry: Mapping[str, Any]) -> Object:
    group, _, resource = text.rpartition("/")
    names = {"resourceNames": entry["names"]} if "names" in entry else {}
    operations = entry.get("operations", ["CREATE"])
    return {"apiGroups": [group], "apiVersions": ["*"], "operations": operations, "resources": [resource], **names}


def judged(name: str) -> dict[str, str]:
    """`allow`, `deny` or `unknown` for each object, as this program says."""
    manifests = tuple(item for part in OBJECTS for item in parse(yaml.safe_dump(part), "objects.yaml"))
    given = tuple(item for part in policy_objects(name) for item in parse(yaml.safe_dump(part), "policies.yaml"))
    facts = ClusterFacts(namespace=namespace_of(name), namespace_labels=LABELS, policies=given)
    plan = replace(plan_of(manifests, SyncPolicy(), name=name), cluster=facts)
    found = {
        verdict.manifest: verdict.answer for verdict in verdicts(plan) if not verdict.message.startswith("its pods")
    }
    return {str(item.id): _answer(found, item) for item in manifests}


def _answer(found: Mapping[Manifest, str], item: Manifest) -> str:
    answer = found.get(item, "allow")
    return "allow" if answer == "warn" else answer

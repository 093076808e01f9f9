"""Objects and policies with anything anywhere: a rule may find something, and never fails itself."""

import copy
import random
from dataclasses import replace
from typing import Any

import pytest
import yaml

from gitops_gen.errors import ProblemsError
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.rules import podsecurity, secrets
from gitops_gen.rules.admission import verdicts
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.plan import plan_of
from gitops_gen.sync.policy import SyncPolicy
from tests.rules.admission.policy_corpus import ENTRIES, OBJECTS, policy_objects
from tests.rules.pod_corpus import PATCHES, pod_named

ODD: tuple[Any, ...] = (None, "", "text", 0, -1, 10**30, 1.5, True, [], [None], ["a", {}], {}, {"a": {"b": []}}, {1: 2})
EXTERNAL = yaml.safe_load("""
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: a, annotations: {argocd.argoproj.io/sync-options: ServerSideApply=true}}
spec:
  refreshInterval: 1h
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  target: {name: a, template: {type: kubernetes.io/tls, data: {a: "{{ .b }}"}}}
  data: [{secretKey: a, remoteRef: {key: b}, sourceRef: {storeRef: {name: c}}}]
  dataFrom: [{extract: {key: a}}, {find: {}}]
""")


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in items for place in _places(value, (*path, key)))]


def _odd(tree: Any, chance: random.Random) -> Any:
    """The object with something else at one place below its identity."""
    tree = copy.deepcopy(tree)
    *way, last = chance.choice([path for path in _places(tree) if path and path[0] not in {"apiVersion", "kind"}])
    parent = tree
    for step in way:
        parent = parent[step]
    parent[last] = copy.deepcopy(chance.choice(ODD))
    return tree


def _parsed(trees: list[Any]) -> tuple[Manifest, ...]:
    found: list[Manifest] = []
    for tree in trees:
        try:
            found += parse(yaml.safe_dump(tree), "odd.yaml")
        except ProblemsError:  # no object any more
            continue
    return tuple(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_rule_fails_itself(seed: int) -> None:
    chance = random.Random(seed)
    pods = [pod_named(name) for name in PATCHES]
    objects = _parsed([_odd(tree, chance) for tree in (*OBJECTS, *pods, EXTERNAL, EXTERNAL)])
    given = [tree for name in chance.sample(sorted(ENTRIES), 8) for tree in policy_objects(name)]
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    policies = _parsed([_odd(tree, chance) for tree in given])
    facts = ClusterFacts(namespace="a", namespace_labels=labels, policies=policies)
    plan = replace(plan_of(objects, SyncPolicy(), name="odd"), cluster=facts)
    for rule in (*secrets.RULES, *podsecurity.RULES, *verdicts.RULES):
        list(rule.findings(plan))

"""What the real API server refuses by a server-side dry run, the rules about manifests find as errors; and what they
call an error, it refuses.
"""

from collections.abc import Callable

import pytest

from gitops_gen.manifests.objects import parse
from gitops_gen.rules.all import RULES
from gitops_gen.rules.rule import Severity
from tests.rules.examples import example_plan
from tests.rules.kubernetes.corpus import Mutation, good, mutations

from .api import RefusedError
from .cluster import Cluster

TREE = good()
MUTATIONS = mutations()


@pytest.fixture(scope="module")
def dry_run(cluster: Cluster) -> Callable[[str], str]:
    """Has the API server validate, admit and forget one object; gives its complaint."""
    cluster.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo"}})
    definition = next(item for item in parse(TREE, "good.yaml") if item.kind == "CustomResourceDefinition")
    cluster.kubectl.apply(dict(definition.data))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{definition.name}")

    def apply(document: str) -> str:
        try:
            flags = ("--dry-run=server", "--validate=strict", "-n", "demo")
            cluster.kubectl("apply", *flags, "-f", "-", stdin=document)
        except RefusedError as error:
            return str(error).partition(": ")[2]
        return ""

    return apply


def errors(text: str) -> list[str]:
    """The errors that the rules about manifests find."""
    plan = example_plan(text)
    judging = (rule for rule in RULES if rule.severity is not Severity.NOTE)
    return [f"{item.rule}: {item.message}" for rule in judging for item in rule.findings(plan)]


@pytest.mark.scenario("rules about manifests: the good tree")
def test_the_good_tree_is_accepted(dry_run: Callable[[str], str]) -> None:
    assert [refusal for document in TREE.split("---\n") if (refusal := dry_run(document))] == []


@pytest.mark.scenario("rules about manifests: mutations")
@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_the_api_server_says_the_same(mutation: Mutation, dry_run: Callable[[str], str]) -> None:
    refusal = dry_run(mutation.document(TREE))
    if refusal:
        assert errors(mutation.tree(TREE)), refusal
    assert bool(refusal) is not mutation.accepted, refusal or "the API server takes it"

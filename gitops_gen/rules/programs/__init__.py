"""Rules on policies that another program evaluates, which is called when it is on PATH."""

import shutil
from collections.abc import Iterator

from gitops_gen.rules.programs import kyverno, rego
from gitops_gen.rules.programs.answers import PolicyEffect, of_kind
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan


def _missing(plan: SyncPlan) -> Iterator[Hit]:
    files = {
        rego.PROGRAM: [name for name, _ in plan.cluster.rego],
        kyverno.PROGRAM: sorted({item.source for item in kyverno.policies_of(plan)}),
    }
    for program, names in files.items():
        if names and not shutil.which(program):
            yield Hit(None, f"{program} is not on PATH: the policies in {', '.join(names)} are not applied")


RULES = (
    Rule(
        id="rego-denied",
        title="The cluster's policies in Rego admit every object",
        explanation=(
            "Files that end in `.rego` among `clusters.<name>.policies` are evaluated by conftest, with every rendered "
            "object as `input`: its rules `deny` and `violation` refuse an object."
        ),
        remedy="change what the policy names",
        check=of_kind(PolicyEffect.DENIED, rego.answers),
    ),
    Rule(
        id="rego-warned",
        title="The cluster's policies in Rego do not warn",
        explanation="A rule `warn` of a file in Rego reports an object, and admits it.",
        remedy="change what the policy names",
        check=of_kind(PolicyEffect.WARNED, rego.answers),
        severity=Severity.WARNING,
    ),
    Rule(
        id="kyverno-denied",
        title="The cluster's Kyverno policies admit every object",
        explanation=(
            "ClusterPolicies, Policies and ValidatingPolicies of Kyverno among the files of `clusters.<name>.policies` "
            "are evaluated by the program kyverno. A rule that is enforced refuses the object."
        ),
        remedy="change what the policy names",
        check=of_kind(PolicyEffect.DENIED, kyverno.answers),
    ),
    Rule(
        id="kyverno-warned",
        title="The cluster's Kyverno policies do not warn",
        explanation="A rule with the failure action Audit reports an object, and admits it.",
        remedy="change what the policy names",
        check=of_kind(PolicyEffect.WARNED, kyverno.answers),
        severity=Severity.WARNING,
    ),
    Rule(
        id="kyverno-unknown",
        title="Kyverno policies can be evaluated without the cluster",
        explanation=(
            "A policy that reads a registry, the API server or another service is not applied: a policy of a pull "
            "request may not reach the network. Neither is one whose variables only the cluster knows."
        ),
        remedy="nothing has to be done; in the cluster the policy decides",
        check=of_kind(PolicyEffect.UNKNOWN, kyverno.answers),
        severity=Severity.NOTE,
    ),
    Rule(
        id="policy-invalid",
        title="The cluster's policies can be read",
        explanation="A policy that conftest or Kyverno cannot read decides about nothing.",
        remedy="correct the policy",
        check=of_kind(PolicyEffect.INVALID, rego.answers, kyverno.answers),
    ),
    Rule(
        id="policy-program-missing",
        title="The program that evaluates the cluster's policies is there",
        explanation=(
            "Policies in Rego are evaluated by conftest, Kyverno's by kyverno. Without the program, `validate` says "
            "nothing about them."
        ),
        remedy="install it: https://www.conftest.dev/install/, https://kyverno.io/docs/kyverno-cli/install/",
        check=_missing,
        severity=Severity.WARNING,
    ),
)
"""All of them."""

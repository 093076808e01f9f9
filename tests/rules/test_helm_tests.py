"""Objects of `helm test`: Argo CD reads them, so they must be readable, and applies none, so no other rule counts."""

from gitops_gen.rules.all import RULES
from tests.rules.examples import example_plan

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-test, annotations: {helm.sh/hook: HOOK}}
spec:
  containers: [{name: wget, image: busybox}]
  volumes: [{name: unused, emptyDir: {}}]
"""


def rules_of(text: str) -> set[str]:
    plan = example_plan(text)
    return {found.rule for rule in RULES for found in rule.findings(plan) if found.object == "Pod/web-test"}


def test_a_test_is_no_finding() -> None:
    wrong = {"image-without-version", "volume-without-mount"}
    assert wrong <= rules_of(POD.replace("HOOK", "post-install"))
    assert rules_of(POD.replace("HOOK", "test")) == set()


def test_a_test_that_argocd_cannot_read_is_one() -> None:
    assert rules_of(POD.replace("HOOK", "test, number: 3")) == {"value-not-a-string"}

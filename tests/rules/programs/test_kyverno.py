"""Policies of Kyverno, evaluated by its real program."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.rules.programs import RULES
from gitops_gen.rules.programs.actions import is_enforced
from gitops_gen.rules.sync import judge
from gitops_gen.sync.plan import SyncPlan
from tests.chart.chart_render import program
from tests.rules.examples import example_plan

OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 1
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: app:1.0.0}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
"""
POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: house}
spec:
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate: {failureAction: Enforce, message: label team is required, pattern: {metadata: {labels: {team: "?*"}}}}
    - name: replicas
      match: {any: [{resources: {kinds: [Deployment], namespaceSelector: {matchLabels: {stage: production}}}}]}
      validate: {failureAction: Audit, message: two replicas are wanted, pattern: {spec: {replicas: ">1"}}}
"""
CEL = """\
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: replicas}
spec:
  validationActions: [Deny]
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  validations: [{expression: object.spec.replicas > 1, message: two replicas are wanted}]
"""
EXCEPTION = """\
---
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: app, namespace: demo}
spec:
  exceptions: [{policyName: house, ruleNames: [team, autogen-team]}]
  match: {any: [{resources: {kinds: [Deployment], names: [app]}}]}
"""


def plan(policies: str, objects: str = OBJECTS) -> SyncPlan:
    example = example_plan(objects)
    given = parse(policies, "policies/house.yaml")
    facts = replace(example.cluster, policies=given, namespace_labels={"stage": "production"})
    return replace(example, cluster=facts)


def found(policies: str) -> list[tuple[str, str, str]]:
    judged = judge(plan(policies), rules=RULES)
    return [(item.rule, item.object, item.message) for item in (*judged.findings, *judged.notes)]


@pytest.fixture
def kyverno_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(program("kyverno")).parent
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("kyverno_on_path")
def test_policies_are_applied_to_each_object_and_the_pods_it_makes() -> None:
    warned, denied = sorted(found(POLICY), reverse=True)
    assert denied[:2] == ("kyverno-denied", "Deployment/app")
    assert "policy house, rule autogen-team: " in denied[2]
    assert "label team is required" in denied[2]
    assert warned[:2] == ("kyverno-warned", "Deployment/app")
    assert "two replicas are wanted" in warned[2]


def policy(text: str) -> Manifest:
    return parse(text, "policies/house.yaml")[0]


def test_the_action_of_a_rule_counts_before_that_of_the_policy() -> None:
    overrides = "{failureAction: Audit, failureActionOverrides: [{action: enforce, namespaces: [live-*]}], message"
    house = policy(POLICY.replace("{failureAction: Enforce, message", overrides, 1))
    assert is_enforced(house, "team", "live-eu", {})
    assert is_enforced(house, "autogen-cronjob-team", "live-eu", {})
    assert not is_enforced(house, "team", "dev", {})
    whole = POLICY.replace("failureAction: Audit, ", "").replace(
        "  rules:", "  validationFailureAction: Enforce\n  rules:"
    )
    assert is_enforced(policy(whole), "replicas", "dev", {})
    assert is_enforced(policy(CEL.replace("  validationActions: [Deny]\n", "")), "", "dev", {})
    assert not is_enforced(policy(CEL.replace("[Deny]", "[Audit, Warn]")), "", "dev", {})


@pytest.mark.usefixtures("kyverno_on_path")
def test_a_policy_in_cel_is_applied() -> None:
    (denied,) = found(CEL)
    assert denied[:2] == ("kyverno-denied", "Deployment/app")
    assert "two replicas are wanted" in denied[2]


@pytest.mark.usefixtures("kyverno_on_path")
def test_an_object_as_the_policy_wants_it_and_an_exception_are_no_finding() -> None:
    assert found(CEL.replace("> 1", "> 0")) == []
    assert [rule for rule, _, _ in found(POLICY + EXCEPTION)] == ["kyverno-warned"]


@pytest.mark.usefixtures("kyverno_on_path")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("failureAction", "failureActoin", "unknown field"),
        ("label team is required", '"{{nosuch.x}}"', "nosuch.x"),
        ("replicas > 1", "replicas >", "Syntax error"),
    ],
    ids=["field", "variable", "expression"],
)
def test_a_policy_that_kyverno_cannot_apply_is_named_with_its_file(old: str, new: str, message: str) -> None:
    text = POLICY if old in POLICY else CEL
    judged = judge(plan(text.replace(old, new, 1)), rules=RULES)
    (finding,) = judged.findings
    assert (finding.rule, finding.source, finding.line) == ("policy-invalid", "policies/house.yaml", 1)
    assert message in finding.message


CONTEXT = "context: [{{name: x, {}}}]\n      match:"
REACHING = {
    "service": CONTEXT.format("apiCall: {service: {url: http://example.com}}"),
    "folded": CONTEXT.format("aPiCa\u017fll: {}").replace("a\u017fl", "al"),
    "registry": CONTEXT.format("imageRegistry: {reference: nginx}"),
    "images": 'verifyImages: [{imageReferences: ["*"]}]\n      match:',
    "each": "context: [{name: x, variable: {value: [{ApiCall: {urlPath: /api}}]}}]\n      match:",
}
CALLS = [
    "http.Get('http://example.com').x",
    "http // \\\"\\n .Get('http://example.com').x",
    "[http].map(h, h.Get('http://example.com'))[0].x",
    "'''\\n\\\"''' != '' || http.Get('http://example.com').x",
    "image.GetMetadata('nginx').x == ''",
    "'x' in.http.Get('http://example.com').x",
    ".http.Get('http://example.com').x",
    "resource.Get('v1', 'secrets', 'demo', 'x').x",
]


@pytest.mark.usefixtures("kyverno_on_path")
@pytest.mark.parametrize("name", REACHING)
def test_a_policy_that_reaches_out_is_not_applied(name: str) -> None:
    (note,) = found(POLICY.replace("match:", REACHING[name], 1))
    assert note[0] == "kyverno-unknown"
    assert "ClusterPolicy house is not applied: it reads" in note[2]


@pytest.mark.usefixtures("kyverno_on_path")
@pytest.mark.parametrize("call", CALLS)
def test_an_expression_that_reaches_out_is_not_applied(call: str) -> None:
    (note,) = found(CEL.replace("object.spec.replicas > 1", f'"{call}"'))
    assert note[0] == "kyverno-unknown"


@pytest.mark.usefixtures("kyverno_on_path")
def test_text_about_the_network_is_no_call() -> None:
    text = "object.spec.replicas > 1 || object.spec.template.spec.containers[0].image.contains('http.') // not http.Get"
    assert [rule for rule, _, _ in found(CEL.replace("object.spec.replicas > 1", f'"{text}"'))] == ["kyverno-denied"]
    text = POLICY.replace("label team is required", "see http://example.com")
    assert len(found(text)) == 2


@pytest.mark.usefixtures("kyverno_on_path")
def test_objects_of_kyverno_are_not_handed_over() -> None:
    """It would read the service that this one names."""
    entry = """\
---
apiVersion: kyverno.io/v2
kind: GlobalContextEntry
metadata: {name: x}
spec: {apiCall: {method: GET, service: {url: "http://127.0.0.1:9/"}, refreshInterval: 10m}}
"""
    assert len(judge(plan(POLICY, OBJECTS + entry), rules=RULES).findings) == 2


def test_it_is_said_that_kyverno_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = "kyverno is not on PATH: the policies in policies/house.yaml are not applied"
    assert found(POLICY) == [("policy-program-missing", "", message)]

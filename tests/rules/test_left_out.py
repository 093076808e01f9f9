"""Kinds that Argo CD does not apply: those of its argocd-cm as installed, and those that it always leaves out."""

import pytest

from gitops_gen.manifests.objects import parse
from gitops_gen.rules.sync import judge
from gitops_gen.sync.plan import plan_of
from gitops_gen.sync.policy import SyncPolicy

RULE = "kind-left-out"


def left_out(version: str, kind: str) -> list[str]:
    """The objects among one of a kind and a ConfigMap that the rule finds."""
    text = (
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: app}}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
    )
    judged = judge(plan_of(parse(text, "manifests.yaml", namespace="demo"), SyncPolicy(), name="demo"))
    return [finding.object for finding in judged.findings if finding.rule == RULE]


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("v1", "Endpoints"),
        ("discovery.k8s.io/v1", "EndpointSlice"),
        ("coordination.k8s.io/v1", "Lease"),
        ("cert-manager.io/v1", "CertificateRequest"),
    ],
)
def test_a_kind_that_is_left_out_is_found(version: str, kind: str) -> None:
    assert left_out(version, kind) == [f"{kind}/app"]


@pytest.mark.parametrize(
    ("version", "kind"), [("v1", "Service"), ("cert-manager.io/v1", "Certificate"), ("example.com/v1", "Lease")]
)
def test_others_are_applied(version: str, kind: str) -> None:
    assert left_out(version, kind) == []

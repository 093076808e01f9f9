"""The reference repository's own chart is proven: each environment, and each of the chart's scenarios under Argo CD."""

from pathlib import Path

import pytest

from gitops_gen.helm.choice import open_engine
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.project.layers import merge
from gitops_gen.project.opening import open_project
from gitops_gen.rules.planning import plan_environment, plan_environments, plan_rendered
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.yaml.reader import load

REPOSITORY = Path(__file__).parents[2]
CHART = REPOSITORY / "helm" / "api-forge"
HALF_AN_HOUR = 30 * 60


def findings(judged: JudgedPlan) -> list[str]:
    return [f"{item.rule}: {item.object} {item.message}" for item in judged.findings]


def test_every_environment_is_proven() -> None:
    workspace = open_project(REPOSITORY)
    judged = plan_environments(workspace, workspace.names())
    assert [item.plan.name for item in judged] == ["dev", "production", "staging"]
    for item in judged:
        assert findings(item) == []
        assert item.ok
        for bound in (item.plan.first_bound, item.plan.later_bound):
            assert bound.seconds is not None
            assert bound.seconds <= HALF_AN_HOUR


def test_what_an_environment_refers_to_is_derived() -> None:
    judged = plan_environment(open_project(REPOSITORY), "dev")
    edges = {
        (proof.edge.consumer.name.rpartition("-")[0] or proof.edge.consumer.name, proof.edge.producer.name)
        for proof in judged.plan.proofs
    }
    assert {
        ("temporal-schema-setup", "postgres"),
        ("postgres-verifier", "postgres"),
        ("temporal-namespace-init", "temporal"),
        ("smoke-test", "app"),
        ("app", "redis"),
        ("worker", "temporal"),
        ("postgres", "postgres-data"),
        ("app", "app-env"),
    } <= edges


def test_findings_name_the_template_in_the_repository() -> None:
    judged = plan_environment(open_project(REPOSITORY), "dev")
    sources = {item.source for item in judged.plan.manifests}
    assert "helm/api-forge/templates/app/deployment.yaml" in sources
    assert [source for source in sources if not (REPOSITORY / source).is_file()] == []


SCENARIOS = sorted(path.name for path in (CHART / "ci").glob("*-values.yaml"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_is_proven_under_argo_cd(scenario: str) -> None:
    values = merge(load((CHART / "ci" / scenario).read_text(), scenario) or {}, {"argocd": {"enabled": True}})
    release = HelmRelease(name="api-forge", namespace="demo", values=values, kubernetes="1.36")
    rendered = open_engine("").load(CHART).render(release)
    judged = plan_rendered([(rendered, scenario)], namespace="demo", sync_timeout="30m")
    assert findings(judged) == []
    assert judged.ok

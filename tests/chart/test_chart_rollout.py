"""What makes a Job run again, what makes a pod roll, and how long a sync may wait."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import pytest

from tests.chart.chart_render import CHART, Render, Rendered, scenario, wave

pytestmark = pytest.mark.slow


def jobs(rendered: Rendered) -> set[str]:
    return set(rendered.of("Job"))


def changed_jobs(render: Render, values: dict[str, Any]) -> set[str]:
    return {name.rsplit("-", 1)[0] for name in jobs(render(values)) - jobs(render())}


def changed_pods(render: Render, values: dict[str, Any]) -> set[str]:
    before, after = render().of("Deployment"), render(values).of("Deployment")
    return {name for name in before if before[name]["spec"]["template"] != after[name]["spec"]["template"]}


@pytest.mark.parametrize(
    ("values", "run_again"),
    [
        ({"postgresql": {"image": {"tag": "15.18"}}}, {"postgres-verifier", "temporal-schema-setup"}),
        ({"postgresql": {"config": {"maxConnections": 300}}}, {"postgres-verifier"}),
        ({"postgresql": {"auth": {"readOnlyUser": "reader"}}}, {"postgres-verifier", "smoke-test"}),
        ({"configFiles": {"postgresVerifier": "exit 0"}}, {"postgres-verifier"}),
        (
            {"temporal": {"adminTools": {"image": {"tag": "1.31.3"}}}},
            {"temporal-schema-setup", "temporal-namespace-init"},
        ),
        ({"configFiles": {"temporalSchemaSetup": "exit 0"}}, {"temporal-schema-setup"}),
        ({"temporal": {"retention": "30d"}}, {"temporal-namespace-init"}),
        ({"app": {"image": {"tag": "2.0.0"}}}, {"smoke-test"}),
        ({"app": {"env": {"FEATURE": "on"}}}, {"smoke-test"}),
        ({"app": {"replicas": 3}}, set()),
        ({"worker": {"replicas": 3}}, set()),
        ({"redis": {"config": {"maxMemory": "1gb"}}}, set()),
        ({"temporal": {"schemaSetup": {"activeDeadlineSeconds": 500, "backoffLimit": 1}}}, set()),
        ({"global": {"environment": "staging", "annotations": {"a": "b"}}}, set()),
    ],
)
def test_a_job_runs_again_just_when_its_content_changed(
    render: Render, values: dict[str, Any], run_again: set[str]
) -> None:
    assert changed_jobs(render, values) == run_again


@pytest.mark.parametrize(
    ("values", "rolled"),
    [
        ({"app": {"env": {"FEATURE": "on"}}}, {"app", "worker"}),
        ({"configFiles": {"appConfig": "config: {}"}}, {"app", "worker"}),
        ({"configFiles": {"universalEntrypoint": 'exec "$@"'}}, {"app", "worker"}),
        ({"postgresql": {"config": {"workMem": "8MB"}}}, {"postgres"}),
        ({"configFiles": {"pgHba": "hostssl all all all scram-sha-256"}}, {"postgres"}),
        ({"configFiles": {"postgresVerifier": "exit 0"}}, set()),
        ({"redis": {"config": {"maxMemory": "1gb"}}}, {"redis"}),
        ({"configFiles": {"temporalDynamicConfig": "{a: []}"}}, {"temporal"}),
        ({"app": {"image": {"tag": "2.0.0"}}}, {"app", "worker"}),
        ({"worker": {"image": {"tag": "2.0.0"}}}, {"worker"}),
        ({"app": {"replicas": 3, "podDisruptionBudget": {"enabled": False}}}, {"app"}),
        ({"global": {"environment": "staging"}}, set()),
        ({"argocd": {"enabled": True}}, set()),
    ],
)
def test_just_the_pods_that_read_a_changed_file_roll(render: Render, values: dict[str, Any], rolled: set[str]) -> None:
    assert changed_pods(render, values) == rolled


def test_rendering_twice_gives_the_same(render: Render) -> None:
    assert render() == render()


def test_no_template_asks_for_time_chance_or_the_cluster() -> None:
    text = "\n".join(path.read_text() for path in (CHART / "templates").rglob("*") if path.is_file())
    assert not re.findall(
        r"\b(now|lookup|rand\w+|genSelfSignedCert|genCA|uuidv4|Release\.Revision|Release\.IsInstall)\b", text
    )


def test_finished_jobs_are_deleted_only_without_argo_cd(render: Render) -> None:
    with_helm, with_argo = render(), render(scenario("argo-cd"))
    assert all(item["spec"]["ttlSecondsAfterFinished"] > 0 for item in with_helm.of("Job").values())
    assert not [name for name, item in with_argo.of("Job").items() if "ttlSecondsAfterFinished" in item["spec"]]


def deadline(item: dict[str, Any]) -> int:
    spec = item["spec"]
    seconds: int = (
        spec["activeDeadlineSeconds"] if item["kind"] == "Job" else spec["progressDeadlineSeconds"] * spec["replicas"]
    )
    return seconds


def longest_wait(rendered: Rendered) -> int:
    """Seconds until every gated wave has ended: the largest deadline of each, a Deployment's counted once a replica."""
    waves: dict[int, list[int]] = defaultdict(list)
    for item in (item for item in rendered.workloads() if item["kind"] != "CronJob"):
        waves[wave(item)].append(deadline(item))
    return sum(max(seconds) for seconds in waves.values())


def test_every_gate_ends_and_their_sum_is_under_half_an_hour(render: Render) -> None:
    assert longest_wait(render(scenario("argo-cd"))) < 30 * 60
    assert longest_wait(render(scenario("argo-cd") | {"app": {"replicas": 3}})) < 30 * 60


def test_probes_give_up_before_the_rollout_does(default: Rendered) -> None:
    for name, item in default.of("Deployment").items():
        for container in item["spec"]["template"]["spec"]["containers"]:
            probe = container["startupProbe"]
            longest = probe["periodSeconds"] * probe["failureThreshold"]
            assert longest < item["spec"]["progressDeadlineSeconds"], name


def test_gates_are_inside_the_deadlines_without_argo_cd(render: Render) -> None:
    with_helm, with_argo = render(), render(scenario("argo-cd"))
    for name in ("app", "worker", "temporal"):
        more = with_helm.one("Deployment", name)["spec"]["progressDeadlineSeconds"]
        assert more == with_argo.one("Deployment", name)["spec"]["progressDeadlineSeconds"] + 600


def gates(rendered: Rendered, kind: str, name: str) -> list[str]:
    spec = rendered.one(kind, name)["spec"]["template"]["spec"]
    return [container["name"] for container in spec.get("initContainers", [])]


def test_each_workload_waits_for_what_it_needs(default: Rendered) -> None:
    for name in ("app", "worker"):
        assert gates(default, "Deployment", name) == ["wait-for-postgres", "wait-for-redis", "wait-for-temporal"]
    assert gates(default, "Deployment", "temporal") == ["wait-for-schema"]
    assert gates(default, "Job", "temporal-schema-setup") == ["wait-for-postgres"]
    assert gates(default, "Job", "postgres-verifier") == ["wait-for-postgres"]


def test_gates_can_be_switched_off(render: Render) -> None:
    rendered = render({"waitGates": {"enabled": False}})
    assert gates(rendered, "Deployment", "app") == []
    assert "wait-gates" not in rendered.of("ConfigMap")


def test_an_autoscaled_deployment_has_no_replicas(render: Render) -> None:
    rendered = render(scenario("custom"))
    assert "replicas" not in rendered.one("Deployment", "app")["spec"]
    assert rendered.one("Deployment", "worker")["spec"]["replicas"] == 2


@pytest.mark.parametrize("name", ["app", "worker", "temporal", "temporal-web"])
def test_budget_and_spread_need_more_than_one_replica(render: Render, name: str) -> None:
    several: dict[str, Any] = {"replicas": 3}
    one, three = render(), render({"temporal": {"web": several}} if name == "temporal-web" else {name: several})
    assert one.of("PodDisruptionBudget") == {}
    assert set(three.of("PodDisruptionBudget")) == {name}
    assert "topologySpreadConstraints" not in one.one("Deployment", name)["spec"]["template"]["spec"]
    assert "topologySpreadConstraints" in three.one("Deployment", name)["spec"]["template"]["spec"]


def test_the_worker_may_drain(default: Rendered) -> None:
    assert default.one("Deployment", "worker")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 600

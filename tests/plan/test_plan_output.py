"""What `plan` prints: the picture of the waves, the sum, the findings; the flowchart; the data."""

import json
from pathlib import Path

import pytest

from gitops_gen.output.json.plan import plan_entry
from gitops_gen.output.plan_mermaid import mermaid_lines
from gitops_gen.output.plan_text import plan_lines
from gitops_gen.rules.all import RULES
from gitops_gen.rules.sync import judge
from gitops_gen.sync.durations import TIMES
from gitops_gen.sync.plan import SyncPlan, plan_of
from gitops_gen.sync.policy import SyncPolicy
from tests.conftest import GitopsGen
from tests.plan.manifest_kit import deployment, objects, planned, service, thing

WAIT = [{"name": "wait", "command": ["sh", "-c", "until nc -z redis 80; do sleep 1; done"]}]
PASSWORD = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "redis", "key": "password"}}}


def demo() -> SyncPlan:
    pod = {"initContainers": WAIT, "containers": [{"name": "main", "env": [PASSWORD]}]}
    everything = objects(
        thing("PersistentVolumeClaim", "data", 0),
        service("redis", 0),
        deployment("redis", 0, pod={"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}),
        deployment("app", 5, replicas=2, pod=pod),
        thing("Job", "seed", 5),
        thing("ConfigMap", "released", 40),
    )
    return plan_of(everything, SyncPolicy(sync_timeout=900), name="dev", application="demo-dev")


TEXT = f"""\
dev: 3 waves, 6 objects, 3 of 3 dependencies ordered: 2 findings

  wave 0   ● PersistentVolumeClaim data
           ● Service redis
           ● Deployment redis
           │   waits for PersistentVolumeClaim/data on its first sync, no end: without a volume it stays Pending
           │   waits for Deployment/redis, at most 5m: progressDeadlineSeconds 5m {TIMES} 1 replica
           ▼
  wave 5   ● Deployment app
           ● Job seed
           │   waits for Job/seed, no end: it has no activeDeadlineSeconds, and its pod may never start
           │   waits for Deployment/app, at most 10m: progressDeadlineSeconds 5m {TIMES} 2 replicas
           ▼
  wave 40  ● ConfigMap released
           ■ the sync ends here without waiting; a sync that prunes something waits here first
  must exist in the cluster: Secret/redis

Longest time until Argo CD picks up a revert
  behind the first sync: 15m, the sync timeout; without it no limit
       no end  wave 0: PersistentVolumeClaim/data: without a volume it stays Pending
    +  no end  wave 5: Job/seed: it has no activeDeadlineSeconds, and its pod may never start
    +      6s  pauses: 2s after each wave but the last (its own step for the namespace): 3 {TIMES} 2s
    +      1m  back-off: the longest pause before a retry takes the newest commit
  behind a later sync: 15m, the sync timeout; without it no limit
           5m  wave 0: Deployment/redis: progressDeadlineSeconds 5m {TIMES} 1 replica
    +  no end  wave 5: Job/seed: it has no activeDeadlineSeconds, and its pod may never start
    +      6s  pauses: 2s after each wave but the last (its own wave for pruning): 3 {TIMES} 2s
    +      1m  back-off: the longest pause before a retry takes the newest commit
  to end it earlier: argocd app terminate-op demo-dev, then argocd app sync demo-dev
  the sync timeout includes retries
  after it run argocd app sync demo-dev:
    Argo CD may treat commits pushed during the sync as already attempted

job-without-deadline: Job/seed (test.yaml)
    is waited for in wave 5 and the wait has no limit: it has no activeDeadlineSeconds, and its pod may never start
    → set spec.activeDeadlineSeconds

job-name-without-hash: Job/seed (test.yaml)
    has a name that does not change with its content: a change fails, because a Job's template is immutable
    → end the name with a hash of image, script and configuration (sha256sum | trunc 8), or make it a hook
"""

MERMAID = """\
flowchart TB
    subgraph s0["wave 0"]
        n0_PersistentVolumeClaim_0["PersistentVolumeClaim/data"]
        n0_Service_0["Service/redis"]
        n0_Deployment_0["Deployment/redis"]
    end
    subgraph s1["wave 5"]
        n1_Deployment_0["Deployment/app"]
        n1_Job_0["Job/seed"]
    end
    subgraph s2["wave 40"]
        n2_ConfigMap_0["ConfigMap/released"]
    end
    s0 == "no end" ==> s1
    s1 == "no end" ==> s2
    n0_Deployment_0 --> n1_Deployment_0
"""


def test_text() -> None:
    assert "\n".join(plan_lines(judge(demo()))) + "\n" == TEXT


def test_an_application_without_paths_needs_no_sync_by_hand() -> None:
    plan = plan_of(demo().manifests, SyncPolicy(sync_timeout=900, names_paths=False), name="dev", application="d")
    lines = list(plan_lines(judge(plan)))
    assert "  to end it earlier: argocd app terminate-op d" in lines
    assert "  the sync timeout includes retries" in lines


def test_mermaid() -> None:
    assert "\n".join(mermaid_lines(judge(demo()))) + "\n" == MERMAID


def test_data_is_plain_json() -> None:
    data = plan_entry(judge(demo()))
    assert json.loads(json.dumps(data)) == data
    assert [wave["waits"] for wave in data["waves"]] == ["always", "always", "whenPruning"]
    assert data["waves"][0]["gates"][0] == {
        "object": "PersistentVolumeClaim/data",
        "seconds": None,
        "reason": "without a volume it stays Pending",
        "firstSyncOnly": True,
    }
    assert {item["verdict"] for item in data["dependencies"]} == {"proven"}
    assert (data["revert"]["laterSync"]["seconds"], data["revert"]["laterSync"]["sum"]) == (900, None)
    assert [finding["rule"] for finding in data["findings"]] == ["job-without-deadline", "job-name-without-hash"]


def test_a_proven_plan_says_so() -> None:
    lines = list(plan_lines(judge(planned(deployment("app", 0)))))
    assert lines[0] == "test: 1 wave, 1 object, 0 of 0 dependencies ordered: proven"


def test_hooks_alone_never_sync_by_themselves() -> None:
    lines = list(plan_lines(judge(planned(thing("Job", "j", hook="Sync", spec={"activeDeadlineSeconds": 60})))))
    assert "  hooks only: Argo CD syncs them only on request (argocd app sync)" in lines


def test_an_endless_wait_is_called_that() -> None:
    judged = judge(planned(thing("StatefulSet", "db", 0), thing("ConfigMap", "last", 5)))
    assert "  behind the first sync: without limit" in list(plan_lines(judged))
    assert not judged.ok


def test_each_rule_explains_itself() -> None:
    for rule in RULES:
        assert rule.title[0].isupper()
        assert rule.title[-1] != "."
        assert rule.explanation.endswith(".")
        assert rule.remedy[0].islower()
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# only a comment\n",
        "---\n---\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n",
    ],
)
def test_of_nothing_nothing_is_proven(
    text: str, tmp_path: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "manifests.yaml"
    file.write_text(text)
    with file.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        result = gitops_gen(tmp_path, "plan", "--rendered", "-")
    assert result.code == 1
    assert ": nothing to sync: not proven\n" in result.out
    assert "proven" not in result.out.replace("not proven", "").replace("nothing is proven", "")
    assert "Longest time" not in result.out
    as_json = gitops_gen(tmp_path, "plan", "--rendered", str(file), "--output", "json")
    assert as_json.code == 1
    assert json.loads(as_json.out)["plans"][0]["ok"] is False


def test_an_environment_that_renders_nothing_is_not_proven(good: Path, gitops_gen: GitopsGen) -> None:
    template = good / "chart/templates/settings.yaml"
    template.write_text(f'{{{{- if ne .Values.global.environment "dev" }}}}\n{template.read_text()}\n{{{{- end }}}}\n')
    result = gitops_gen(good, "plan")
    assert result.code == 1
    assert "dev: nothing to sync: not proven\n" in result.out
    assert "production: 1 wave, 1 object, 0 of 0 dependencies ordered: proven\n" in result.out


JOB = (
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: seed}\nspec: {activeDeadlineSeconds: 60, template: {spec: {}}}\n"
)


def test_a_finding_is_set_aside_in_gitops_yaml(good: Path, gitops_gen: GitopsGen) -> None:
    (good / "chart/templates/job.yaml").write_text(JOB)
    assert "job-name-without-hash: Job/seed" in gitops_gen(good, "plan").out
    project = good / "gitops.yaml"
    entry = "rules:\n  ignore:\n  - {rule: job-name-without-hash, object: Job/se*, reason: not our chart}\n"
    project.write_text(project.read_text() + entry)
    result = gitops_gen(good, "plan")
    assert (result.code, "1 ignored" in result.out) == (0, True)


def test_an_entry_that_matches_nothing_is_a_finding(good: Path, gitops_gen: GitopsGen) -> None:
    project = good / "gitops.yaml"
    entry = "rules:\n  ignore:\n  - {rule: job-name-without-hsh, object: Job/seed, reason: not our chart}\n"
    project.write_text(project.read_text() + entry)
    result = gitops_gen(good, "plan")
    assert result.code == 1
    assert "ignore-matches-nothing" in result.out
    assert "job-name-without-hash" in result.out
    assert "ignore-matches-nothing" not in gitops_gen(good, "plan", "dev").out


def test_a_value_that_nothing_reads_is_set_aside(good: Path, gitops_gen: GitopsGen) -> None:
    (good / "chart/values.schema.json").unlink()
    project = good / "gitops.yaml"
    project.write_text(
        project.read_text().replace("      replicas: 2", "      replicas: 2\n      monitoring: {enabled: true}")
    )
    refused = gitops_gen(good, "plan")
    assert refused.code == 1
    assert "gitops.yaml:18: stages[1].defaults.values.monitoring: unknown value" in refused.err

    entry = "rules:\n  ignore:\n  - {rule: unknown-value, object: monit*, reason: read by a bot}\n"
    project.write_text(project.read_text() + entry)
    result = gitops_gen(good, "plan")
    assert (result.code, "1 ignored" in result.out) == (0, True), result.out + result.err

"""Each rule at its edge: what is nearly a fault and is none, and a second fault where the corpus has one only."""

from collections import Counter
from typing import Any

import pytest

from gitops_gen.manifests.objects import parse
from gitops_gen.rules.sync import judge
from gitops_gen.sync.policy import policy_of
from tests.plan.manifest_kit import deployment, planned, service, thing
from tests.plan.plan_corpus import cases

Objects = list[dict[str, Any]]
Case = tuple[str, Objects, dict[str, Any]]

LAST = thing("ConfigMap", "released", 40)
TIMEOUT: dict[str, Any] = {"sync_timeout": 1800}


def job(name: str, wave: int | None = None, pod: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A Job of five minutes; annotations begin with `hook` or `helm`."""
    marks = {key: spec.pop(key) for key in ("hook", "helm_hook", "helm_weight") if key in spec}
    body = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "demo"}], **(pod or {})}
    given = {"activeDeadlineSeconds": 300, **spec, "template": {"spec": body}}
    return thing("Job", name, wave, {key: value for key, value in given.items() if value is not None}, **marks)


def annotated(item: dict[str, Any], **annotations: Any) -> dict[str, Any]:
    """The object with annotations, `argocd_` and `helm_` in front, `_` for `-`."""
    prefixes = {"argocd": "argocd.argoproj.io/", "helm": "helm.sh/", "gen": "gitops-gen.io/"}
    for key, value in annotations.items():
        prefix, _, name = key.partition("_")
        item["metadata"]["annotations"][prefixes[prefix] + name.replace("_", "-")] = value
    return item


def data(name: str, wave: int | None = None, kind: str = "ConfigMap", **keys: Any) -> dict[str, Any]:
    """A ConfigMap or Secret with keys."""
    return {**thing(kind, name, wave), "data": keys}


def sealed(name: str, wave: int) -> dict[str, Any]:
    """A SealedSecret, of which its controller makes a Secret."""
    return thing("SealedSecret", name, wave, {"encryptedData": {"k": "x"}})


def reads(kind: str, name: str, key: str = "", **more: Any) -> dict[str, Any]:
    """A pod that reads a key of a ConfigMap or Secret, or all of its keys."""
    short = {"ConfigMap": "configMap", "Secret": "secret"}[kind]
    source = {f"{short}KeyRef": {"name": name, "key": key, **more}}
    entry = {"env": [{"name": "X", "valueFrom": source}]} if key else {"envFrom": [{f"{short}Ref": {"name": name}}]}
    return {"containers": [{"name": "main", "image": "demo", **entry}]}


def waits(host: str) -> dict[str, Any]:
    """A pod whose init container waits for a host."""
    script = f"until nc -z {host} 5432; do sleep 1; done"
    return {
        "initContainers": [{"name": "wait", "image": "demo", "command": ["sh", "-c", script]}],
        "containers": [{"name": "main", "image": "demo"}],
    }


def mounts(claim: str) -> dict[str, Any]:
    """A pod with a claim."""
    return {
        "containers": [{"name": "main", "image": "demo"}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
    }


def scaler(name: str, wave: int | None = None, least: int = 1, most: int = 5) -> dict[str, Any]:
    """An autoscaler of a Deployment."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return thing(
        "HorizontalPodAutoscaler", name, wave, {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most}
    )


def without(item: dict[str, Any], field: str) -> dict[str, Any]:
    """The object without a field of its specification."""
    del item["spec"][field]
    return item


def unscaled(name: str, wave: int | None = None) -> dict[str, Any]:
    """A Deployment that leaves its replicas open."""
    return without(deployment(name, wave), "replicas")


def made(kind: str, group: str = "apps/v1", **spec: Any) -> dict[str, Any]:
    """An object that makes others from templates."""
    return {**thing(kind, "a", spec=spec), "apiVersion": group}


CLAIM: dict[str, Any] = {"accessModes": ["ReadWriteOnce"]}
CRON: dict[str, Any] = {"schedule": "@daily", "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}}

IGNORED: dict[str, Any] = {"ignored": (("apps", "Deployment", "a", ("/spec/replicas",)),)}

WRONG: list[Case] = [
    ("apply-out-of-sync-only", [deployment("a")], {"sync_options": ("Validate=false", "ApplyOutOfSyncOnly=true")}),
    ("retry-limit-finite", [deployment("a")], {"retry_limit": 0}),
    ("retry-without-refresh", [deployment("a")], {"retry_limit": -1, "retry_refresh": False}),
    ("revert-over-limit", [job("a-1a2b3c4d", 0), LAST], {"revert_limit": 200}),
    ("object-twice", [service("a"), service("a", 5), deployment("a")], TIMEOUT),
    ("job-ttl", [job("a-1a2b3c4d", ttlSecondsAfterFinished=0)], {}),
    (
        "force-with-server-side-apply",
        [annotated(deployment("a"), argocd_sync_options="Force=true,ServerSideApply=true")],
        {},
    ),
    ("replicas-with-autoscaler", [deployment("a", replicas=3), scaler("a")], {}),
    ("replicas-with-autoscaler", [deployment("a", replicas=3), without(scaler("a"), "minReplicas")], {}),
    ("replicas-with-autoscaler", [deployment("b", replicas=3), scaler("b")], IGNORED),
    ("replicas-with-autoscaler", [deployment("a", replicas=0), scaler("a", least=0)], {}),
    (
        "needs-what-is-never-applied",
        [thing("Secret", "s", hook="PostDelete"), deployment("a", pod=reads("Secret", "s"))],
        {},
    ),
    (
        "value-not-a-string",
        [made("StatefulSet", volumeClaimTemplates=[{"metadata": {"annotations": {"backup": True}}}])],
        TIMEOUT,
    ),
    (
        "value-not-a-string",
        [made("CronJob", "batch/v1", jobTemplate={"metadata": {"labels": {"version": 1.5}}})],
        TIMEOUT,
    ),
    ("value-not-a-string", [deployment("a", pod={"nodeSelector": {"gpu": True}})], TIMEOUT),
    ("value-not-a-string", [deployment("a", pod={"containers": [{"name": "main", "args": ["--port", 80]}]})], TIMEOUT),
    ("value-not-a-string", [{**data("a"), "data": ["b"]}], {}),
    ("value-not-a-string", [{**data("a"), "metadata": {"name": "a", "annotations": ["b"]}}], {}),
    ("value-not-a-string", [made("DaemonSet", selector={"matchLabels": {"version": 2}})], TIMEOUT),
    ("value-not-a-string", [thing("Service", "a", spec={"selector": {"version": 2}})], TIMEOUT),
    (
        "value-not-a-string",
        [made("Service", "serving.knative.dev/v1", template={"metadata": {"annotations": {"minScale": 1}}})],
        TIMEOUT,
    ),
    (
        "value-not-a-string",
        [
            made(
                "Service",
                "serving.knative.dev/v1",
                template={"spec": {"containers": [{"image": "demo", "env": [{"name": "PORT", "value": 80}]}]}},
            )
        ],
        TIMEOUT,
    ),
    (
        "value-not-a-string",
        [made("Certificate", "cert-manager.io/v1", secretTemplate={"labels": {"copied": True}})],
        TIMEOUT,
    ),
    ("cronjob-in-gated-wave", [thing("CronJob", "a", 0, CRON), LAST], {}),
    (
        "job-name-without-hash",
        [annotated(job("seed", hook="PreSync"), argocd_hook_delete_policy="HookFailed")],
        TIMEOUT,
    ),
    ("autoscaler-in-gated-wave", [unscaled("a", 0), scaler("a", 0), LAST], {}),
    ("nothing-to-sync", [thing("ConfigMap", "a", hook="Skip")], {}),
    ("needs-nothing-rendered", [annotated(deployment("a"), gen_needs="StatefulSet/db")], {}),
    ("not-ready-before", [deployment("b"), annotated(deployment("a"), gen_needs="Deployment/b")], {}),
    ("not-ready-before", [thing("Widget", "w", 0), annotated(deployment("a", 5), gen_needs="Widget/w")], {}),
    ("against-order", [sealed("s", 5), annotated(deployment("a", 0), gen_needs="Secret/s"), LAST], TIMEOUT),
    (
        "deleted-before-use",
        [
            annotated(thing("ConfigMap", "c", hook="PreSync"), argocd_hook_delete_policy="HookSucceeded"),
            deployment("a", pod=reads("ConfigMap", "c")),
        ],
        {},
    ),
]

RIGHT: list[Case] = [
    ("apply-out-of-sync-only", [deployment("a")], {"sync_options": ("ApplyOutOfSyncOnly=false",)}),
    ("apply-out-of-sync-only", [deployment("a")], {"sync_options": ("CreateNamespace=true", "PruneLast=true")}),
    ("retry-limit-finite", [deployment("a")], {"retry_limit": -1}),
    ("retry-limit-finite", [deployment("a")], {"retry_limit": -5}),
    ("retry-without-refresh", [deployment("a")], {"retry_refresh": True}),
    ("retry-without-refresh", [deployment("a"), service("a")], {"retry_limit": -1, "retry_refresh": True}),
    ("revert-over-limit", [job("a-1a2b3c4d", 0), LAST], {"revert_limit": 500}),
    ("revert-over-limit", [deployment("a", 0, replicas=9), LAST], {"revert_limit": 3600}),
    ("object-twice", [service("a"), thing("ConfigMap", "a"), deployment("a")], {}),
    ("object-twice", [data("a"), {**data("a"), "kind": "Secret"}], {}),
    ("job-ttl", [job("a", hook="PreSync", ttlSecondsAfterFinished=60)], {}),
    ("job-ttl", [thing("CronJob", "a", spec={**CRON, "successfulJobsHistoryLimit": 0})], {}),
    ("job-name-without-hash", [job("seed", hook="PreSync")], {}),
    ("job-name-without-hash", [annotated(job("seed"), argocd_sync_options="Force=true,Replace=true")], {}),
    ("force-with-server-side-apply", [annotated(deployment("a"), argocd_sync_options="ServerSideApply=true")], {}),
    (
        "force-with-server-side-apply",
        [annotated(deployment("a"), argocd_sync_options="Force=true,ServerSideApply=false")],
        {"sync_options": ("ServerSideApply=true",)},
    ),
    ("replicas-with-autoscaler", [unscaled("a"), scaler("a")], {}),
    ("replicas-with-autoscaler", [deployment("a", replicas=3), scaler("a", least=3, most=3)], {}),
    ("replicas-with-autoscaler", [deployment("a", replicas=3), scaler("a")], {"self_heals": False}),
    ("replicas-with-autoscaler", [deployment("a", replicas=0), scaler("a", most=3)], {}),
    ("replicas-with-autoscaler", [deployment("a"), without(scaler("a", most=1), "minReplicas")], {}),
    ("replicas-with-autoscaler", [deployment("a", replicas=3), scaler("a")], IGNORED),
    ("needs-what-is-never-applied", [thing("ConfigMap", "c"), deployment("a", pod=reads("ConfigMap", "c"))], {}),
    (
        "needs-what-is-never-applied",
        [thing("ConfigMap", "c", hook="PreSync"), deployment("a", pod=reads("ConfigMap", "c"))],
        {},
    ),
    ("cronjob-in-gated-wave", [thing("CronJob", "a", 0, {**CRON, "suspend": True}), LAST], TIMEOUT),
    ("cronjob-in-gated-wave", [thing("ConfigMap", "c", 0), thing("CronJob", "a", 5, CRON)], {}),
    ("cronjob-in-gated-wave", [thing("CronJob", "a", spec=CRON, hook="PreSync"), LAST], TIMEOUT),
    (
        "job-name-without-hash",
        [annotated(job("seed", hook="PreSync"), argocd_hook_delete_policy="HookSucceeded,HookFailed")],
        {},
    ),
    ("autoscaler-in-gated-wave", [unscaled("a", 0), scaler("a", 40)], {}),
    ("autoscaler-in-gated-wave", [unscaled("a"), scaler("a")], {}),
    ("nothing-to-sync", [thing("ConfigMap", "a")], {}),
    ("nothing-to-sync", [job("a", hook="Sync")], {}),
    (
        "needs-nothing-rendered",
        [annotated(deployment("a", 5), gen_needs="Job/s-1a2b3c4d"), job("s-1a2b3c4d", 0)],
        {},
    ),
    ("needs-nothing-rendered", [annotated(deployment("a", 5), gen_needs="Job/s-*"), job("s-1a2b3c4d", 0)], {}),
    (
        "deleted-before-use",
        [
            annotated(thing("ConfigMap", "c", hook="PreSync"), argocd_hook_delete_policy="BeforeHookCreation"),
            deployment("a", pod=reads("ConfigMap", "c")),
        ],
        {},
    ),
    (
        "deleted-before-use",
        [
            annotated(thing("ConfigMap", "c"), argocd_hook_delete_policy="HookSucceeded"),
            deployment("a", 5, pod=reads("ConfigMap", "c")),
        ],
        {},
    ),
    (
        "deleted-before-use",
        [
            annotated(thing("ConfigMap", "c", hook="PreSync"), argocd_hook_delete_policy="HookSucceeded"),
            job("m", hook="PreSync", pod=reads("ConfigMap", "c"), helm_weight="5"),
        ],
        {},
    ),
    ("deadlock", [service("db"), deployment("db"), deployment("a", 5, pod=waits("db"))], {}),
    ("deadlock", [deployment("a", 0, pod=waits("db.elsewhere.example")), LAST], {}),
    ("gate-without-end", [thing("StatefulSet", "a", 0), LAST], TIMEOUT),
    ("gate-without-end", [thing("Ingress", "a", 0), LAST], TIMEOUT),
    ("against-order", [thing("ConfigMap", "c", 0), deployment("a", 5, pod=reads("ConfigMap", "c"))], {}),
    ("against-order", [thing("ConfigMap", "c"), deployment("a", pod=reads("ConfigMap", "c"))], {}),
    ("job-without-deadline", [job("a-1a2b3c4d", 0), LAST], {}),
    ("job-without-deadline", [thing("ConfigMap", "c", 0), job("a-1a2b3c4d", 40, activeDeadlineSeconds=None)], TIMEOUT),
    ("wave-not-integer", [annotated(deployment("a"), argocd_sync_wave="-7")], {}),
    ("wave-not-integer", [annotated(deployment("a"), argocd_sync_wave="007")], {}),
    ("value-not-a-string", [annotated(deployment("a"), helm_chart="1")], {}),
    ("value-not-a-string", [data("c", a="1", b="true", c="", d="null")], {}),
    ("value-not-a-string", [made("Widget", "demo.example/v1", labels={"size": 1}, metadata={"labels": {"a": 1}})], {}),
    (
        "value-not-a-string",
        [thing("CustomResourceDefinition", "x", spec={"template": {"metadata": {"labels": {"type": 1}}}})],
        {},
    ),
    ("gate-never-opens", [deployment("a", 0, paused=False), LAST], {}),
    ("gate-never-opens", [deployment("a", 0, replicas=0), LAST], {}),
    (
        "volume-without-consumer",
        [thing("PersistentVolumeClaim", "d", spec=CLAIM), deployment("a", pod=mounts("d"))],
        TIMEOUT,
    ),
    ("volume-without-consumer", [thing("PersistentVolumeClaim", "d", 0, {**CLAIM, "volumeName": "disk-1"})], TIMEOUT),
    (
        "volume-before-consumer",
        [thing("PersistentVolumeClaim", "d", 0, CLAIM), deployment("a", 0, pod=mounts("d")), LAST],
        TIMEOUT,
    ),
    (
        "volume-before-consumer",
        [
            thing("PersistentVolumeClaim", "d", 0, {**CLAIM, "volumeName": "disk-1"}),
            deployment("a", 5, pod=mounts("d")),
        ],
        TIMEOUT,
    ),
    ("deployment-without-deadline", [deployment("a", 0, progressDeadlineSeconds=600), LAST], {}),
    ("deployment-without-deadline", [deployment("a", progressDeadlineSeconds=None), thing("ConfigMap", "c")], {}),
    ("not-ready-before", [service("db", 0), deployment("db", 0), job("m-1a2b3c4d", 5, waits("db")), LAST], {}),
    ("not-ready-before", [service("db", 0), deployment("db", 0), deployment("a", 5, pod=waits("db"))], {}),
    ("not-ready-before", [data("c", 0, k="1"), annotated(deployment("a", 5), gen_needs="ConfigMap/c")], {}),
    ("not-ready-before", [data("c"), service("s"), annotated(deployment("a"), gen_needs="ConfigMap/c,Service/*")], {}),
    ("not-ready-before", [deployment("b", 0, replicas=0), annotated(deployment("a", 5), gen_needs="*/b")], {}),
    ("needs-nothing-rendered", [sealed("s", 0), annotated(deployment("a", 5), gen_needs="Secret/s")], TIMEOUT),
    (
        "needs-nothing-rendered",
        [thing("ClusterRole", "r", 0), annotated(deployment("a", 5), gen_needs="ClusterRole/r")],
        {},
    ),
    ("cycle", [service("a"), deployment("a"), service("b"), deployment("b", pod=waits("a"))], {}),
    ("cycle", [service("a"), deployment("a", pod=waits("b.other.svc")), deployment("b", pod=waits("a"))], {}),
    ("key-not-provided", [data("c", k="1"), deployment("a", pod=reads("ConfigMap", "c", "k"))], {}),
    ("key-not-provided", [data("c", k="1"), deployment("a", pod=reads("ConfigMap", "c", "x", optional=True))], {}),
    ("key-not-provided", [deployment("a", pod=reads("Secret", "given", "x"))], {}),
    ("hook-ignored", [job("a", helm_hook="test"), deployment("a")], {}),
    ("hook-ignored", [job("a", helm_hook="pre-install,pre-rollback")], {}),
    ("setup-after-its-users", [job("migrate", hook="PreSync"), deployment("a")], {}),
    ("setup-after-its-users", [job("notify", hook="PostSync", pod=reads("Secret", "s")), deployment("a")], {}),
    ("name-too-long", [service("s" * 63), deployment("d" * 63)], {}),
    ("name-too-long", [thing("ConfigMap", "c" * 200), deployment("a")], {}),
    ("prune-confirm", [annotated(deployment("a"), argocd_sync_options="Prune=false")], {}),
    ("prune-confirm", [annotated(deployment("a"), argocd_sync_options="Delete=confirm")], {}),
]


def found(objects: Objects, policy: dict[str, Any]) -> set[str]:
    """The rules that find something."""
    return {finding.rule for finding in judge(planned(*objects, **policy)).findings}


@pytest.mark.parametrize(("rule", "objects", "policy"), WRONG, ids=[case[0] for case in WRONG])
def test_a_second_fault_is_found(rule: str, objects: Objects, policy: dict[str, Any]) -> None:
    assert found(objects, policy) == {rule}


@pytest.mark.parametrize(("rule", "objects", "policy"), RIGHT, ids=[case[0] for case in RIGHT])
def test_what_is_nearly_a_fault_is_none(rule: str, objects: Objects, policy: dict[str, Any]) -> None:
    assert found(objects, policy) == set(), rule


def test_each_rule_of_a_plan_has_two_faults_and_two_that_are_none() -> None:
    faults = Counter([case.facts["rule"] for case in cases("refused")] + [rule for rule, _, _ in WRONG])
    nearly = Counter(rule for rule, _, _ in RIGHT)
    assert {rule: count for rule, count in nearly.items() if count < 2} == {}
    assert {rule: faults[rule] for rule in nearly if faults[rule] < 2} == {}


@pytest.mark.parametrize(
    ("entry", "ignores"),
    [
        ({"jqPathExpressions": [".spec.replicas"]}, True),
        ({"jqPathExpressions": [".spec.template"]}, False),
        ({"jqPathExpressions": [".spec | .replicas"]}, True),
        ({"jsonPointers": ["/spec/replicasets"]}, False),
        ({"jsonPointers": ["/spec"]}, True),
        ({"managedFieldsManagers": ["kube-controller-manager"]}, True),
        ({"name": "b", "jsonPointers": ["/spec/replicas"]}, False),
    ],
)
def test_differences_are_ignored_where_the_application_says_so(entry: dict[str, Any], *, ignores: bool) -> None:
    differences = [{"group": "apps", "kind": "Deployment", **entry}]
    policy = policy_of({"spec": {"ignoreDifferences": differences}})
    manifest = parse("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}", "a.yaml")[0]
    assert policy.ignores(manifest.id, ("spec", "replicas")) is ignores

"""What a change does to the cluster, said in words: one pair of manifests a case."""

import tracemalloc
from dataclasses import replace

import pytest

from gitops_gen.compare.compare import Rendered, compare
from gitops_gen.compare.model import Effect, EnvironmentChange
from gitops_gen.sync.policy import SyncPolicy
from gitops_gen.yaml import documents
from gitops_gen.yaml.writer import dump

POLICY = SyncPolicy()
REST = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: rest}\n"
"""Something stays: Argo CD refuses to prune everything."""


INTERNAL = {"type": "LoadBalancer", "loadBalancerClass": "internal"}
CRD_API = "apiextensions.k8s.io/v1"


def side(manifests: str, *, prunes: bool = True) -> Rendered:
    return Rendered(
        environment="dev",
        namespace="shop-dev",
        manifests=manifests,
        argocd="",
        policy=POLICY,
        prunes=prunes,
        protected=False,
    )


def differ(old: str, new: str, *, prunes: bool = True) -> EnvironmentChange | None:
    return compare(side(old + REST, prunes=prunes), side(new + REST, prunes=prunes))


def said(old: str, new: str, *, prunes: bool = True) -> set[tuple[str, str, str]]:
    change = differ(old, new, prunes=prunes)
    consequences = change.consequences if change else ()
    return {(item.effect.value, item.object, item.detail) for item in consequences if item.effect is not Effect.WAITS}


def manifest(kind: str, api: str = "v1", annotations: dict[str, str] | None = None, **fields: object) -> str:
    metadata: dict[str, object] = {"name": "x"} | ({"annotations": annotations} if annotations else {})
    return dump({"apiVersion": api, "kind": kind, "metadata": metadata, **fields})


def workload(kind: str = "Deployment", **spec: object) -> str:
    full = {"selector": {"matchLabels": {"app": "x"}}, "template": template(), **spec}
    return manifest(kind, "apps/v1", spec=full)


def template(image: str = "a:1", **pod: object) -> dict[str, object]:
    return {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": image}], **pod}}


def job(name: str, image: str = "a:1") -> str:
    spec = {"template": template(image, restartPolicy="Never"), "activeDeadlineSeconds": 60}
    return manifest("Job", "batch/v1", spec=spec).replace("name: x", f"name: {name}", 1)


def claim(size: str, **spec: object) -> str:
    return manifest("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": size}}, **spec})


NEW_CLUSTER = "everything is created again there, with empty volumes; the old one stays as it is"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (workload(), workload(template=template("a:2")), ("restarts", "Deployment/x", "image")),
        (workload(replicas=1), workload(replicas=3), ("scales", "Deployment/x", "1 → 3 replicas")),
        (workload(), workload(replicas=3), ("scales", "Deployment/x", "unset → 3 replicas")),
        (
            workload(strategy={"type": "Recreate"}),
            workload(strategy={"type": "Recreate"}, template=template("a:2")),
            ("restarts", "Deployment/x", "image; down in between (strategy Recreate)"),
        ),
        (
            workload("StatefulSet", serviceName="a"),
            workload("StatefulSet", serviceName="b"),
            ("fails", "StatefulSet/x", "spec.serviceName is immutable"),
        ),
        (job("x-1a2b3c4d"), job("x-5e6f7a8b", "a:2"), ("runs", "Job/x-<hash>", "its content changed")),
        (job("x"), job("x", "a:2"), ("fails", "Job/x", "spec.template is immutable")),
        ("", job("x-1a2b3c4d"), ("runs", "Job/x-<hash>", "new")),
        (
            claim("1Gi"),
            claim("2Gi"),
            ("resizes", "PersistentVolumeClaim/x", "1Gi → 2Gi, which its StorageClass must allow"),
        ),
        (claim("2Gi"), claim("1Gi"), ("fails", "PersistentVolumeClaim/x", "a volume cannot shrink (2Gi → 1Gi)")),
        (
            claim("1Gi", storageClassName="slow"),
            claim("1Gi", storageClassName="fast"),
            ("fails", "PersistentVolumeClaim/x", "spec.storageClassName is immutable"),
        ),
        (
            manifest("Service", spec={"clusterIP": "None"}),
            manifest("Service", spec={"clusterIP": "10.0.0.1"}),
            ("fails", "Service/x", "spec.clusterIP is immutable"),
        ),
        (
            manifest("ConfigMap", immutable=True, data={"a": "1"}),
            manifest("ConfigMap", immutable=True, data={"a": "2"}),
            ("fails", "ConfigMap/x", "data.a cannot change: the object is `immutable: true`"),
        ),
        (
            manifest("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"name": "a"}),
            manifest("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"name": "b"}),
            ("fails", "RoleBinding/x", "roleRef.name is immutable"),
        ),
        (
            manifest("Service", spec={"type": "LoadBalancer"}),
            manifest("Service", spec={"type": "LoadBalancer", "loadBalancerClass": "internal"}),
            ("fails", "Service/x", "spec.loadBalancerClass is immutable"),
        ),
        (
            manifest("Pod", spec={"terminationGracePeriodSeconds": 30}),
            manifest("Pod", spec={"terminationGracePeriodSeconds": 60}),
            ("fails", "Pod/x", "spec.terminationGracePeriodSeconds is immutable"),
        ),
        (
            manifest("RuntimeClass", "node.k8s.io/v1", handler="runc"),
            manifest("RuntimeClass", "node.k8s.io/v1", handler="gvisor"),
            ("fails", "RuntimeClass/x", "handler is immutable"),
        ),
        (
            manifest("EndpointSlice", "discovery.k8s.io/v1", addressType="IPv4", endpoints=[]),
            manifest("EndpointSlice", "discovery.k8s.io/v1", addressType="IPv6", endpoints=[]),
            ("fails", "EndpointSlice/x", "addressType is immutable"),
        ),
        (
            manifest("VolumeAttributesClass", "storage.k8s.io/v1", driverName="d", parameters={"iops": "1"}),
            manifest("VolumeAttributesClass", "storage.k8s.io/v1", driverName="d", parameters={"iops": "2"}),
            ("fails", "VolumeAttributesClass/x", "parameters.iops is immutable"),
        ),
        (
            manifest("CustomResourceDefinition", CRD_API, spec={"names": {"kind": "A", "plural": "as"}}),
            manifest("CustomResourceDefinition", CRD_API, spec={"names": {"kind": "B", "plural": "as"}}),
            ("fails", "CustomResourceDefinition/x", "spec.names is immutable"),
        ),
        (
            manifest("Application", "argoproj.io/v1alpha1", spec={"destination": {"server": "https://a"}}),
            manifest("Application", "argoproj.io/v1alpha1", spec={"destination": {"name": "b"}}),
            (
                "moves",
                "Application/x",
                f"cluster https://a → b: {NEW_CLUSTER}",
            ),
        ),
        (manifest("ConfigMap"), "", ("prunes", "ConfigMap/x", "")),
        (claim("1Gi"), "", ("loses", "PersistentVolumeClaim/x", "its data is deleted with it")),
        (
            manifest("ConfigMap", annotations={"argocd.argoproj.io/sync-options": "Prune=false"}),
            "",
            ("leaves", "ConfigMap/x", "it has the sync option Prune=false"),
        ),
        (
            manifest("ConfigMap", annotations={"helm.sh/hook": "pre-install"}),
            "",
            ("leaves", "ConfigMap/x", "a hook: Argo CD prunes none"),
        ),
        (
            manifest("Job", "batch/v1", {"argocd.argoproj.io/hook": "Sync"}, spec={"template": template("a:1")}),
            manifest("Job", "batch/v1", {"argocd.argoproj.io/hook": "Sync"}, spec={"template": template("a:2")}),
            ("runs", "Job/x", "a hook: it runs in every sync"),
        ),
    ],
)
def test_one_change_has_one_effect(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert said(old, new) == {expected}


def test_nothing_is_deleted_where_pruning_is_off() -> None:
    assert said(claim("1Gi"), "", prunes=False) == {("leaves", "PersistentVolumeClaim/x", "pruning is off here")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (workload("StatefulSet", replicas=1), workload("StatefulSet", replicas=2)),
        (manifest("ConfigMap", data={"a": "1"}), manifest("ConfigMap", data={"a": "2"})),
        (claim("1Gi"), claim("1024Mi")),
        (manifest("Service", spec={"clusterIP": "None"}), manifest("Service", spec={"clusterIP": ""})),
        (manifest("Service", spec={"type": "ClusterIP"}), manifest("Service", spec=INTERNAL)),
        (manifest("Service", spec=INTERNAL), manifest("Service", spec={"type": "NodePort"})),
        (workload("DaemonSet"), workload("DaemonSet", updateStrategy={"type": "OnDelete"}, template=template("a:2"))),
    ],
)
def test_nothing_fails_or_restarts(old: str, new: str) -> None:
    assert not {effect for effect, *_ in said(old, new)} & {"fails", "restarts"}
    assert differ(old, new)


def test_a_forced_replacement_does_not_fail() -> None:
    options = {"argocd.argoproj.io/sync-options": "Force=true,Replace=true"}
    old = manifest("Job", "batch/v1", options, spec={"template": template("a:1")})
    ((effect, _, detail),) = said(old, old.replace("a:1", "a:2"))
    assert effect == "restarts"
    assert "Force=true" in detail


def test_force_fails_with_server_side_apply() -> None:
    old = manifest("Job", "batch/v1", {"argocd.argoproj.io/sync-options": "Force=true"}, spec={"template": template()})
    new = old.replace("a:1", "a:2")
    policy = SyncPolicy(sync_options=("ServerSideApply=true",))
    change = compare(replace(side(old), policy=policy), replace(side(new), policy=policy))
    assert change
    assert [item.effect for item in change.consequences] == [Effect.FAILS]
    assert "--server-side" in change.consequences[0].detail
    own = old.replace("Force=true", "Force=true,ServerSideApply=false")
    change = compare(replace(side(own), policy=policy), replace(side(own.replace("a:1", "a:2")), policy=policy))
    assert change
    assert [item.effect for item in change.consequences] == [Effect.RESTARTS]


HOOK = manifest("Job", "batch/v1", {"helm.sh/hook": "pre-install"}, spec={"template": template()})


@pytest.mark.parametrize("left", ["", HOOK])
def test_an_automated_sync_does_not_prune_everything(left: str) -> None:
    old = f"{claim('1Gi')}---\n{manifest('ConfigMap')}---\n{HOOK}"
    change = compare(side(old), side(left))
    assert change
    assert [item.effect for item in change.consequences if item.object == "the environment"] == [Effect.FAILS]
    assert not {item.effect for item in change.consequences} & {Effect.LOSES, Effect.PRUNES}


@pytest.mark.parametrize("policy", [SyncPolicy(allow_empty=True), SyncPolicy(automated=False)])
def test_everything_is_pruned_where_that_is_allowed(policy: SyncPolicy) -> None:
    change = compare(side(claim("1Gi")), replace(side(""), policy=policy))
    assert change
    assert [item.effect for item in change.consequences if item.object] == [Effect.LOSES]


@pytest.mark.parametrize(("protect", "effect"), [("Prune=false", Effect.LEAVES), ("", Effect.LOSES)])
def test_a_renamed_application_that_is_protected_keeps_its_data(protect: str, effect: Effect) -> None:
    options = {"argocd.argoproj.io/sync-options": protect} if protect else {}
    application = manifest("Application", "argoproj.io/v1alpha1", options).replace("name: x", "name: shop-dev")
    before = replace(side(claim("1Gi") + REST), argocd=application)
    after = replace(side(REST), argocd=application.replace("shop-dev", "store-dev"))
    change = compare(before, after)
    assert change
    data = [item.effect for item in change.consequences if item.object.startswith("PersistentVolumeClaim")]
    assert data == [effect]


def test_comments_order_and_style_are_no_difference() -> None:
    new = '# Source: x\nkind: "ConfigMap"\nmetadata: {name: x}\napiVersion: v1\ndata:\n  a: "1" # one\n'
    assert differ(manifest("ConfigMap", data={"a": "1"}), new) is None


def test_objects_of_one_name_in_two_namespaces_are_two() -> None:
    one = manifest("ConfigMap", data={"a": "1"})
    other = one.replace("name: x", "name: x\n  namespace: other", 1)
    change = differ(f"{one}---\n{other}", f"{one}---\n{other}".replace("'1'", "'2'"))
    assert change
    assert sorted(item.object for item in change.objects) == ["ConfigMap/x", "other:ConfigMap/x"]


def test_two_jobs_of_one_name_except_for_the_hash() -> None:
    old = f"{job('x-1a2b3c4d')}---\n{job('x-2b3c4d5e', 'b:1')}"
    change = differ(old, f"{job('x-1a2b3c4d')}---\n{job('x-3c4d5e6f', 'b:2')}")
    assert change
    assert [(item.action.value, item.object) for item in change.objects] == [("changed", "Job/x-<hash>")]


def test_the_longest_wait_follows_a_deadline() -> None:
    first = manifest("ConfigMap", annotations={"argocd.argoproj.io/sync-wave": "9"})
    old = f"{workload(progressDeadlineSeconds=60, replicas=1)}---\n{first}"
    change = differ(old, old.replace("60", "600"))
    assert change
    assert [item.effect for item in change.consequences] == [Effect.WAITS]


def test_what_is_kept_for_the_next_environment_holds_no_manifests() -> None:
    """A thousand environments with a changed chart were several hundred megabytes of text."""
    length, count = 100_000, 40
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(count):
            head = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{number}}}\n# {'x' * length}\ndata: "
            assert differ(f"{head}{{a: b}}", f"{head}{{a: c}}")
        documents._read.cache_clear()
        assert tracemalloc.get_traced_memory()[0] - before < count * length / 10
    finally:
        tracemalloc.stop()

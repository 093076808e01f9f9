"""Rules on mounts: each has its volume, each volume a mount, and what is mounted is there."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.pods import Pod, containers_of, pod_path
from gitops_gen.manifests.scopes import BUILT_IN
from gitops_gen.manifests.secrets import provided_keys
from gitops_gen.names import did_you_mean, meant
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath, dotted

_GIVEN = {
    ("ServiceAccount", "default"),
    *(("ConfigMap", name) for name in ("kube-root-ca.crt", "istio-ca-root-cert", "openshift-service-ca.crt")),
}
"""What controllers put into every namespace."""

_MOUNTS = ("volumeMounts", "volumeDevices")


def _volumes(manifest: Manifest, pod: Pod) -> list[str]:
    """The volumes of the pods, those of a StatefulSet's claims included."""
    claims = [
        str(mapping(item.get("metadata")).get("name")) for item in mappings(manifest.spec.get("volumeClaimTemplates"))
    ]
    return [str(item.get("name")) for item in mappings(pod.spec.get("volumes"))] + claims


def _without_volume(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, pod in plan.objects.pods:
        volumes = _volumes(manifest, pod)
        for container in containers_of(manifest, pod):
            for field in _MOUNTS:
                for index, mount in enumerate(mappings(container.data.get(field))):
                    if mount.get("name") and str(mount["name"]) not in volumes:
                        text = (
                            f"container {container.name} mounts the volume {mount['name']}, which the pod does not have"
                        )
                        path = (*container.path, field, index, "name")
                        yield Hit(manifest, text, did_you_mean(str(mount["name"]), volumes), path)


def _without_mount(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, pod in plan.objects.pods:
        used = {
            str(mount.get("name"))
            for container in containers_of(manifest, pod)
            for field in _MOUNTS
            for mount in mappings(container.data.get(field))
        }
        for index, volume in enumerate(mappings(pod.spec.get("volumes"))):
            if str(volume.get("name")) not in used:
                path = (*pod_path(manifest), "volumes", index)
                yield Hit(manifest, f"no container mounts the volume {volume.get('name')}", "", path)


def _misspelled(plan: SyncPlan) -> Iterator[Hit]:
    yield from (hit for hit in _absent(plan) if hit.remedy)


def _elsewhere(plan: SyncPlan) -> Iterator[Hit]:
    yield from (hit for hit in _absent(plan) if not hit.remedy)


def _absent(plan: SyncPlan) -> Iterator[Hit]:
    """What pods name and nothing rendered is; with the name that was meant, where one is near."""
    custom = {item.name for item in plan.manifests if item.id.group not in BUILT_IN}
    for manifest, found in plan.objects.references.items():
        seen = set(_GIVEN)
        for item in found:
            is_known = item.name in custom or plan.objects.named(item.kind, item.name, manifest.id.namespace)
            if item.kind == "Secret" or item.optional or is_known or (item.kind, item.name) in seen:
                continue
            seen.add((item.kind, item.name))
            names = [other.name for other in plan.objects.of_kind(item.kind)]
            text = f"{item.how} names {item.kind}/{item.name}, which is not rendered"
            yield Hit(manifest, text, meant(item.name, names), (*pod_path(manifest), *_name_path(item.path)))


def _name_path(path: KeyPath) -> KeyPath:
    """Where the name is, for a reference that leads to a key."""
    index = next((index for index, step in enumerate(path) if step in ("configMap", "configMapKeyRef")), None)
    return path if index is None else (*path[: index + 1], "name")


def _sub_paths(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, pod in plan.objects.pods:
        sources = {str(item.get("name")): mapping(item.get("configMap")) for item in mappings(pod.spec.get("volumes"))}
        for container in containers_of(manifest, pod):
            for index, mount in enumerate(mappings(container.data.get("volumeMounts"))):
                volume, part = sources.get(str(mount.get("name")), {}), mount.get("subPath")
                source = plan.objects.named("ConfigMap", str(volume.get("name")), manifest.id.namespace)
                if not part or not source or volume.get("optional") is True:
                    continue
                paths = [str(item.get("path")) for item in mappings(volume.get("items"))] or provided_keys(source)
                if paths is not None and not any(path == part or path.startswith(f"{part}/") for path in paths):
                    text = f"container {container.name} mounts {part} of {source.id}, which has no such key"
                    path = (*container.path, "volumeMounts", index, "subPath")
                    yield Hit(manifest, text, did_you_mean(str(part), paths), path)


def _claims(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, spec, path in _claim_specs(plan):
        resources = mapping(spec.get("resources"))
        if "resources" in spec and not mapping(resources.get("requests")).get("storage"):
            yield Hit(manifest, f"{dotted(path)} requests no storage", "", (*path, "resources"))


def _claim_specs(plan: SyncPlan) -> Iterator[tuple[Manifest, Mapping[str, Any], KeyPath]]:
    for claim in plan.objects.of_kind("PersistentVolumeClaim"):
        yield claim, claim.spec, ("spec",)
    for manifest in plan.objects.of_kind("StatefulSet"):
        for index, template in enumerate(mappings(manifest.spec.get("volumeClaimTemplates"))):
            yield manifest, mapping(template.get("spec")), ("spec", "volumeClaimTemplates", index, "spec")


def _example(mount: str, volumes: str, rest: str = "") -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
        f'    - {{name: web, image: "example.com/web:1", volumeMounts: [{mount}]}}\n  volumes: [{volumes}]\n{rest}'
    )


_MOUNT = "{name: data, mountPath: /data}"
_CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {web.conf: a}\n"
_SUB = "{name: conf, mountPath: /etc/web.conf, subPath: %s}"
_CLAIM = (
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
    "spec: {accessModes: [ReadWriteOnce], resources: {%s}}\n"
)

RULES = (
    Rule(
        id="mount-without-volume",
        title="Each mount has a volume",
        explanation="The API server refuses a pod that mounts a volume which it does not have.",
        remedy="add the volume, or correct its name",
        check=_without_volume,
        bad=_example(_MOUNT, "{name: date, emptyDir: {}}"),
        good=_example(_MOUNT, "{name: data, emptyDir: {}}"),
    ),
    Rule(
        id="volume-without-mount",
        title="Each volume is mounted",
        explanation="A volume that no container mounts is left over, or its mount was forgotten.",
        remedy="mount it, or remove it",
        check=_without_mount,
        severity=Severity.WARNING,
        bad=_example(_MOUNT, "{name: data, emptyDir: {}}, {name: tmp, emptyDir: {}}"),
        good=_example(_MOUNT, "{name: data, emptyDir: {}}"),
    ),
    Rule(
        id="mounted-key-missing",
        title="A single file that is mounted is in its ConfigMap",
        explanation=(
            "A subPath that the ConfigMap does not have is mounted as an empty folder, and the program does not find "
            "its file (https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath)."
        ),
        remedy="correct the subPath, or add the key",
        check=_sub_paths,
        bad=_example(_SUB % "web.cfg", "{name: conf, configMap: {name: web}}", _CONFIG),
        good=_example(_SUB % "web.conf", "{name: conf, configMap: {name: web}}", _CONFIG),
    ),
    Rule(
        id="reference-misspelled",
        title="What a pod names is not another name of what is rendered",
        explanation=(
            "A ConfigMap, volume claim or ServiceAccount that does not exist keeps the pod from starting. One with "
            "nearly the same name is rendered "
            "(https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#restrictions)."
        ),
        remedy="correct the name",
        check=_misspelled,
        severity=Severity.WARNING,
        bad=_example(_MOUNT, "{name: data, configMap: {name: webb}}", _CONFIG),
        good=_example(_MOUNT, "{name: data, configMap: {name: web}}", _CONFIG),
    ),
    Rule(
        id="object-from-elsewhere",
        title="ConfigMaps, claims and accounts that nothing rendered makes exist before the first sync",
        explanation="A pod that names a ConfigMap, volume claim or ServiceAccount which does not exist never starts.",
        remedy="create it before the first sync, or render it",
        check=_elsewhere,
        severity=Severity.NOTE,
        bad=_example(_MOUNT, "{name: data, configMap: {name: shared}}", _CONFIG),
        good=_example(_MOUNT, "{name: data, configMap: {name: web}}", _CONFIG),
    ),
    Rule(
        id="claim-without-size",
        title="A volume claim requests storage",
        explanation="The API server refuses a PersistentVolumeClaim without spec.resources.requests.storage.",
        remedy="set spec.resources.requests.storage",
        check=_claims,
        bad=_CLAIM % "limits: {storage: 1Gi}",
        good=_CLAIM % "requests: {storage: 1Gi}",
    ),
)

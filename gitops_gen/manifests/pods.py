"""The pods that workloads make: their labels, containers, and every ConfigMap, Secret, volume claim and account they
name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, number, sequence
from gitops_gen.yaml.key_paths import KeyPath

DEFAULT_GRACE = 30
"""`terminationGracePeriodSeconds` where none is set:
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

_TEMPLATE_KINDS = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Rollout"}
)

_TEMPLATE_PATH = ("spec", "template", "spec")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pod:
    """A pod template (or a bare pod): its labels and its specification."""

    labels: Mapping[str, Any]
    spec: Mapping[str, Any]
    annotations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def init_containers(self) -> list[Mapping[str, Any]]:
        """Those that must end before the pod starts; sidecars (`restartPolicy: Always`) are not among them."""
        return [item for item in mappings(self.spec.get("initContainers")) if item.get("restartPolicy") != "Always"]

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """Those that run on, sidecars included."""
        sidecars = [item for item in mappings(self.spec.get("initContainers")) if item.get("restartPolicy") == "Always"]
        return sidecars + mappings(self.spec.get("containers"))

    @property
    def grace(self) -> int:
        """How many seconds the pod may take to stop."""
        seconds = number(self.spec.get("terminationGracePeriodSeconds"))
        return DEFAULT_GRACE if seconds is None else seconds

    @property
    def service_account(self) -> str:
        """The ServiceAccount it runs as."""
        return str(self.spec.get("serviceAccountName") or self.spec.get("serviceAccount") or "default")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An object that a pod names, and how it comes to the pod."""

    kind: str
    name: str
    #: `env DATABASE_URL`, `volume data`
    how: str
    #: the one key that is read, where the reference names one
    key: str = ""
    #: the pod starts without it
    optional: bool = False
    #: where it is named, below the pod's `spec`
    path: KeyPath = field(default=(), compare=False)


def pod_of(manifest: Manifest) -> Pod | None:
    """The pods that the object makes, of whatever kind it is: custom ones have the same template. None for an object
    that makes none.
    """
    template = _template(manifest)
    if template is None:
        return None
    metadata = mapping(template.get("metadata"))
    return Pod(
        labels=mapping(metadata.get("labels")),
        annotations={} if manifest.kind == "Pod" else mapping(metadata.get("annotations")),
        spec=mapping(template.get("spec")),
    )


def _template(manifest: Manifest) -> Mapping[str, Any] | None:
    above = mapping(mapping(manifest.spec.get("jobTemplate")).get("spec")) or manifest.spec
    template = mapping(above.get("template"))
    if manifest.kind in _TEMPLATE_KINDS or mappings(mapping(template.get("spec")).get("containers")):
        return template
    return manifest.data if manifest.kind == "Pod" and not manifest.id.group else None


def references(pod: Pod) -> list[Reference]:
    """Everything the pod names that must exist before it starts."""
    account = Reference(
        kind="ServiceAccount", name=pod.service_account, how="serviceAccountName", path=("serviceAccountName",)
    )
    pulls = [
        Reference(kind="Secret", name=str(item.get("name")), how="imagePullSecrets", path=path)
        for path, item in _items(pod.spec, "imagePullSecrets")
    ]
    volumes = [found for path, volume in _items(pod.spec, "volumes") for found in _volume_references(volume, path)]
    containers = (*_items(pod.spec, "initContainers"), *_items(pod.spec, "containers"))
    environment = [found for path, item in containers for found in _env_references(item, path)]
    return [account, *pulls, *volumes, *environment]


def _items(parent: Mapping[str, Any], key: str, above: KeyPath = ()) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    """The maps of a list, each with its path."""
    for index, item in enumerate(sequence(parent.get(key))):
        if isinstance(item, dict):
            yield (*above, key, index), item


def _volume_references(volume: Mapping[str, Any], path: KeyPath) -> Iterator[Reference]:
    how = f"volume {volume.get('name')}"
    if claim := mapping(volume.get("persistentVolumeClaim")).get("claimName"):
        place = (*path, "persistentVolumeClaim", "claimName")
        yield Reference(kind="PersistentVolumeClaim", name=str(claim), how=how, path=place)
    projected = _items(mapping(volume.get("projected")), "sources", (*path, "projected"))
    for above, source in [(path, volume), *projected]:
        for place_of, kind, name_field in _VOLUME_SOURCES:
            named = mapping(source.get(place_of))
            if name := named.get(name_field) or named.get("name"):
                yield from _files(named, Reference(kind=kind, name=str(name), how=how, path=(*above, place_of)))


_VOLUME_SOURCES = (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"))


def _files(source: Mapping[str, Any], whole: Reference) -> Iterator[Reference]:
    whole = replace(whole, optional=source.get("optional") is True)
    items = list(_items(source, "items", whole.path))
    for path, item in items:
        yield replace(whole, key=str(item.get("key")), path=(*path, "key"))
    if not items:
        yield whole


def _env_references(container: Mapping[str, Any], path: KeyPath) -> Iterator[Reference]:
    for above, item in _items(container, "envFrom", path):
        for place, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if name := (named := mapping(item.get(place))).get("name"):
                optional, at = named.get("optional") is True, (*above, place, "name")
                yield Reference(kind=kind, name=str(name), how="envFrom", optional=optional, path=at)
    for above, item in _items(container, "env", path):
        for place, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if name := (named := mapping(mapping(item.get("valueFrom")).get(place))).get("name"):
                yield Reference(
                    kind=kind,
                    name=str(name),
                    how=f"env {item.get('name')}",
                    key=str(named.get("key", "")),
                    optional=named.get("optional") is True,
                    path=(*above, "valueFrom", place, "key"),
                )


def command(container: Mapping[str, Any]) -> str:
    """The container's command and arguments as one text."""
    return " ".join(str(part) for place in ("command", "args") for part in sequence(container.get(place)))


def pod_path(manifest: Manifest) -> KeyPath:
    """Where the pod's `spec` is inside the object."""
    if manifest.kind == "Pod":
        return ("spec",)
    return ("spec", "jobTemplate", "spec", "template", "spec") if manifest.kind == "CronJob" else _TEMPLATE_PATH


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One container of a pod, init containers and ephemeral ones included."""

    #: the object that makes the pod
    manifest: Manifest
    pod: Pod
    #: where it is inside the object
    path: KeyPath
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.data.get("name"))

    @property
    def is_init(self) -> bool:
        """Whether it must end before the next one starts."""
        return "initContainers" in self.path and self.data.get("restartPolicy") != "Always"

    @property
    def ports(self) -> list[Mapping[str, Any]]:
        """The ports that it declares."""
        return mappings(self.data.get("ports"))


def containers_of(manifest: Manifest, pod: Pod) -> Iterator[Container]:
    """Every container of the pods of an object."""
    for field_name in ("initContainers", "containers", "ephemeralContainers"):
        for index, item in enumerate(sequence(pod.spec.get(field_name))):
            if isinstance(item, dict):
                path = (*pod_path(manifest), field_name, index)
                yield Container(manifest=manifest, pod=pod, path=path, data=item)

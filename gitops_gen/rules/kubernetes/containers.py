"""Rules on containers: names, ports, probes, resources, images and rights."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings, number
from gitops_gen.manifests.pods import Container, Pod, containers_of, pod_path
from gitops_gen.manifests.quantity import quantity
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

if TYPE_CHECKING:
    from gitops_gen.yaml.key_paths import KeyPath

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS = ("httpGet", "tcpSocket")
_LEAST_MEMORY = 2**20
"""No container starts with less: https://github.com/opencontainers/runc/issues/2241"""
_HOOKS = (("lifecycle", "preStop"), ("lifecycle", "postStart"))


def _pods(plan: SyncPlan) -> Iterator[tuple[Manifest, Pod, list[Container]]]:
    for manifest, pod in plan.objects.pods:
        yield manifest, pod, list(containers_of(manifest, pod))


def _containers(plan: SyncPlan) -> Iterator[Container]:
    for _, _, found in _pods(plan):
        yield from found


def _hit(container: Container, text: str, *place: str | int, remedy: str = "") -> Hit:
    return Hit(container.manifest, f"container {container.name} {text}", remedy, (*container.path, *place))


def _names(plan: SyncPlan) -> Iterator[Hit]:
    for _, _, found in _pods(plan):
        seen: dict[str, KeyPath] = {}
        for container in found:
            first = seen.setdefault(container.name, container.path)
            if first is not container.path and first[-2] != container.path[-2]:
                yield _hit(container, f"has the name of one under {first[-2]}", "name")


def _ports(plan: SyncPlan) -> Iterator[Hit]:
    for _, pod, found in _pods(plan):
        host_ports: set[tuple[int | None, str, str]] = set()
        for container in found:
            names: set[str] = set()
            for index, port in enumerate(container.ports):
                name, host = str(port.get("name") or ""), number(port.get("hostPort"))
                if name and name in names:
                    yield _hit(container, f"has two ports with the name {name}", "ports", index, "name")
                names.add(name)
                if host and pod.spec.get("hostNetwork") is True and host != port.get("containerPort"):
                    text = f"has hostPort {host}, and in the node's network it must equal containerPort"
                    yield _hit(container, text, "ports", index, "hostPort")
                key = (host, str(port.get("protocol", "TCP")), str(port.get("hostIP")))
                if host and key in host_ports and not container.is_init:
                    yield _hit(container, f"takes host port {host}, as another port of the pod does", "ports", index)
                host_ports.add(key)


def _probes(plan: SyncPlan) -> Iterator[Hit]:
    for container in _containers(plan):
        names = {str(port["name"]) for port in container.ports if port.get("name")}
        for path in (*((probe,) for probe in _PROBES), *_HOOKS):
            for handler in _HANDLERS:
                port = mapping(_below(container, path).get(handler)).get("port")
                if isinstance(port, str) and not port.isdecimal() and port not in names:
                    has = f"its ports are {', '.join(sorted(names))}" if names else "it names no port"
                    yield _hit(container, f"has a {path[-1]} on port {port}, and {has}", *path, handler, "port")


def _below(container: Container, path: tuple[str, ...]) -> Mapping[str, Any]:
    found = container.data
    for step in path:
        found = mapping(found.get(step))
    return found


def _hooks(plan: SyncPlan) -> Iterator[Hit]:
    for container in _containers(plan):
        seconds, most = number(_below(container, (*_HOOKS[0], "sleep")).get("seconds")), container.pod.grace
        if seconds and seconds > most:
            text = f"sleeps {seconds} s before it stops, longer than terminationGracePeriodSeconds ({most})"
            yield _hit(container, text, *_HOOKS[0], "sleep", "seconds")
        for field in (*_PROBES, "lifecycle"):
            if container.is_init and mapping(container.data.get(field)):
                text = f"is an init container with {field}, which only one with restartPolicy Always may have"
                yield _hit(container, text, field)


def _requests(plan: SyncPlan) -> Iterator[Hit]:
    for container in _containers(plan):
        resources = mapping(container.data.get("resources"))
        limits = mapping(resources.get("limits"))
        for name, requested in mapping(resources.get("requests")).items():
            wanted, most = quantity(requested), quantity(limits.get(name))
            place = ("resources", "requests", name)
            if wanted is not None and most is not None and wanted > most:
                yield _hit(container, f"requests {requested} of {name}, above its limit of {limits[name]}", *place)
            elif most is None and ("/" in name or name.startswith("hugepages-")):
                yield _hit(container, f"requests {name} without a limit, which must be the same", *place)


def _memory(plan: SyncPlan) -> Iterator[Hit]:
    for container in _containers(plan):
        for field, resources in mapping(container.data.get("resources")).items():
            for name in ("memory", "ephemeral-storage"):
                value = mapping(resources).get(name)
                amount = quantity(value)
                if amount is not None and 0 < amount < _LEAST_MEMORY:
                    text = f"has {value} of {name}, which is {amount:g} bytes"
                    yield _hit(container, text, "resources", field, name)


def _images(plan: SyncPlan) -> Iterator[Hit]:
    for container in _containers(plan):
        image = container.data.get("image")
        if isinstance(image, str) and image and "@" not in image:
            _, colon, tag = image.rpartition("/")[2].partition(":")
            if not colon or not tag:
                yield _hit(container, f"has the image {image} without a tag", "image")
            elif tag == "latest":
                yield _hit(container, f"has the image {image}: `latest` is another one after each build", "image")


def _propagation(plan: SyncPlan) -> Iterator[Hit]:
    for container in _containers(plan):
        is_privileged = _below(container, ("securityContext",)).get("privileged") is True
        for index, mount in enumerate(mappings(container.data.get("volumeMounts"))):
            if mount.get("mountPropagation") == "Bidirectional" and not is_privileged:
                text = "mounts with mountPropagation Bidirectional, which only a privileged one may"
                yield _hit(container, text, "volumeMounts", index, "mountPropagation")


def _rights(plan: SyncPlan) -> Iterator[Hit]:
    yield from _propagation(plan)
    for container in _containers(plan):
        own = mapping(container.data.get("securityContext"))
        both = {**mapping(container.pod.spec.get("securityContext")), **own}
        if own.get("privileged") is True and own.get("allowPrivilegeEscalation") is False:
            text = "is privileged, and allowPrivilegeEscalation is false"
            yield _hit(container, text, "securityContext", "allowPrivilegeEscalation")
        if both.get("runAsNonRoot") is True and both.get("runAsUser") == 0:
            owner = container.path if "runAsUser" in own else pod_path(container.manifest)
            text = f"container {container.name} must not run as root, and runs as user 0"
            yield Hit(container.manifest, text, "", (*owner, "securityContext", "runAsUser"))


def _tolerations(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, pod, _ in _pods(plan):
        for index, item in enumerate(mappings(pod.spec.get("tolerations"))):
            place = (*pod_path(manifest), "tolerations", index)
            operator, effect = item.get("operator") or "Equal", item.get("effect") or ""
            shown = f"the toleration of {item.get('key') or 'everything'}"
            if operator == "Exists" and item.get("value"):
                yield Hit(manifest, f"{shown} has the operator Exists, and a value", "", place)
            if not item.get("key") and operator != "Exists":
                yield Hit(manifest, f"{shown} has no key, and needs the operator Exists", "", place)
            if item.get("tolerationSeconds") is not None and effect != "NoExecute":
                yield Hit(manifest, f"{shown} has tolerationSeconds, which only the effect NoExecute has", "", place)


def _example(container: str, pod: str = "") -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
        f"  containers:\n    - {{name: web, {container}}}\n{pod}"
    )


_IMAGE = 'image: "example.com/web:1"'
_PORTS = f"{_IMAGE}, ports: [{{name: http, containerPort: 80}}]"
_INIT = "  initContainers:\n    - {name: %s, image: 'example.com/web:1'%s}\n"

RULES = (
    Rule(
        id="container-name-taken",
        title="No two containers of a pod have one name",
        explanation="The API server refuses a pod with an init container that has the name of a container.",
        remedy="rename one of the two",
        check=_names,
        bad=_example(_IMAGE, _INIT % ("web", "")),
        good=_example(_IMAGE, _INIT % ("wait", "")),
    ),
    Rule(
        id="port-taken",
        title="No two ports of a pod have one name or one host port",
        explanation=(
            "The API server refuses two ports of a container with one name, and two that take one port of the node."
        ),
        remedy="rename or remove one of the two",
        check=_ports,
        bad=_example(f"{_IMAGE}, ports: [{{name: http, containerPort: 80}}, {{name: http, containerPort: 81}}]"),
        good=_example(f"{_IMAGE}, ports: [{{name: http, containerPort: 80}}, {{name: admin, containerPort: 81}}]"),
    ),
    Rule(
        id="probe-port-unknown",
        title="A probe's named port is one of the container's",
        explanation=(
            "A probe on a port name that the container does not have fails always: the pod never gets ready, or is "
            "restarted again and again "
            "(https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/)."
        ),
        remedy="correct the name, or name the port under ports",
        check=_probes,
        bad=_example(f"{_PORTS}, readinessProbe: {{httpGet: {{port: web}}}}"),
        good=_example(f"{_PORTS}, readinessProbe: {{httpGet: {{port: http}}}}"),
    ),
    Rule(
        id="probe-not-allowed",
        title="Probes and hooks are where and as Kubernetes allows them",
        explanation=(
            "The API server refuses probes and lifecycle hooks of an init container that is no sidecar, and a preStop "
            "hook that sleeps longer than terminationGracePeriodSeconds "
            "(https://kubernetes.io/docs/concepts/workloads/pods/init-containers/)."
        ),
        remedy="remove the field, or shorten the time",
        check=_hooks,
        bad=_example(_IMAGE, _INIT % ("wait", ", readinessProbe: {exec: {command: [ls]}}")),
        good=_example(_IMAGE, _INIT % ("wait", ", restartPolicy: Always, readinessProbe: {exec: {command: [ls]}}")),
    ),
    Rule(
        id="request-above-limit",
        title="No request is above its limit, and that of a device has one",
        explanation=(
            "The API server refuses a container that requests more than its limit, and one that requests devices or "
            "huge pages without a limit "
            "(https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/)."
        ),
        remedy="lower the request, or raise or add the limit",
        check=_requests,
        bad=_example(f"{_IMAGE}, resources: {{requests: {{memory: 1Gi}}, limits: {{memory: 512Mi}}}}"),
        good=_example(f"{_IMAGE}, resources: {{requests: {{memory: 256Mi}}, limits: {{memory: 512Mi}}}}"),
    ),
    Rule(
        id="memory-in-milli",
        title="Memory has a unit of bytes",
        explanation=(
            "`m` is a thousandth: 512m of memory is half a byte, and the container is killed when it starts "
            "(https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory)."
        ),
        remedy="write Mi or M",
        check=_memory,
        severity=Severity.WARNING,
        bad=_example(f"{_IMAGE}, resources: {{limits: {{memory: 512m}}}}"),
        good=_example(f"{_IMAGE}, resources: {{limits: {{memory: 512Mi}}}}"),
    ),
    Rule(
        id="image-without-version",
        title="Each image has a tag other than latest, or a digest",
        explanation=(
            "Without a tag the image is `latest`, which changes without a commit: pods of one Deployment run different "
            "versions, and a rollback changes nothing "
            "(https://kubernetes.io/docs/concepts/containers/images/#image-names)."
        ),
        remedy="set a tag or a digest",
        check=_images,
        severity=Severity.WARNING,
        bad=_example("image: example.com/web"),
        good=_example(_IMAGE),
    ),
    Rule(
        id="security-context",
        title="The security context does not contradict itself",
        explanation=(
            "The API server refuses a privileged container with allowPrivilegeEscalation: false, and the kubelet does "
            "not start user 0 with runAsNonRoot "
            "(https://kubernetes.io/docs/tasks/configure-pod-container/security-context/)."
        ),
        remedy="remove one of the two",
        check=_rights,
        bad=_example(f"{_IMAGE}, securityContext: {{runAsNonRoot: true, runAsUser: 0}}"),
        good=_example(f"{_IMAGE}, securityContext: {{runAsNonRoot: true, runAsUser: 1000}}"),
    ),
    Rule(
        id="toleration-not-allowed",
        title="Tolerations are as Kubernetes allows them",
        explanation=(
            "The API server refuses a value with the operator Exists, an empty key without it, and tolerationSeconds "
            "with an effect other than NoExecute "
            "(https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/)."
        ),
        remedy="correct the toleration",
        check=_tolerations,
        bad=_example(_IMAGE, "  tolerations: [{key: gpu, operator: Exists, value: 'true'}]\n"),
        good=_example(_IMAGE, "  tolerations: [{key: gpu, operator: Equal, value: 'true'}]\n"),
    ),
)

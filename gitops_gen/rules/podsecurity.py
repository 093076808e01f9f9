"""Rules on Pod Security: what the profile that the labels of the namespace enforce refuses.

The profiles: https://kubernetes.io/docs/concepts/security/pod-security-standards/; the labels:
https://kubernetes.io/docs/concepts/security/pod-security-admission/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.pods import Container, Pod, containers_of, pod_path
from gitops_gen.rules.admission.verdicts import namespace_labels
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath

PROFILES = ("privileged", "baseline", "restricted")
_LABEL = "pod-security.kubernetes.io"
_CAPABILITIES = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)
_SYSCTLS = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
        *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    }
)
_SELINUX = (None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_VOLUMES = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
        *("persistentVolumeClaim", "projected", "secret"),
    }
)
_HANDLERS = (
    *(("livenessProbe",), ("readinessProbe",), ("startupProbe",)),
    *(("lifecycle", "preStop"), ("lifecycle", "postStart")),
)
_WITH_HOSTS = "1.34"
"""The version of Kubernetes whose profiles are the first to refuse hosts of probes and hooks."""

Violation: TypeAlias = tuple[KeyPath, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Subject:
    """A pod or one of its containers: what has a `securityContext`."""

    name: str
    path: KeyPath
    context: Mapping[str, Any]

    def at(self, *steps: str) -> KeyPath:
        """A place in its `securityContext`."""
        return (*self.path, "securityContext", *steps)


def violations(manifest: Manifest, pod: Pod, profile: str, kubernetes: str = "") -> Iterator[Violation]:
    """Every place of the pods of an object that the profile does not allow, and why.

    `kubernetes` is the cluster's version; without it the newest profiles are taken.
    """
    if profile == "privileged":
        return
    containers = list(containers_of(manifest, pod))
    own = _Subject(name="the pod", path=pod_path(manifest), context=mapping(pod.spec.get("securityContext")))
    subjects = [own, *(_subject(item) for item in containers)]
    yield from _of_the_node(own, pod)
    for item in containers:
        yield from _of_container(item)
        if not kubernetes or _parts(kubernetes) >= _parts(_WITH_HOSTS):
            yield from _hosts(item)
    for subject in subjects:
        yield from _of_context(subject)
    yield from _apparmor_annotations(manifest, pod)
    if profile == "restricted":
        yield from _restricted(own, subjects[1:], pod)


def _subject(item: Container) -> _Subject:
    return _Subject(name=f"container {item.name}", path=item.path, context=mapping(item.data.get("securityContext")))


def _of_the_node(own: _Subject, pod: Pod) -> Iterator[Violation]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(key) is True:
            yield (*own.path, key), f"the pod uses {key}"
    for index, volume in enumerate(mappings(pod.spec.get("volumes"))):
        if "hostPath" in volume:
            yield (*own.path, "volumes", index, "hostPath"), f"volume {volume.get('name')} is a hostPath"
    for index, item in enumerate(mappings(own.context.get("sysctls"))):
        if str(item.get("name")) not in _SYSCTLS:
            yield (*own.at("sysctls"), index, "name"), f"the pod sets sysctl {item.get('name')}"


def _of_container(item: Container) -> Iterator[Violation]:
    for index, port in enumerate(item.ports):
        if port.get("hostPort"):
            yield (*item.path, "ports", index, "hostPort"), f"container {item.name} uses hostPort {port['hostPort']}"
    context, path = mapping(item.data.get("securityContext")), (*item.path, "securityContext")
    if context.get("privileged") is True:
        yield (*path, "privileged"), f"container {item.name} is privileged"
    if _is_unmasked(context) and not _has_own_users(item.pod):
        yield (*path, "procMount"), f"container {item.name} has procMount {context['procMount']}"
    for name in sequence(mapping(context.get("capabilities")).get("add")):
        if str(name) not in _CAPABILITIES:
            yield (*path, "capabilities", "add"), f"container {item.name} adds capability {name}"


def _is_unmasked(context: Mapping[str, Any]) -> bool:
    return context.get("procMount") not in (None, "", "Default")


def _has_own_users(pod: Pod) -> bool:
    """In a user namespace root is nobody outside: https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/."""
    return pod.spec.get("hostUsers") is False


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:2]]


def _hosts(item: Container) -> Iterator[Violation]:
    for path in _HANDLERS:
        handler = mapping(item.data.get(path[0]))
        for step in path[1:]:
            handler = mapping(handler.get(step))
        for action in ("httpGet", "tcpSocket"):
            if host := mapping(handler.get(action)).get("host"):
                yield (*item.path, *path, action, "host"), f"{path[-1]} of container {item.name} has host {host}"


def _of_context(subject: _Subject) -> Iterator[Violation]:
    context = subject.context
    if mapping(context.get("windowsOptions")).get("hostProcess") is True:
        yield subject.at("windowsOptions", "hostProcess"), f"{subject.name} is a hostProcess"
    for key, allowed in (("type", _SELINUX), ("user", (None, "")), ("role", (None, ""))):
        if (value := mapping(context.get("seLinuxOptions")).get(key)) not in allowed:
            yield subject.at("seLinuxOptions", key), f"{subject.name} sets SELinux {key} {value}"
    for key in ("seccompProfile", "appArmorProfile"):
        if mapping(context.get(key)).get("type") == "Unconfined":
            yield subject.at(key, "type"), f"{subject.name} has {key} Unconfined"


def _apparmor_annotations(manifest: Manifest, pod: Pod) -> Iterator[Violation]:
    annotations = pod.annotations or (manifest.annotations if manifest.kind == "Pod" else {})
    for name, value in annotations.items():
        is_profile = name.startswith("container.apparmor.security.beta.kubernetes.io/")
        if is_profile and value not in ("", "runtime/default") and not str(value).startswith("localhost/"):
            yield (*pod_path(manifest)[:-1], "metadata", "annotations", name), f"annotation {name} is {value}"


def _restricted(own: _Subject, containers: list[_Subject], pod: Pod) -> Iterator[Violation]:
    for index, volume in enumerate(mappings(pod.spec.get("volumes"))):
        for kind in sorted(volume.keys() - _VOLUMES - {"name", "hostPath"}):
            yield (*own.path, "volumes", index, kind), f"volume {volume.get('name')} is of type {kind}"
    is_windows = mapping(pod.spec.get("os")).get("name") == "windows"
    for subject in containers:
        if not is_windows:
            yield from _confined(subject, own)
    if _has_own_users(pod):
        yield from (
            (item.at("procMount"), f"{item.name} is unmasked") for item in containers if _is_unmasked(item.context)
        )
    else:
        yield from _as_root(own, containers)


def _as_root(own: _Subject, containers: list[_Subject]) -> Iterator[Violation]:
    if own.context.get("runAsNonRoot") is False:
        yield own.at("runAsNonRoot"), "the pod has runAsNonRoot: false"
    for subject in containers:
        if subject.context.get("runAsNonRoot", own.context.get("runAsNonRoot")) is not True:
            yield subject.at("runAsNonRoot"), f"{subject.name} needs runAsNonRoot: true, here or in the pod"
    for subject in (own, *containers):
        if subject.context.get("runAsUser") == 0:
            yield subject.at("runAsUser"), f"{subject.name} has runAsUser 0"


def _confined(subject: _Subject, own: _Subject) -> Iterator[Violation]:
    context = subject.context
    if context.get("allowPrivilegeEscalation") is not False:
        yield subject.at("allowPrivilegeEscalation"), f"{subject.name} needs allowPrivilegeEscalation: false"
    profile = mapping(context.get("seccompProfile") or own.context.get("seccompProfile")).get("type")
    if profile is None:
        why = "needs seccompProfile RuntimeDefault or Localhost, here or in the pod"
        yield subject.at("seccompProfile", "type"), f"{subject.name} {why}"
    capabilities = mapping(context.get("capabilities"))
    if "ALL" not in sequence(capabilities.get("drop")):
        yield subject.at("capabilities", "drop"), f"{subject.name} needs capabilities.drop: [ALL]"
    for name in sequence(capabilities.get("add")):
        if str(name) in _CAPABILITIES and name != "NET_BIND_SERVICE":
            yield subject.at("capabilities", "add"), f"{subject.name} adds capability {name}"


def _profile(plan: SyncPlan, manifest: Manifest, mode: str) -> str:
    """The profile of the object's namespace; one that is misspelled counts as `restricted`."""
    labels = namespace_labels(plan, manifest.id.namespace or plan.cluster.namespace) or {}
    given = labels.get(f"{_LABEL}/{mode}", PROFILES[0])
    return given if given in PROFILES else PROFILES[-1]


def _refused(plan: SyncPlan, mode: str) -> Iterator[Hit]:
    for manifest, pod in plan.objects.pods:
        profile = _profile(plan, manifest, mode)
        for path, message in violations(manifest, pod, profile, plan.cluster.kubernetes):
            yield Hit(manifest, f"{message}, which profile {profile} does not allow", path=path)


def _enforced(plan: SyncPlan) -> Iterator[Hit]:
    yield from _refused(plan, "enforce")


def _warned(plan: SyncPlan) -> Iterator[Hit]:
    enforced = {(hit.manifest, hit.path) for hit in _enforced(plan)}
    yield from (hit for hit in _refused(plan, "warn") if (hit.manifest, hit.path) not in enforced)


def _misspelled(plan: SyncPlan) -> Iterator[Hit]:
    for namespace in [plan.cluster.namespace, *(item.name for item in plan.objects.of_kind("Namespace"))]:
        for mode in ("enforce", "warn", "audit"):
            given = (namespace_labels(plan, namespace) or {}).get(f"{_LABEL}/{mode}", PROFILES[0])
            if given not in PROFILES:
                yield Hit(
                    plan.objects.named("Namespace", namespace, ""),
                    f"namespace {namespace} has {_LABEL}/{mode}: {given}, which is no profile: restricted is taken",
                )


_LINK = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
_EXAMPLE = """\
apiVersion: v1
kind: Namespace
metadata: {name: demo, labels: {pod-security.kubernetes.io/MODE: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: app:1.0.0
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def _example(mode: str) -> tuple[str, str]:
    good = _EXAMPLE.replace("MODE", mode)
    return good.replace("allowPrivilegeEscalation: false", "privileged: true"), good


_REFUSED, _ADMITTED = _example("enforce")
_NOTED, _QUIET = _example("warn")

RULES = (
    Rule(
        id="pod-security-enforced",
        title="Pods keep the Pod Security profile that their namespace enforces",
        explanation=(
            "Pod Security admission refuses a pod that the profile of the label pod-security.kubernetes.io/enforce "
            "does not allow. The workload itself is admitted, so that the sync waits for pods which never come. "
            f"Init and ephemeral containers count as well ({_LINK})."
        ),
        remedy="set what the profile asks for in the securityContext, or change the label of the namespace",
        check=_enforced,
        bad=_REFUSED,
        good=_ADMITTED,
    ),
    Rule(
        id="pod-security-warned",
        title="Pods keep the Pod Security profile that their namespace warns of",
        explanation=(
            "The profile of pod-security.kubernetes.io/warn is usually the next one to be enforced: the pods are still "
            f"admitted, with a warning ({_LINK})."
        ),
        remedy="set what the profile asks for in the securityContext",
        check=_warned,
        severity=Severity.WARNING,
        bad=_NOTED,
        good=_QUIET,
    ),
    Rule(
        id="pod-security-profile-unknown",
        title="The Pod Security labels of a namespace name a profile",
        explanation=(
            "The profiles are privileged, baseline and restricted. Admission takes any other text for restricted "
            "(https://kubernetes.io/docs/concepts/security/pod-security-admission/)."
        ),
        remedy="write privileged, baseline or restricted",
        check=_misspelled,
        bad=_ADMITTED.replace("enforce: restricted", "enforce: strict"),
        good=_ADMITTED,
    ),
)

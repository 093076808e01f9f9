"""Calls: the Services and Jobs that a pod's containers talk to or wait for, read off commands, mounted scripts and
environment.

Text can only hint, so each hint is narrow: a host counts where a host must be, a Job where something waits for it
by name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gitops_gen.manifests.hosts import any_hosts
from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.pods import Pod, command
from gitops_gen.sync.object_index import ObjectIndex

_LOOP = re.compile(
    r"\b(until|while|for)\b[\s\S]*\bsleep\b|\bwait(-|_|ing)?for\b|\bkubectl\b.*\bwait\b|--wait\b", re.IGNORECASE
)
_JOB = re.compile(r"\bjobs?(?:\.batch)?[/ ]([a-z0-9][a-z0-9.-]*)")
_DATABASE = re.compile(r"DATABASE|POSTGRES|(^|_)(PG|DB|SQL|MYSQL|MONGO)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """Something a container talks to."""

    target: Manifest
    #: the container waits for it by itself
    waits: bool
    why: str


def calls_of(objects: ObjectIndex, manifest: Manifest, pod: Pod) -> Iterator[Call]:
    """Every call of a workload's containers: those of init containers, which hold the pod back, and of the others."""
    first = [call for container in pod.init_containers for call in _init_calls(objects, manifest, pod, container)]
    yield from first
    awaited = {call.target for call in first if call.waits}
    for container in pod.containers:
        for call in _main_calls(objects, manifest, pod, container):
            yield replace(call, waits=True) if call.target in awaited else call


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideCall:
    """A host that a container talks to and that may be a Service of another Application, as `any_hosts` names it."""

    name: str
    namespace: str
    waits: bool
    why: str


def outside_calls(objects: ObjectIndex, manifest: Manifest, pod: Pod) -> Iterator[OutsideCall]:
    """What a workload's containers may talk to outside of its Application; what an init container waits for is waited
    for.
    """
    found: dict[tuple[str, str], OutsideCall] = {}
    for container in (*pod.init_containers, *pod.containers):
        is_init = any(container is item for item in pod.init_containers)
        text = _text(objects, manifest, pod, container)
        waits = _LOOP.search(text) is not None or (is_init and manifest.kind != "Job")
        places = [*_own_variables(objects, manifest, container), *_bulk_variables(objects, manifest, container)]
        for variable, value in (("", text), *places):
            for name, namespace in any_hosts(value, variable):
                place = f"env {variable}" if variable else "its command"
                why = f"{'init ' if is_init else ''}container {container.get('name')}: {place} names {name}"
                call = OutsideCall(name=name, namespace=namespace, waits=waits, why=why)
                found.setdefault((name, namespace), call)
    yield from found.values()


def _init_calls(objects: ObjectIndex, manifest: Manifest, pod: Pod, container: Mapping[str, Any]) -> Iterator[Call]:
    text = _text(objects, manifest, pod, container)
    # A pod that is started again without end waits with whatever fails first; a Job's gives up.
    waits = manifest.kind != "Job" or _LOOP.search(text) is not None
    label = f"init container {container.get('name')}"
    for target, why in _targets(objects, manifest, container, text, strict=False):
        yield Call(target=target, waits=waits, why=f"{label}: {why}")
    for job in _jobs(objects, manifest, text):
        yield Call(target=job, waits=True, why=f"{label} waits for {job.id}")


def _main_calls(objects: ObjectIndex, manifest: Manifest, pod: Pod, container: Mapping[str, Any]) -> Iterator[Call]:
    is_job = manifest.kind == "Job"
    text = _text(objects, manifest, pod, container)
    waits = is_job and _LOOP.search(text) is not None
    for target, why in _targets(objects, manifest, container, text, strict=is_job):
        yield Call(target=target, waits=waits, why=f"container {container.get('name')}: {why}")


def _text(objects: ObjectIndex, manifest: Manifest, pod: Pod, container: Mapping[str, Any]) -> str:
    """The command, and the scripts out of rendered ConfigMaps that it names."""
    line = command(container)
    mounted = {str(mount.get("name")) for mount in mappings(container.get("volumeMounts"))}
    scripts = [
        str(content)
        for volume in mappings(pod.spec.get("volumes"))
        if str(volume.get("name")) in mounted and line
        for content in _named_files(objects, manifest, mapping(volume.get("configMap")), line)
    ]
    return "\n".join([line, *scripts])


def _named_files(objects: ObjectIndex, manifest: Manifest, source: Mapping[str, Any], line: str) -> Iterator[Any]:
    config = objects.named("ConfigMap", str(source.get("name")), manifest.id.namespace)
    for key, content in mapping(config.data.get("data")).items() if config else ():
        if key in line:
            yield content


def _targets(
    objects: ObjectIndex, manifest: Manifest, container: Mapping[str, Any], text: str, *, strict: bool
) -> Iterator[tuple[Manifest, str]]:
    """The Services that the container names, with the place. `strict`: a variable out of a whole ConfigMap counts
    only when it is used.
    """
    for name in objects.hosts.in_text(text):
        yield from _service(objects, manifest, name, f"its command names Service/{name}")
    for variable, value in _own_variables(objects, manifest, container):
        for name in objects.hosts.in_variable(variable, value):
            yield from _service(objects, manifest, name, f"env {variable} names Service/{name}")
    for variable, value in _bulk_variables(objects, manifest, container):
        if not strict or variable in text or _DATABASE.search(variable):
            for name in objects.hosts.in_variable(variable, value):
                yield from _service(objects, manifest, name, f"env {variable} names Service/{name}")


def _service(objects: ObjectIndex, manifest: Manifest, name: str, why: str) -> Iterator[tuple[Manifest, str]]:
    if service := objects.named("Service", name, manifest.id.namespace):
        yield service, why


def _own_variables(objects: ObjectIndex, manifest: Manifest, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in mappings(container.get("env")):
        reference = mapping(mapping(item.get("valueFrom")).get("configMapKeyRef"))
        value = item.get("value")
        if reference and (config := objects.named("ConfigMap", str(reference.get("name")), manifest.id.namespace)):
            value = mapping(config.data.get("data")).get(str(reference.get("key")))
        if isinstance(value, str):
            yield str(item.get("name")), value


def _bulk_variables(
    objects: ObjectIndex, manifest: Manifest, container: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for item in mappings(container.get("envFrom")):
        name = str(mapping(item.get("configMapRef")).get("name"))
        config = objects.named("ConfigMap", name, manifest.id.namespace)
        for key, value in mapping(config.data.get("data")).items() if config else ():
            yield f"{item.get('prefix') or ''}{key}", str(value)


def _jobs(objects: ObjectIndex, manifest: Manifest, text: str) -> Iterator[Manifest]:
    for match in _JOB.finditer(text):
        if job := objects.named("Job", match[1], manifest.id.namespace):
            yield job

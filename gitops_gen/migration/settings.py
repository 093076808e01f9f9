"""Settings of the original that its data depend on: with other settings the chart does not find the data, or cannot
read them, and starts with an empty database.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.pods import pod_of
from gitops_gen.migration.live import Live, keys_of
from gitops_gen.migration.model import Concern, MigrationTarget, ObjectOutcome, Override, PlannedObject
from gitops_gen.migration.original import DATA_FOLDER, NAME_VALUES, SHARDS, SHARDS_VALUE
from gitops_gen.yaml.key_paths import plain_steps

_VERSION = re.compile(r":v?(\d+)\.(\d+)(?:\.\d+)*$")
SHOWN = 8
"""At most this many keys of a ConfigMap are listed."""

Environment = Mapping[str, str]


def name_overrides(live: Live, target: MigrationTarget) -> Iterator[Override]:
    """Names of roles and databases, and the number of history shards, where the chart's differ from the original's."""
    before = _variables(live.objects.values(), "postgres", "temporal", "app")
    after = _variables(target.manifests, "postgres", "temporal")
    for variable, key in NAME_VALUES.items():
        old, new = before.get(variable), after.get(variable)
        if old and new and old != new:
            reason = f"{variable} is {old}: under another name the chart would create a new, empty one"
            yield Override(path=("values", *plain_steps(key)), value=old, reason=reason)
    old, new = before.get(SHARDS), after.get(SHARDS)
    if old and new and old != new and old.isdigit():
        reason = f"{SHARDS} is {old}: it cannot change after the database was created"
        yield Override(path=("values", *plain_steps(SHARDS_VALUE)), value=int(old), reason=reason)


def setting_concerns(live: Live, target: MigrationTarget, objects: tuple[PlannedObject, ...]) -> Iterator[Concern]:
    """What no chart value can set, or what a person must decide."""
    yield from _data_folder(live, target)
    yield from _superuser(live)
    yield from _temporal_version(live, target)
    yield from _stopped(live)
    yield from _configuration(live, target, objects)
    yield from _published(live, target)


def variables(item: Manifest, config_maps: Mapping[str, Manifest]) -> dict[str, str]:
    """The environment variables of a workload's first container that are literal or come from a ConfigMap."""
    pod = pod_of(item)
    containers = mappings(pod.spec.get("containers")) if pod else []
    found: dict[str, str] = {}
    for container in containers[:1]:
        for source in mappings(container.get("envFrom")):
            found |= _data(config_maps.get(str(mapping(source.get("configMapRef")).get("name"))))
        for entry in mappings(container.get("env")):
            value = entry.get("value", _referenced(entry, config_maps))
            if value is not None:
                found[str(entry.get("name"))] = str(value)
    return found


def _referenced(entry: Mapping[str, Any], config_maps: Mapping[str, Manifest]) -> str | None:
    source = mapping(mapping(entry.get("valueFrom")).get("configMapKeyRef"))
    return _data(config_maps.get(str(source.get("name")))).get(str(source.get("key")))


def _data(config_map: Manifest | None) -> dict[str, str]:
    held = mapping(config_map.data.get("data")) if config_map else {}
    return {str(key): str(value) for key, value in held.items()}


def _variables(manifests: Any, *workloads: str) -> dict[str, str]:
    """The environment variables of some Deployments; the first Deployment that has a variable sets it."""
    items = list(manifests)
    config_maps = {item.name: item for item in items if item.kind == "ConfigMap"}
    found: dict[str, str] = {}
    for name in workloads:
        for item in items:
            if (item.kind, item.name) == ("Deployment", name):
                found = variables(item, config_maps) | found
    return found


def _data_folder(live: Live, target: MigrationTarget) -> Iterator[Concern]:
    if live.named("Deployment", "postgres") is None:
        return
    old = _variables(live.objects.values(), "postgres").get("PGDATA", DATA_FOLDER)
    new = _variables(target.manifests, "postgres").get("PGDATA", "")
    if new and old.rstrip("/") != new.rstrip("/"):
        hint = f"stop PostgreSQL, and move the files to {new} in the same volume, with a pod that mounts it"
        yield Concern(message=f"PGDATA is {old}, the chart's is {new}", hint=hint, blocking=True)


def _superuser(live: Live) -> Iterator[Concern]:
    name = _variables(live.objects.values(), "postgres").get("POSTGRES_USER", "postgres")
    if name != "postgres":
        hint = "create it first: CREATE ROLE postgres SUPERUSER LOGIN"
        yield Concern(message=f"the superuser is {name}, the chart's is postgres", hint=hint, blocking=True)


def _temporal_version(live: Live, target: MigrationTarget) -> Iterator[Concern]:
    """https://docs.temporal.io/self-hosted-guide/upgrade-server: one minor version at a time."""
    old, new = (
        _version(item) for item in (live.named("Deployment", "temporal"), target.rendered("Deployment", "temporal"))
    )
    if old and new and (old[0] != new[0] or new[1] > old[1] + 1):
        between = f"{old[0]}.{old[1] + 1}"
        yield Concern(
            message=f"Temporal {_dotted(old)} → {_dotted(new)} skips a minor version, which is not supported",
            hint=f"deploy the newest {between} first: set temporal.image.tag, temporal.adminTools.image.tag"
            " and temporal.schema together; remove them once it is ready",
        )


def _version(item: Manifest | None) -> tuple[int, int] | None:
    pod = pod_of(item) if item else None
    containers = mappings(pod.spec.get("containers")) if pod else []
    match = _VERSION.search(str(containers[0].get("image", ""))) if containers else None
    return (int(match[1]), int(match[2])) if match else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _stopped(live: Live) -> Iterator[Concern]:
    stopped = [item.name for item in live.of_kind("Deployment") if item.spec.get("replicas") == 0]
    if stopped:
        yield Concern(
            message=f"exported with 0 replicas: {', '.join(stopped)}",
            hint="a rollback would restore them with 0 replicas: export before you scale them down",
        )


def _configuration(live: Live, target: MigrationTarget, objects: tuple[PlannedObject, ...]) -> Iterator[Concern]:
    """Keys of ConfigMaps that the chart's ConfigMaps do not have. Names only: a .env may contain credentials."""
    made = {item.id: item for item in target.manifests}
    for item in objects:
        if item.id.kind != "ConfigMap" or item.outcome not in (ObjectOutcome.ADOPTED, ObjectOutcome.RECREATED):
            continue
        lost = sorted(set(keys_of(live.objects[item.id])) - set(keys_of(made[item.id])))
        if lost:
            shown = ", ".join(lost[:SHOWN]) + (f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else "")
            hint = "set those still needed in app.env" if item.id.name == "app-env" else "check whether they are needed"
            yield Concern(message=f"{item.id} loses {shown}", hint=hint)


def _published(live: Live, target: MigrationTarget) -> Iterator[Concern]:
    """Services of another type than the chart's: an external address is lost."""
    made = {item.id: item for item in target.manifests}
    for item in live.of_kind("Service"):
        old = item.spec.get("type", "ClusterIP")
        new = made[item.id].spec.get("type", "ClusterIP") if item.id in made else old
        if old != new:
            hint = f"set {item.name}.service.type, or use an Ingress"
            yield Concern(
                message=f"{item.id} is a {old}, the chart's is a {new}: its external address is lost", hint=hint
            )

"""The parts of a migration plan: the outcome for each live object, values to set, concerns, and numbered steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gitops_gen.manifests.objects import Manifest, ObjectId
from gitops_gen.yaml.key_paths import KeyPath, dotted


class Mode(Enum):
    """Who applies the chart after the migration."""

    ARGOCD = "argocd"
    HELM = "helm"


class ObjectOutcome(Enum):
    """What happens to a live object."""

    ADOPTED = "adopted"
    RECREATED = "recreated"
    DELETED = "deleted"
    KEPT = "kept"
    FOREIGN = "not changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedObject:
    """One live object, what happens to it, and why."""

    id: ObjectId
    outcome: ObjectOutcome
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A field to set in environment.yaml so that the chart uses the existing data; `path` is its key path there."""

    path: KeyPath
    value: Any
    reason: str

    @property
    def key(self) -> str:
        """The chart's key, as `set` takes it, or the environment's own field."""
        steps = self.path[1:] if self.path[0] == "values" else self.path
        return dotted(steps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Concern:
    """Something that a person must check; a blocking concern stops the migration."""

    message: str
    hint: str = ""
    blocking: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedClaim:
    """A claim of the original, and how the chart mounts it."""

    name: str
    #: the workload, and the mount path in its container
    workload: str
    mount_path: str
    size: str
    storage_class: str
    volume: str
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationStep:
    """One step: a command, or without one a task for a person."""

    title: str
    command: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationPhase:
    """Consecutive steps with a title."""

    title: str
    steps: tuple[MigrationStep, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationTarget:
    """The environment that adopts the objects, with its rendered manifests."""

    environment: str
    mode: Mode
    #: name of the Helm release: the label `app.kubernetes.io/instance` of all objects of the chart
    release: str
    application: str
    root: str
    argocd_namespace: str
    namespace: str
    namespace_labels: Mapping[str, str]
    #: the arguments of `helm upgrade --install` that name the chart, and its values file
    chart: str
    values_file: str
    manifests: tuple[Manifest, ...]

    def rendered(self, kind: str, name: str) -> Manifest | None:
        """The chart's object of a kind and name."""
        return next((item for item in self.manifests if (item.kind, item.name) == (kind, name)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """The whole plan. `phases` and `way_back` are empty while a concern blocks or a value must be set."""

    environment: str
    mode: Mode
    namespace: str
    objects: tuple[PlannedObject, ...]
    #: number of Pods, ReplicaSets and other objects that an owner creates and deletes
    dependents: int
    claims: tuple[PlannedClaim, ...]
    overrides: tuple[Override, ...]
    concerns: tuple[Concern, ...]
    phases: tuple[MigrationPhase, ...] = ()
    way_back: tuple[MigrationStep, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether the commands are complete and may be run."""
        return not self.overrides and not any(concern.blocking for concern in self.concerns)

"""What a migration is made of: the fate of each live object, values to set, concerns, and numbered steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gitops_gen.manifests.objects import Manifest, ObjectId
from gitops_gen.yaml.key_paths import KeyPath


class Mode(Enum):
    """Who applies the chart afterwards."""

    ARGOCD = "argocd"
    HELM = "helm"


class Fate(Enum):
    """What happens to a live object."""

    ADOPTED = "adopted"
    RECREATED = "recreated"
    DELETED = "deleted"
    KEPT = "kept"
    FOREIGN = "left alone"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectFate:
    """One live object, what happens to it, and why."""

    id: ObjectId
    fate: Fate
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A field of environment.yaml that the data needs: `path` leads to it in the file."""

    path: KeyPath
    value: Any
    reason: str

    @property
    def key(self) -> str:
        """The chart's key, as `set` takes it, or the environment's own field."""
        steps = self.path[1:] if self.path[0] == "values" else self.path
        return ".".join(map(str, steps))


@dataclass(frozen=True, kw_only=True, slots=True)
class Concern:
    """Something that a person must look at; a blocking one stops the migration."""

    message: str
    hint: str = ""
    blocking: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimFate:
    """A volume of the original and how the chart comes to mount it."""

    name: str
    #: the workload and the folder in it that the volume is mounted at
    workload: str
    mount_path: str
    size: str
    storage_class: str
    volume: str
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationStep:
    """One thing to do: a command to type, or without one something that a person does."""

    title: str
    command: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationPhase:
    """Steps that belong together."""

    title: str
    steps: tuple[MigrationStep, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationTarget:
    """Where the objects go: the environment with all that it renders."""

    environment: str
    mode: Mode
    #: of the Helm release, which all objects of the chart carry as `app.kubernetes.io/instance`
    release: str
    application: str
    root: str
    argocd_namespace: str
    namespace: str
    namespace_labels: Mapping[str, str]
    #: how `helm upgrade --install` is told of the chart, and the file of values
    chart: str
    values_file: str
    manifests: tuple[Manifest, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """The whole plan. `phases` and `way_back` are empty until nothing blocks and no value is left to be set."""

    environment: str
    mode: Mode
    namespace: str
    objects: tuple[ObjectFate, ...]
    #: Pods, ReplicaSets and the like, which go and come with what owns them
    dependents: int
    claims: tuple[ClaimFate, ...]
    overrides: tuple[Override, ...]
    concerns: tuple[Concern, ...]
    phases: tuple[MigrationPhase, ...] = ()
    way_back: tuple[MigrationStep, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether the commands may be typed."""
        return not self.overrides and not any(concern.blocking for concern in self.concerns)

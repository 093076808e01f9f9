"""The document of `migrate`."""

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias, TypedDict

from gitops_gen.migration.model import Migration, MigrationStep, Mode, ObjectOutcome, PlannedClaim
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument

OutcomeName: TypeAlias = Literal["adopted", "recreated", "deleted", "kept", "untouched"]
OUTCOMES: dict[ObjectOutcome, OutcomeName] = {
    ObjectOutcome.ADOPTED: "adopted",
    ObjectOutcome.RECREATED: "recreated",
    ObjectOutcome.DELETED: "deleted",
    ObjectOutcome.KEPT: "kept",
    ObjectOutcome.FOREIGN: "untouched",
}


class MigratedObject(TypedDict):
    """A live object, and what happens to it."""

    id: str
    outcome: OutcomeName
    reason: str


class MigratedClaim(TypedDict):
    """A volume of the original deployment."""

    name: str
    workload: str
    mountPath: str
    """Where the workload mounts it."""
    size: str
    storageClass: str | None
    volume: str
    how: str
    """How the chart mounts it."""


class ValueToSet(TypedDict):
    """A field of environment.yaml that the data need; `migrate --write` sets it."""

    key: str
    """The chart's key, or the environment's field."""
    path: list[str | int]
    """The path in environment.yaml."""
    value: Any
    reason: str


class ConcernEntry(TypedDict):
    """Something that a person must check."""

    message: str
    hint: str | None
    blocking: bool
    """Whether it stops the migration."""


class StepEntry(TypedDict):
    """One thing to do."""

    title: str
    command: str | None
    """null: something that a person does."""
    details: list[str]


class PhaseEntry(TypedDict):
    """Steps that belong together."""

    title: str
    steps: list[StepEntry]


class MigrationDocument(VersionedDocument):
    """Output of `migrate`."""

    environment: str
    mode: Literal["argocd", "helm"]
    """What applies the chart afterwards."""
    namespace: str
    ready: bool
    """Whether nothing blocks, and no value is left to set."""
    objects: list[MigratedObject]
    dependents: int
    """Number of Pods, ReplicaSets and the like, which their owners create and delete."""
    claims: list[MigratedClaim]
    values: list[ValueToSet]
    concerns: list[ConcernEntry]
    phases: list[PhaseEntry]
    """Empty until the migration is ready."""
    rollback: list[StepEntry]
    """Empty until the migration is ready."""


def migration_document(plan: Migration) -> MigrationDocument:
    """The whole plan."""
    return MigrationDocument(
        schemaVersion=SCHEMA_VERSION,
        environment=plan.environment,
        mode="argocd" if plan.mode is Mode.ARGOCD else "helm",
        namespace=plan.namespace,
        ready=plan.ready,
        objects=[
            MigratedObject(id=str(item.id), outcome=OUTCOMES[item.outcome], reason=item.reason) for item in plan.objects
        ],
        dependents=plan.dependents,
        claims=[_claim(item) for item in plan.claims],
        values=[
            ValueToSet(key=item.key, path=list(item.path), value=item.value, reason=item.reason)
            for item in plan.overrides
        ],
        concerns=[
            ConcernEntry(message=item.message, hint=item.hint or None, blocking=item.blocking) for item in plan.concerns
        ],
        phases=[PhaseEntry(title=phase.title, steps=_steps(phase.steps)) for phase in plan.phases],
        rollback=_steps(plan.way_back),
    )


def _claim(item: PlannedClaim) -> MigratedClaim:
    return MigratedClaim(
        name=item.name,
        workload=item.workload,
        mountPath=item.mount_path,
        size=item.size,
        storageClass=item.storage_class or None,
        volume=item.volume,
        how=item.how,
    )


def _steps(steps: Iterable[MigrationStep]) -> list[StepEntry]:
    return [StepEntry(title=step.title, command=step.command or None, details=list(step.details)) for step in steps]

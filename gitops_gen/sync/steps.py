"""The order of a sync: which objects Argo CD applies in which step, and which of the steps it waits for.

A step is one wave of one phase. Inside a step kinds are applied one after another without waiting for health; between
steps Argo CD waits: https://github.com/argoproj/argo-cd/blob/v3.5.0/gitops-engine/pkg/sync/sync_tasks.go
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from gitops_gen.manifests.annotations import Phase, is_hook, phases, sync_options, wave
from gitops_gen.manifests.objects import Manifest, mapping
from gitops_gen.sync.policy import SyncPolicy

SYNC_PHASES = (Phase.PRE_SYNC, Phase.SYNC, Phase.POST_SYNC)

_Key: TypeAlias = Callable[[Manifest], str]
"""What an object provides or uses; empty for nothing."""

_KINDS = (
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
)
_KIND_ORDER = {kind: position for position, kind in enumerate(_KINDS)}
_PHASE_ORDER = {phase: position for position, phase in enumerate(Phase)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One object in one phase; a hook of two phases is two tasks."""

    manifest: Manifest
    phase: Phase
    wave: int

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Argo CD's order: phase, wave, kind (unknown ones last), name."""
        kind = _KIND_ORDER.get(self.manifest.kind, len(_KINDS))
        return _PHASE_ORDER[self.phase], self.wave, kind, self.manifest.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One wave of one phase."""

    phase: Phase
    wave: int
    tasks: tuple[Task, ...]
    #: Argo CD waits until everything in it is healthy (or Degraded, which fails the sync)
    gated: bool
    #: it waits only in a sync that prunes something in a wave behind this one
    gated_by_prune: bool = False
    #: it waits for the hooks of the step only
    hooks_only: bool = False

    @property
    def title(self) -> str:
        """`PreSync` or `wave -15`: what a person calls the step."""
        return f"wave {self.wave}" if self.phase is Phase.SYNC else f"{self.phase.value} wave {self.wave}"

    def gates(self, task: Task) -> bool:
        """Whether the step's wait, if there is one, is for this task too."""
        return not self.hooks_only or is_hook(task.manifest)


def steps_of(manifests: Iterable[Manifest], policy: SyncPolicy) -> tuple[Step, ...]:
    """The steps of a full sync in their order, and those of a failing one (`SyncFail`) behind them."""
    tasks = _sorted(
        Task(manifest=manifest, phase=phase, wave=wave(manifest))
        for manifest in manifests
        for phase in phases(manifest)
    )
    groups = [(key, tuple(group)) for key, group in groupby(tasks, key=lambda task: (task.phase, task.wave))]
    steps = [Step(phase=phase, wave=number, tasks=group, gated=True) for (phase, number), group in groups]
    running = [step for step in steps if step.phase in SYNC_PHASES]
    failing = [step for step in steps if step.phase is Phase.SYNC_FAIL]
    if running:
        running[-1] = _last(running[-1], several=len(running) > 1 or bool(failing), policy=policy)
    return tuple(running + failing)


def _last(step: Step, *, several: bool, policy: SyncPolicy) -> Step:
    """The last step ends the operation as soon as it is applied, unless hooks are in it or something is pruned behind
    it.
    """
    if any(is_hook(task.manifest) for task in step.tasks):
        return replace(step, gated=True, hooks_only=not several)
    prunes_last = policy.prune_last or any("PruneLast=true" in sync_options(task.manifest) for task in step.tasks)
    return replace(step, gated=False, gated_by_prune=prunes_last and step.phase is Phase.SYNC)


def _sorted(tasks: Iterable[Task]) -> list[Task]:
    ordered = sorted(tasks, key=lambda task: task.order)
    ordered = _raised(ordered, _namespace_key, _namespace_use)
    return _raised(ordered, _definition_key, _definition_use)


def _raised(tasks: list[Task], provides: _Key, uses: _Key) -> list[Task]:
    """Namespaces and custom resource definitions move before their first use, into its phase and wave, as Argo CD
    moves them.
    """
    provided = {key for task in tasks if (key := provides(task.manifest))}
    if not provided:
        return tasks
    first: dict[str, Task] = {}
    result: list[Task] = []
    for task in tasks:
        if (key := provides(task.manifest)) and key in first:
            user = first[key]
            result.insert(result.index(user), replace(task, phase=user.phase, wave=user.wave))
            continue
        if not key and (key := uses(task.manifest)):
            first.setdefault(key, task)
        result.append(task)
    return result


def _namespace_key(manifest: Manifest) -> str:
    return manifest.name if manifest.kind == "Namespace" else ""


def _namespace_use(manifest: Manifest) -> str:
    return str(manifest.metadata.get("namespace") or "")


def _definition_key(manifest: Manifest) -> str:
    if manifest.kind != "CustomResourceDefinition":
        return ""
    return f"{manifest.spec.get('group')}/{mapping(manifest.spec.get('names')).get('kind')}"


def _definition_use(manifest: Manifest) -> str:
    return f"{manifest.id.group}/{manifest.kind}"

"""The plan of one sync: everything known about it, computed once; rules judge it and writers print it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gitops_gen.argocd.permissions import Permissions
from gitops_gen.helm.use import HelmUse
from gitops_gen.manifests.annotations import is_hook, phases
from gitops_gen.manifests.objects import Manifest
from gitops_gen.manifests.varying import VaryingObject
from gitops_gen.sync.bound import Bound, bound_of
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.edges import Given, edges_of
from gitops_gen.sync.gates import Gate, gate_of
from gitops_gen.sync.object_index import ObjectIndex
from gitops_gen.sync.policy import SyncPolicy
from gitops_gen.sync.proof import Places, Proof, prove
from gitops_gen.sync.steps import SYNC_PHASES, Step, steps_of


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SyncPlan:
    """One full sync of one Application."""

    #: the environment, or the file the manifests came from
    name: str
    #: the Application that Argo CD syncs; empty when it is not known
    application: str
    policy: SyncPolicy
    objects: ObjectIndex
    steps: tuple[Step, ...]
    #: every object with a health check, with the index of its step
    gates: tuple[tuple[int, Gate], ...]
    proofs: tuple[Proof, ...]
    #: what must be in the cluster before
    given: tuple[Given, ...]
    #: the longest wait behind the sync that creates everything
    first_bound: Bound
    #: the longest wait behind any later sync
    later_bound: Bound
    #: what differs from render to render
    varying: tuple[VaryingObject, ...] = ()
    #: None for manifests from elsewhere
    helm: HelmUse | None = None
    #: empty for manifests from elsewhere
    cluster: ClusterFacts = field(default_factory=ClusterFacts)
    #: the AppProject; None when it is not known which one it is
    project: Permissions | None = None

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Every rendered object, in the stream's order."""
        return self.objects.manifests

    @property
    def places(self) -> Places:
        """Where each object is applied."""
        return Places(self.steps, self.gates)

    def gates_of(self, index: int) -> list[Gate]:
        """What the step waits for, if it is waited for at all; the longest first."""
        found = [gate for step, gate in self.gates if step == index]
        return sorted(found, key=lambda gate: (gate.seconds is not None, -(gate.seconds or 0), gate.manifest.id))


def plan_of(
    manifests: Iterable[Manifest],
    policy: SyncPolicy,
    *,
    name: str,
    application: str = "",
    project: Permissions | None = None,
) -> SyncPlan:
    """The plan of a full sync of these objects under this policy, in this AppProject."""
    objects = ObjectIndex(manifests)
    steps = steps_of(objects.manifests, policy)
    gates = tuple(_gates(steps, objects))
    edges, given = edges_of(objects)
    return SyncPlan(
        name=name,
        application=application,
        policy=policy,
        objects=objects,
        steps=steps,
        gates=gates,
        proofs=prove(edges, Places(steps, gates)),
        given=tuple(given),
        first_bound=bound_of(steps, gates, policy, first=True),
        later_bound=bound_of(steps, gates, policy, first=False),
        project=project,
    )


def _gates(steps: Sequence[Step], objects: ObjectIndex) -> Iterable[tuple[int, Gate]]:
    for index, step in enumerate(steps):
        for task in step.tasks:
            if step.gates(task) and (gate := gate_of(task.manifest, objects.autoscaled)):
                yield index, gate


def has_only_hooks(plan: SyncPlan) -> bool:
    """Whether only hooks are rendered: then nothing is ever OutOfSync, and no automated sync begins (measured)."""
    return bool(plan.manifests) and all(is_hook(item) for item in plan.manifests)


def unapplied(plan: SyncPlan) -> list[Manifest]:
    """The objects that no sync applies: Helm's tests, skipped ones, and hooks of a deletion."""
    return [item for item in plan.manifests if not any(phase in SYNC_PHASES for phase in phases(item))]

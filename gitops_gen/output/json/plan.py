"""The document of `plan`: durations are in seconds, null for a wait without end."""

from collections.abc import Iterable
from typing import Literal, TypeAlias, TypedDict

from gitops_gen.helm.use import HelmUse
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument
from gitops_gen.rules.rule import Finding
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.sync.between import ApplicationNeed, Convergence
from gitops_gen.sync.bound import Bound
from gitops_gen.sync.edges import Need
from gitops_gen.sync.gates import Gate
from gitops_gen.sync.plan import SyncPlan, unapplied
from gitops_gen.sync.proof import Proof, Verdict
from gitops_gen.sync.steps import Step

VerdictName: TypeAlias = Literal[
    "proven", "waitsByItself", "deadlock", "againstTheOrder", "notReadyBefore", "neverApplied", "deletedBefore"
]
VERDICTS: dict[Verdict, VerdictName] = {
    Verdict.PROVEN: "proven",
    Verdict.WAITS: "waitsByItself",
    Verdict.DEADLOCK: "deadlock",
    Verdict.AGAINST: "againstTheOrder",
    Verdict.NOT_READY: "notReadyBefore",
    Verdict.NEVER: "neverApplied",
    Verdict.DELETED: "deletedBefore",
}


class WaveObject(TypedDict):
    """An object that a wave applies."""

    id: str
    """`Kind/name`, after the namespace and `:` if it is not the release's."""
    source: str
    """The template or file that it comes from."""


class WaveGate(TypedDict):
    """An object that Argo CD waits for before the next wave."""

    object: str
    seconds: int | None
    """The longest wait; null: without end."""
    reason: str
    firstSyncOnly: bool
    """Whether only the sync that creates the object waits for it."""


class Wave(TypedDict):
    """One step of the sync."""

    phase: str
    """`PreSync`, `Sync` or `PostSync`."""
    wave: int
    waits: Literal["always", "whenPruning", "never"]
    """Whether Argo CD waits for the objects before it goes on."""
    objects: list[WaveObject]
    gates: list[WaveGate]
    """What it waits for, the longest wait first."""


class Dependency(TypedDict):
    """An object that another one needs."""

    consumer: str
    producer: str
    need: Literal["present", "ready"]
    verdict: VerdictName
    why: str


class Requirement(TypedDict):
    """What must exist in the cluster before the sync."""

    consumer: str
    what: str
    why: str


class WaitTerm(TypedDict):
    """One summand of the longest wait."""

    title: str
    seconds: int | None
    reason: str


class LongestWait(TypedDict):
    """How long Argo CD does not pick up a revert at the longest."""

    seconds: int | None
    """The smaller one of `sum` and `syncTimeout`; null: without end."""
    sum: int | None
    """The sum of the terms; null if one of them has no end."""
    syncTimeout: int | None
    terms: list[WaitTerm]


class RevertWaits(TypedDict):
    """The longest wait behind the sync that creates everything, and behind any later one."""

    firstSync: LongestWait
    laterSync: LongestWait


class FindingEntry(TypedDict):
    """What a rule found."""

    rule: str
    """The id of the rule: `gitops-gen rules ID` explains it."""
    object: str | None
    """null for the Application."""
    source: str | None
    line: int | None
    """The line of `source`."""
    message: str
    remedy: str


class HelmEntry(TypedDict):
    """The Helm that made the manifests."""

    version: str
    """Such as `v4.2.3`."""
    engine: str
    """`embedded` or `binary`."""
    argocd: str | None
    """The version of Argo CD that gitops.yaml names; null if it names none."""
    bundled: str | None
    """The version of the Helm in that Argo CD; null if it is not known."""


class EnvironmentPlan(TypedDict):
    """The sync of one environment."""

    name: str
    """The environment, or the file of `--rendered`."""
    application: str | None
    """null if it is unknown."""
    ok: bool
    """Whether there is no finding, and each sync ends."""
    helm: HelmEntry | None
    """null for the manifests of `--rendered`."""
    waves: list[Wave]
    unapplied: list[str]
    """Objects that no sync applies, such as Helm tests."""
    dependencies: list[Dependency]
    required: list[Requirement]
    revert: RevertWaits
    findings: list[FindingEntry]
    notes: list[FindingEntry]
    """Findings that do not make `plan` fail."""
    ignored: list[FindingEntry]
    """Findings that an annotation or `rules.ignore` sets aside."""


ConvergenceName: TypeAlias = Literal["retries", "waits", "byHand", "mayGiveUp", "never"]
CONVERGENCES: dict[Convergence, ConvergenceName] = {
    Convergence.RETRIES: "retries",
    Convergence.WAITING: "waits",
    Convergence.BY_HAND: "byHand",
    Convergence.GIVES_UP: "mayGiveUp",
    Convergence.NEVER: "never",
}


class NeedEntry(TypedDict):
    """What one environment needs of another one that is planned with it."""

    environment: str
    object: str
    needs: str
    """Such as `CRD Widget.example.com` or `Secret/database`."""
    why: str
    of: str
    """The environment that has it."""
    converges: ConvergenceName
    """How the first sync ends when all start together."""
    reason: str


class PlanDocument(VersionedDocument):
    """Output of `plan`."""

    plans: list[EnvironmentPlan]
    needs: list[NeedEntry]
    """What the environments need of each other."""


def plan_document(plans: Iterable[EnvironmentPlan], needs: Iterable[ApplicationNeed] = ()) -> PlanDocument:
    """Plans with what the rules say about them."""
    return PlanDocument(schemaVersion=SCHEMA_VERSION, plans=list(plans), needs=[_need(item) for item in needs])


def _need(need: ApplicationNeed) -> NeedEntry:
    return NeedEntry(
        environment=need.consumer,
        object=need.want.consumer,
        needs=need.want.what,
        why=need.want.why,
        of=need.producer,
        converges=CONVERGENCES[need.convergence],
        reason=need.reason,
    )


def plan_entry(judged: JudgedPlan) -> EnvironmentPlan:
    """One plan."""
    plan = judged.plan
    return EnvironmentPlan(
        name=plan.name,
        application=plan.application or None,
        ok=judged.ok,
        helm=_helm(plan.helm),
        waves=[_wave(plan, index, step) for index, step in enumerate(plan.steps)],
        unapplied=[str(item.id) for item in unapplied(plan)],
        dependencies=[_dependency(proof) for proof in plan.proofs],
        required=[Requirement(consumer=str(item.consumer.id), what=item.what, why=item.why) for item in plan.given],
        revert=RevertWaits(firstSync=_bound(plan.first_bound), laterSync=_bound(plan.later_bound)),
        findings=[finding_entry(item) for item in judged.findings],
        notes=[finding_entry(item) for item in judged.notes],
        ignored=[finding_entry(item) for item in judged.ignored],
    )


def _helm(helm: HelmUse | None) -> HelmEntry | None:
    if helm is None:
        return None
    return HelmEntry(version=helm.version, engine=helm.engine, argocd=helm.argocd or None, bundled=helm.bundled or None)


def _wave(plan: SyncPlan, index: int, step: Step) -> Wave:
    return Wave(
        phase=step.phase.value,
        wave=step.wave,
        waits="always" if step.gated else "whenPruning" if step.gated_by_prune else "never",
        objects=[WaveObject(id=str(task.manifest.id), source=task.manifest.source) for task in step.tasks],
        gates=[_gate(gate) for gate in plan.gates_of(index)],
    )


def _gate(gate: Gate) -> WaveGate:
    return WaveGate(
        object=str(gate.manifest.id), seconds=gate.seconds, reason=gate.reason, firstSyncOnly=gate.first_only
    )


def _dependency(proof: Proof) -> Dependency:
    edge = proof.edge
    return Dependency(
        consumer=str(edge.consumer.id),
        producer=str(edge.producer.id),
        need="ready" if edge.need is Need.READY else "present",
        verdict=VERDICTS[proof.verdict],
        why=edge.why,
    )


def _bound(bound: Bound) -> LongestWait:
    return LongestWait(
        seconds=bound.seconds,
        sum=bound.total,
        syncTimeout=bound.sync_timeout,
        terms=[WaitTerm(title=term.title, seconds=term.seconds, reason=term.reason) for term in bound.terms],
    )


def finding_entry(finding: Finding) -> FindingEntry:
    """What a rule found."""
    return FindingEntry(
        rule=finding.rule,
        object=finding.object or None,
        source=finding.source or None,
        line=finding.line,
        message=finding.message,
        remedy=finding.remedy,
    )

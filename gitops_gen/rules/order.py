"""Rules on order: each need of the rendered objects must be met by the time it is felt."""

from collections.abc import Iterator

from gitops_gen.manifests.annotations import NEEDS, wave_path
from gitops_gen.rules.examples import (
    CONNECTS,
    DATABASE,
    LAST,
    READS_SETTINGS,
    config_map,
    deployment,
    job,
    service,
    wave,
)
from gitops_gen.rules.rule import Check, Hit, Rule
from gitops_gen.sync.edges import Need, undeclared
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.sync.proof import Proof, Verdict, cycles


def _with(verdict: Verdict, sentence: str) -> Check:
    def check(plan: SyncPlan) -> Iterator[Hit]:
        round_trips = _in_cycles(plan)
        for proof in plan.proofs:
            if proof.verdict is verdict and id(proof) not in round_trips:
                consumer = proof.edge.consumer
                yield Hit(consumer, sentence.format(**_words(plan, proof)), path=wave_path(consumer))

    return check


def _in_cycles(plan: SyncPlan) -> set[int]:
    return {id(proof) for round_trip in cycles(plan.proofs) for proof in round_trip}


def _words(plan: SyncPlan, proof: Proof) -> dict[str, str]:
    edge = proof.edge
    return {
        "here": plan.steps[proof.consumer_step].title,
        "there": plan.steps[proof.producer_step].title if proof.producer_step >= 0 else "no wave",
        "producer": str(edge.producer.id),
        "state": "ready" if edge.need is Need.READY else "there",
        "why": edge.why,
    }


def _cycle(plan: SyncPlan) -> Iterator[Hit]:
    for round_trip in cycles(plan.proofs):
        names = [str(proof.edge.consumer.id) for proof in round_trip]
        reasons = "; ".join(f"{proof.edge.consumer.id}: {proof.edge.why}" for proof in round_trip)
        yield Hit(round_trip[0].edge.consumer, f"waits in a cycle: {' → '.join([*names, names[0]])} ({reasons})")


def _undeclared(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, pattern in undeclared(plan.objects):
        text = f"its annotation {NEEDS} names `{pattern}`, and no rendered object has that name"
        yield Hit(manifest, text, path=("metadata", "annotations", NEEDS))


_APP = deployment("app", 5, pod=READS_SETTINGS)
_MIGRATION = "migrate-1a2b3c4d"
_HOOK = "helm.sh/hook: pre-install, helm.sh/hook-delete-policy: %s"
_WAITS = (
    'initContainers: [{name: wait, image: "busybox:1.37", command: [sh, -c, "until nc -z %s 5432; do sleep 1; done"]}]'
)


def _waiting(name: str, other: str) -> str:
    """A Deployment whose pods wait for another one."""
    workload = deployment(name, 5).replace("containers:", f"{_WAITS % other}\n      containers:")
    return f"{workload}{service(name, 0)}"


_SEED = job("seed-1a2b3c4d", wave(0))

RULES = (
    Rule(
        id="deadlock",
        title="No wave waits for an object of a later wave",
        explanation=(
            "Argo CD applies a wave only when everything in the waves before it is healthy. An object whose pods "
            "cannot start without something in a later wave (a Secret, a volume, a service that an init container "
            "waits for) blocks that wave without end. Helm hooks are waves too: pre-install runs before "
            "everything else, post-install after everything is healthy."
        ),
        remedy=(
            "move the needed object into an earlier wave (argocd.argoproj.io/sync-wave), or this one into a later wave"
        ),
        check=_with(
            Verdict.DEADLOCK,
            "cannot become healthy in {here}: it needs {producer} {state}, which is applied in {there} ({why}); "
            "Argo CD waits for {here} before it goes on",
        ),
        bad=_APP + config_map("settings", wave(10)),
        good=_APP + config_map("settings", wave(0)),
    ),
    Rule(
        id="against-order",
        title="Dependencies are applied before the objects that need them",
        explanation=(
            "The object depends on an object of a later wave. It may recover by itself, but until then it fails or "
            "restarts, and its deadline runs."
        ),
        remedy=(
            "move the needed object into an earlier wave (argocd.argoproj.io/sync-wave), or this one into a later wave"
        ),
        check=_with(
            Verdict.AGAINST, "is applied in {here} but needs {producer} {state}, which is applied in {there} ({why})"
        ),
        bad=deployment("app", 0, pod=CONNECTS) + DATABASE + LAST,
        good=deployment("app", 10, pod=CONNECTS) + DATABASE + LAST,
    ),
    Rule(
        id="not-ready-before",
        title="A dependency that must be ready is waited for",
        explanation=(
            "Inside a wave Argo CD applies everything in a row without waiting, and it never waits for what has no "
            "health check. A Job that starts before its database is up uses its retries and fails for good: a failed "
            "Job is not run again by retries of the sync."
        ),
        remedy="move the needed object into an earlier wave, or let an init container wait for it",
        check=_with(
            Verdict.NOT_READY, "starts in {here} while nothing has waited for {producer} of {there} to be ready ({why})"
        ),
        bad=job(_MIGRATION, wave(5), CONNECTS) + DATABASE + LAST,
        good=job(_MIGRATION, wave(10), CONNECTS) + DATABASE + LAST,
    ),
    Rule(
        id="needs-what-is-never-applied",
        title="Dependencies are applied by the sync",
        explanation=(
            "Argo CD applies no Helm tests and no rollback hooks, and deletion hooks only when the Application is "
            "deleted."
        ),
        remedy="remove the hook annotation from the object that is needed",
        check=_with(Verdict.NEVER, "needs {producer}, which no sync applies: it is a hook of another phase ({why})"),
        bad=_APP + config_map("settings", "helm.sh/hook: test"),
        good=_APP + config_map("settings", wave(0)),
    ),
    Rule(
        id="deleted-before-use",
        title="A hook that others need after the sync is not deleted when it has succeeded",
        explanation=(
            "With the policy hook-succeeded Argo CD deletes a hook when the sync ends. Every hook and every Job that "
            "the sync waits for can use it until then; a Deployment or a CronJob cannot, because its pods start later "
            "too (gitops-engine, sync_context.go)."
        ),
        remedy="make it a plain object in an earlier wave, or use before-hook-creation",
        check=_with(
            Verdict.DELETED,
            "needs {producer}, a hook of {there} that Argo CD deletes when the sync has succeeded ({why})",
        ),
        bad=_APP + config_map("settings", _HOOK % "hook-succeeded"),
        good=_APP + config_map("settings", _HOOK % "before-hook-creation"),
    ),
    Rule(
        id="cycle",
        title="No objects wait for each other in a cycle",
        explanation="The pods of each one wait until the next one is ready, so none of them ever becomes ready.",
        remedy="remove one of the waits",
        check=_cycle,
        bad=f"{_waiting('orders', 'stock')}---\n{_waiting('stock', 'orders')}",
        good=f"{_waiting('orders', 'stock')}---\n{deployment('stock', 5)}{service('stock', 0)}",
    ),
    Rule(
        id="needs-nothing-rendered",
        title="A declared dependency names a rendered object",
        explanation=(
            f"{NEEDS} lists objects as Kind/name, with `*` for text that changes. A pattern that matches nothing has "
            "no effect."
        ),
        remedy=f"correct the name in {NEEDS}, or remove it",
        check=_undeclared,
        bad=f"{deployment('app', 5, annotations=', gitops-gen.io/needs: Job/sead-*')}---\n{_SEED}",
        good=f"{deployment('app', 5, annotations=', gitops-gen.io/needs: Job/seed-*')}---\n{_SEED}",
    ),
)

"""Rules on hooks: what Helm promises and Argo CD does not do."""

import re
from collections.abc import Iterator

from gitops_gen.manifests.annotations import (
    HELM_HOOK,
    HELM_RESOURCE_POLICY,
    HOOK,
    Phase,
    is_hook,
    phases,
    sync_options,
    words,
)
from gitops_gen.manifests.objects import Manifest
from gitops_gen.manifests.pods import references
from gitops_gen.rules import examples
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.edges import Need
from gitops_gen.sync.plan import SyncPlan

_SETUP = re.compile(
    r"migrat|schema|setup|seed|bootstrap|(db|database)-?(init|create)|init-?(db|database)", re.IGNORECASE
)


def _ignored(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        if is_hook(manifest) and not phases(manifest):
            annotation = HOOK if words(manifest, HOOK) else HELM_HOOK
            named = ", ".join(words(manifest, annotation)) or "nothing"
            path = ("metadata", "annotations", annotation)
            yield Hit(manifest, f"is never applied: Argo CD knows no hook `{named}`", path=path)


def _kept(plan: SyncPlan) -> Iterator[Hit]:
    kept = [
        str(item.id)
        for item in plan.manifests
        if HELM_RESOURCE_POLICY in item.annotations
        and "Prune=false" not in (*sync_options(item), *plan.policy.sync_options)
    ]
    if kept:
        whom = kept[0] if len(kept) == 1 else f"{len(kept)} objects ({', '.join(kept[:SHOWN_KEPT])}{_more(kept)})"
        yield Hit(None, f"{HELM_RESOURCE_POLICY} does not stop Argo CD from pruning {whom} when it leaves the chart")


SHOWN_KEPT = 3


def _more(names: list[str]) -> str:
    return ", …" if len(names) > SHOWN_KEPT else ""


def _late_setup(plan: SyncPlan) -> Iterator[Hit]:
    for job in plan.objects.of_kind("Job"):
        if Phase.POST_SYNC in phases(job) and _SETUP.search(job.name) and (users := _users(plan, job)):
            names = ", ".join(str(user.id) for user in users)
            yield Hit(job, f"prepares what {names} must be healthy with, but runs only after everything is healthy")


def _users(plan: SyncPlan, job: Manifest) -> list[Manifest]:
    """The workloads that the sync waits for and that use the Job's database, or the same Secret."""
    bases = _bases(plan, job)
    places = plan.places
    return [
        manifest
        for manifest, _ in plan.objects.pods
        if manifest is not job and manifest not in bases and places.gates(manifest) and bases & _bases(plan, manifest)
        if Phase.POST_SYNC not in phases(manifest)
    ]


def _bases(plan: SyncPlan, manifest: Manifest) -> set[Manifest | str]:
    workloads = {
        proof.edge.producer
        for proof in plan.proofs
        if proof.edge.consumer is manifest and proof.edge.need is Need.READY and plan.objects.pod(proof.edge.producer)
    }
    pod = plan.objects.pod(manifest)
    secrets = (
        {item.name for item in references(pod) if item.kind == "Secret" and item.how != "imagePullSecrets"}
        if pod
        else set()
    )
    return workloads | secrets


_READS = ", env: [{name: URL, valueFrom: {secretKeyRef: {name: db, key: url}}}]"
_KEEP = "helm.sh/resource-policy: keep"
_USER = f"---\n{examples.deployment('app', 5, pod=_READS)}"

RULES = (
    Rule(
        id="hook-ignored",
        title="Every hook has a phase in Argo CD",
        explanation=(
            "Argo CD runs pre- and post-install and -upgrade hooks as PreSync and PostSync, and pre- and post-delete "
            "ones when the Application is deleted. Rollback hooks and hooks of an unknown phase are never applied, "
            "without a message. Helm tests are not applied either; they are meant for `helm test` and are no finding."
        ),
        remedy="use a hook that Argo CD knows (PreSync, Sync, PostSync, SyncFail), or a Job in a late wave",
        check=_ignored,
        bad=examples.job("seed", "argocd.argoproj.io/hook: PostInstall"),
        good=examples.job("seed", "argocd.argoproj.io/hook: PostSync"),
    ),
    Rule(
        id="resource-policy-ignored",
        title="What Helm keeps, Argo CD keeps too",
        explanation=(
            "`helm.sh/resource-policy: keep` stops Argo CD from deleting the object with its Application, but not "
            "from pruning it."
        ),
        remedy="add argocd.argoproj.io/sync-options: Prune=false,Delete=false",
        check=_kept,
        severity=Severity.NOTE,
        bad=examples.claim(_KEEP),
        good=examples.claim(f"{_KEEP}, argocd.argoproj.io/sync-options: Prune=false"),
    ),
    Rule(
        id="setup-after-its-users",
        title="A setup Job runs before what needs it",
        explanation=(
            "post-install and post-upgrade hooks run in PostSync, when everything else is healthy. A workload that "
            "becomes healthy only with the Job's schema or data waits for the Job, and the Job for the workload "
            "(https://github.com/argoproj/argo-cd/issues/4288)."
        ),
        remedy="make it a plain Job with a content hash in its name, in a wave between the database and its users",
        check=_late_setup,
        bad=examples.job("migrate", "argocd.argoproj.io/hook: PostSync", _READS) + _USER,
        good=examples.job("migrate-1a2b3c4d", examples.wave(0), _READS) + _USER,
    ),
)

"""Rules on the Application's sync policy: a revert must be picked up, and nothing may be left out of a sync."""

from collections.abc import Iterator

from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan


def _out_of_sync_only(plan: SyncPlan) -> Iterator[Hit]:
    if "ApplyOutOfSyncOnly=true" in plan.policy.sync_options:
        yield Hit(
            None, "ApplyOutOfSyncOnly=true: a retry leaves out what failed before, and goes on to the waves behind it"
        )


def _limit(plan: SyncPlan) -> Iterator[Hit]:
    limit = plan.policy.retry_limit
    if limit >= 0:
        yield Hit(
            None,
            f"retry.limit is {limit}: after that the same commit is never tried again, though its cause may be gone",
        )


def _refresh(plan: SyncPlan) -> Iterator[Hit]:
    if plan.policy.retry_limit != 0 and not plan.policy.retry_refresh:
        yield Hit(
            None,
            "retry.refresh is not set: retries stay with the commit that failed, and a revert waits behind them all",
        )


_APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app}
spec:
  project: app
  destination: {server: "https://kubernetes.default.svc", namespace: demo}
  source: {repoURL: "https://git.example.com/demo/gitops.git", path: chart, targetRevision: main}
  syncPolicy:
    automated: {selfHeal: true}
    retry: {limit: %s, refresh: %s}
    syncOptions: [%s]
"""
_GOOD = _APPLICATION % (-1, "true", "CreateNamespace=true")

RULES = (
    Rule(
        id="apply-out-of-sync-only",
        title="ApplyOutOfSyncOnly is off",
        explanation=(
            "A failed Job is in sync to Argo CD, so that with this option the next attempt skips it and applies the "
            "waves behind it as if it had succeeded (measured)."
        ),
        remedy="take ApplyOutOfSyncOnly=true out of syncOptions",
        check=_out_of_sync_only,
        bad=_APPLICATION % (-1, "true", "ApplyOutOfSyncOnly=true"),
        good=_GOOD,
    ),
    Rule(
        id="retry-limit-finite",
        title="Retries have no limit",
        explanation=(
            "When the retries are used up nothing recovers by itself: a Secret that appears later leaves the "
            "Application Failed."
        ),
        remedy="set syncPolicy.retry.limit to -1",
        check=_limit,
        bad=_APPLICATION % (5, "true", "CreateNamespace=true"),
        good=_GOOD,
    ),
    Rule(
        id="retry-without-refresh",
        title="A retry takes the newest commit",
        explanation=(
            "While an operation runs, its retries included, Argo CD looks at no new commit unless retry.refresh is "
            "true (since 3.2)."
        ),
        remedy="set syncPolicy.retry.refresh to true",
        check=_refresh,
        bad=_APPLICATION % (-1, "false", "CreateNamespace=true"),
        good=_GOOD,
    ),
)

"""The rule on what a sync consists of: an empty one is not proven."""

from collections.abc import Iterator

from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan


def _nothing(plan: SyncPlan) -> Iterator[Hit]:
    if not plan.manifests:
        yield Hit(None, "no object is rendered: there is nothing to sync")
    elif not plan.steps:
        count = len(plan.manifests)
        yield Hit(None, f"no sync applies the rendered object{'s' * (count != 1)} ({count})")


RULES = (
    Rule(
        id="nothing-to-sync",
        title="A sync applies something",
        explanation=(
            "An empty stream is what a command that failed in front of a pipe leaves, or a chart with every part "
            "switched off. Argo CD refuses to prune everything in an automated sync unless allowEmpty is set "
            "(https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/)."
        ),
        remedy="check what is rendered: `gitops-gen render ENV`, or the command before the pipe",
        check=_nothing,
    ),
)

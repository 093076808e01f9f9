"""The rule on the Helm that made the manifests: Argo CD's may treat nulls otherwise."""

from collections.abc import Iterator

from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan


def _other_helm(plan: SyncPlan) -> Iterator[Hit]:
    if plan.helm and plan.helm.difference:
        yield Hit(None, plan.helm.difference)


RULES = (
    Rule(
        id="helm-version-differs",
        title="Values mean the same to the Helm in Argo CD",
        explanation=(
            "Argo CD 3.2 renders with Helm 3.18, 3.3 and 3.4 with Helm 3.19, 3.5 with Helm 4.2. A null in the values "
            "of an environment, or in a chart that has subcharts, deletes or keeps a key, depending on the version "
            "(https://github.com/argoproj/argo-cd/issues/29068). `argocd.version`, or a cluster's `argocd`, names the "
            "version of Argo CD; a `helm`, `helm3` or `helm4` on PATH that renders as it does is then used."
        ),
        remedy="set argocd.version in gitops.yaml, and install that Helm or name it in GITOPS_GEN_HELM",
        check=_other_helm,
        severity=Severity.NOTE,
    ),
)

"""The rule on fields that differ from render to render: random values, certificates, the time."""

from collections.abc import Iterator

from gitops_gen.manifests.annotations import is_helm_test, is_hook
from gitops_gen.manifests.varying import VaryingObject
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan


def _varying(plan: SyncPlan) -> Iterator[Hit]:
    what = (
        "self-heal syncs it again and again"
        if plan.policy.automated and plan.policy.self_heals
        else "it is never in sync for long"
    )
    for item in plan.varying:
        if is_hook(item.manifest) or is_helm_test(item.manifest):  # which Argo CD compares with nothing
            continue
        left = [path for path in item.paths if not plan.policy.ignores(item.manifest.id, path)]
        if left or not item.paths:
            shown = VaryingObject(manifest=item.manifest, paths=tuple(left)).words
            yield Hit(item.manifest, f"differs in each render: {shown}; {what}")


RULES = (
    Rule(
        id="render-differs",
        title="Two renders of the same inputs are equal",
        explanation=(
            "Argo CD renders again at every refresh, with nothing to look up: `lookup` finds no object, so that a "
            "chart which keeps a Secret in Helm makes a new one here. With self-heal the Application never rests; a "
            "checksum of such a value restarts the pods each time "
            "(https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#random-data). A chart with a function such as "
            "randAlphaNum, genCA, uuidv4 or now is rendered twice."
        ),
        remedy="set the value, name an existing Secret or an ExternalSecret, or list the field in ignoreDifferences",
        check=_varying,
    ),
)

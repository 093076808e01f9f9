"""Rules on what objects say about themselves: their wave, their name, and how they are pruned."""

from collections.abc import Iterator

from gitops_gen.manifests.annotations import HELM_WEIGHT, SYNC_OPTIONS, SYNC_WAVE, is_integer, sync_options
from gitops_gen.rules.examples import config_map, wave
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan


def _waves(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        for annotation in (SYNC_WAVE, HELM_WEIGHT):
            value = manifest.annotations.get(annotation)
            if value is not None and not is_integer(value):
                text = f"{annotation} is {_shown(value)}: {_consequence(value)}"
                yield Hit(manifest, text, path=("metadata", "annotations", annotation))


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value} without quotes"


def _consequence(value: object) -> str:
    if isinstance(value, str):
        return "not an integer, so Argo CD puts the object into wave 0"
    return "not a string, so Argo CD cannot compare the objects and syncs nothing"


def _twice(plan: SyncPlan) -> Iterator[Hit]:
    seen: set[object] = set()
    for manifest in plan.manifests:
        if manifest.id in seen and "name" in manifest.metadata:
            yield Hit(manifest, "is rendered twice: the later one wins, and which one that is, is not defined")
        seen.add(manifest.id)


def _confirm(plan: SyncPlan) -> Iterator[Hit]:
    waits = "the sync stays Running until a person confirms, and every commit waits behind it"
    for manifest in plan.manifests:
        if "Prune=confirm" in sync_options(manifest):
            path = ("metadata", "annotations", SYNC_OPTIONS)
            yield Hit(manifest, f"has Prune=confirm: when it leaves the chart, {waits}", path=path)
    if "Prune=confirm" in plan.policy.sync_options:
        yield Hit(None, f"the Application has Prune=confirm: when anything leaves the chart, {waits}")


_ONE = config_map("settings", wave(5))
_OPTION = "argocd.argoproj.io/sync-options: Prune=%s"

RULES = (
    Rule(
        id="wave-not-integer",
        title="A wave is an integer in quotes",
        explanation=(
            "Argo CD takes a wave that is no integer for 0, without a word. An annotation that is no string at all it "
            "cannot read: the Application's state is Unknown, and no sync begins (measured)."
        ),
        remedy='write an integer in quotes: argocd.argoproj.io/sync-wave: "5"',
        check=_waves,
        bad=config_map("settings", "argocd.argoproj.io/sync-wave: five"),
        good=_ONE,
    ),
    Rule(
        id="object-twice",
        title="Each object is rendered once",
        explanation="Argo CD warns (RepeatedResourceWarning) and applies one of the two.",
        remedy="render it in one place only",
        check=_twice,
        bad=_ONE + _ONE,
        good=_ONE,
    ),
    Rule(
        id="prune-confirm",
        title="Nothing waits for a person to confirm its pruning",
        explanation=(
            "With Prune=confirm the operation itself waits; new commits, and the revert of the removal, wait behind it."
        ),
        remedy="use Prune=false: it protects without blocking",
        check=_confirm,
        bad=config_map("settings", _OPTION % "confirm"),
        good=config_map("settings", _OPTION % "false"),
    ),
)

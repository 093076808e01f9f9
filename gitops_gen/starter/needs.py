"""What a chart needs of the AppProject, the sync options and the sync timeout, with the reasons: found by planning the
first environment.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.manifests.objects import Manifest
from gitops_gen.project.opening import open_project
from gitops_gen.rules.fleet import every_rule
from gitops_gen.rules.permissions import Refusal, decisions
from gitops_gen.rules.planning import plan_environments
from gitops_gen.rules.rule import Finding, Rule, Severity
from gitops_gen.rules.sharing import SHARED
from gitops_gen.rules.sync import SYNC_RULES, JudgedPlan

SERVER_SIDE = "ServerSideApply=true"
_TOO_LARGE = "object-too-large"


@dataclass(frozen=True, kw_only=True, slots=True)
class NeededEntry:
    """One entry and the objects that need it."""

    entry: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartNeeds:
    """What the first environment needs to sync; nothing where the chart does not render yet."""

    #: list of `argocd.project.allow` → its entries
    allowed: dict[str, tuple[NeededEntry, ...]]
    #: the Secrets that the chart renders
    secrets: str = ""
    #: custom resources that may be cluster-scoped
    undecided: tuple[str, ...] = ()
    options: tuple[NeededEntry, ...] = ()
    #: an object that has no deadline, so that only the sync timeout ends a wait for it
    endless: str = ""


NOTHING = ChartNeeds(allowed={})


def needs_of(folder: Path, environment: str, engine: str) -> ChartNeeds:
    """The needs of the project in `folder`, whose AppProject allows nothing in addition yet."""
    judged = next(iter(_judged(folder, [environment], engine)), None)
    if judged is None or judged.plan.project is None:
        return NOTHING
    found = decisions(judged.plan, judged.plan.project)
    secrets = [refusal for refusal in found.refusals if refusal.field == "secrets"]
    return ChartNeeds(
        allowed=_allowed(found.refusals, judged.plan.project.namespace),
        secrets=_reason(secrets[0].objects) if secrets else "",
        undecided=found.undecided,
        options=tuple(_options(judged)),
        endless=_endless(judged),
    )


def findings_of(folder: Path, environments: Sequence[str], engine: str) -> tuple[Finding, ...] | None:
    """What `validate` still finds in the first environment, and between it and the second; None where the chart does
    not render yet.
    """
    judged = _judged(folder, environments[:2], engine, every_rule())
    between = [finding for other in judged[1:] for finding in other.findings if finding.rule == SHARED.id]
    found = [finding for finding in judged[0].findings if finding.severity is Severity.ERROR] if judged else []
    return (*found, *between) if judged else None


def _judged(
    folder: Path, environments: Sequence[str], engine: str, rules: Iterable[Rule] = SYNC_RULES
) -> list[JudgedPlan]:
    try:
        return plan_environments(open_project(folder, engine), environments, rules)
    except GitopsError:
        return []  # `init` reports it when it has written the files


def _allowed(refusals: Sequence[Refusal], namespace: str) -> dict[str, tuple[NeededEntry, ...]]:
    fields = [field for field in ("clusterKinds", "kinds", "namespaces") if any(r.field == field for r in refusals)]
    return {
        field: tuple(
            NeededEntry(entry=_entry(refusal, namespace), reason=_reason(refusal.objects))
            for refusal in refusals
            if refusal.field == field
        )
        for field in fields
    }


def _entry(refusal: Refusal, namespace: str) -> str:
    """The entry for all environments: a namespace that begins with the environment's follows it."""
    is_own = refusal.field == "namespaces" and namespace in refusal.entry
    return refusal.entry.replace(namespace, "{namespace}") if is_own else refusal.entry


def _reason(objects: Sequence[Manifest]) -> str:
    """`ClusterRole/reader and 2 more (helm/shop/templates/rbac.yaml)`."""
    more = f" and {len(objects) - 1} more" if len(objects) > 1 else ""
    return f"{objects[0].id}{more} ({objects[0].source})"


def _options(judged: JudgedPlan) -> Iterator[NeededEntry]:
    large = [finding for finding in judged.findings if finding.rule == _TOO_LARGE]
    if large:
        yield NeededEntry(entry=SERVER_SIDE, reason=f"{large[0].object} {large[0].message}")


def _endless(judged: JudgedPlan) -> str:
    bounds = (judged.plan.first_bound, judged.plan.later_bound)
    terms = [term for bound in bounds for term in bound.terms if term.seconds is None]
    return terms[0].reason if terms else ""

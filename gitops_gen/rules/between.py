"""The rules on what Applications need of each other when all are synced for the first time."""

from collections.abc import Iterable

from gitops_gen.rules.rule import Finding, FindingPlace, Rule, Severity
from gitops_gen.sync.between import ApplicationNeed, Convergence

_CHECKED = "It is checked between the environments that are planned together, where they are on one cluster."

CIRCLE = Rule(
    id="applications-wait-for-each-other",
    title="No two Applications wait for each other",
    explanation=(
        "One Application needs something of another, such as a CRD, a Secret or a Service, which that one applies only "
        "after it got something of the first one. No retry ends that: neither is ever synced. Argo CD checks every "
        "object before it applies the first one, so that a CRD must exist before all of an Application "
        "(https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#skip-dry-run-for-new-custom-resources-"
        f"types). {_CHECKED}"
    ),
    remedy=(
        "move what both need into a separate Application; for a CRD, SkipDryRunOnMissingResource=true on the custom "
        "resource is enough when its Application applies something that the other one needs"
    ),
)
GIVES_UP = Rule(
    id="first-sync-may-give-up",
    title="What needs another Application waits for it without limit",
    explanation=(
        "Argo CD has no order between Applications. One whose sync is repeated a limited number of times, or whose Job "
        "fails for good, does not converge when the Application that it needs takes longer: the same commit is not "
        f"tried again, and a failed Job is not repeated. {_CHECKED}"
    ),
    remedy=(
        "leave the retry without limit; let the Job wait for what it needs, without activeDeadlineSeconds, or make it "
        "a hook, which each retry makes again"
    ),
    severity=Severity.WARNING,
)
RULES = (CIRCLE, GIVES_UP)
_RULE_OF = {Convergence.NEVER: CIRCLE, Convergence.GIVES_UP: GIVES_UP}


def findings_between(needs: Iterable[ApplicationNeed]) -> dict[str, list[Finding]]:
    """For each environment what does not converge on its first sync."""
    found: dict[str, list[Finding]] = {}
    for need in needs:
        if rule := _RULE_OF.get(need.convergence):
            message = f"needs {need.want.what} of {need.producer} ({need.want.why}): {need.reason}"
            place = FindingPlace(object=need.want.consumer, source=need.want.source, others=need.others)
            found.setdefault(need.consumer, []).append(rule.finding(message, **place))
    return found

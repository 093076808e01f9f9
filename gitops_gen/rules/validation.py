"""The result of `validate`: what all rules found, each finding once with the environments that have it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gitops_gen.rules.rule import Finding, Severity

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedFinding:
    """A finding, and the environments that have it; none for one that is about the project."""

    finding: Finding
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """What was checked, and what was found."""

    environments: tuple[str, ...]
    #: the worst first, then by file and line
    reported: tuple[ReportedFinding, ...]
    #: how many findings are set aside, in objects or in gitops.yaml
    ignored: int = 0
    #: how many findings the baseline accepts
    accepted: int = 0
    #: how many entries of the baseline match nothing
    outdated: int = 0

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.of(Severity.ERROR)

    def of(self, severity: Severity) -> list[ReportedFinding]:
        """The findings of one severity."""
        return [item for item in self.reported if item.finding.severity is severity]

    def without_notes(self) -> list[ReportedFinding]:
        """The errors and warnings."""
        return [item for item in self.reported if item.finding.severity is not Severity.NOTE]


def validation(names: Iterable[str], found: Iterable[tuple[str, Finding]], ignored: int = 0) -> Validation:
    """The result of findings, each with the environment that has it (empty: none)."""
    places: dict[Finding, dict[str, None]] = {}
    for name, finding in found:
        environments = places.setdefault(finding, {})
        if name:
            environments[name] = None
    reported = [ReportedFinding(finding=item, environments=tuple(sorted(at))) for item, at in places.items()]
    return Validation(environments=tuple(names), reported=tuple(sorted(reported, key=_order)), ignored=ignored)


def _order(item: ReportedFinding) -> tuple[object, ...]:
    found = item.finding
    return (_ORDER[found.severity], found.source, found.line or 0, found.rule, found.object, found.message)


def without_paths(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings as they are reported: the place is known, and what is the same in two environments is equal."""
    return tuple(replace(item, path=()) for item in findings)

"""The document of `validate`."""

from typing import TypedDict

from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument
from gitops_gen.rules.rule import Severity
from gitops_gen.rules.validation import ReportedFinding, Validation


class ValidationFinding(TypedDict):
    """What a rule found, once for all environments that have it."""

    rule: str
    """The id of the rule: `gitops-gen rules ID` explains it."""
    severity: Severity
    object: str | None
    """The object as `Kind/name`, or the key of a value; null for a file or an Application."""
    file: str | None
    """The file to edit: the input that set the value, or the chart's template."""
    line: int | None
    """The line of `file`."""
    message: str
    remedy: str
    environments: list[str]
    """Those that have the finding; none for one that is about the project."""


class ValidationSummary(TypedDict):
    """How many findings there are."""

    errors: int
    warnings: int
    notes: int
    ignored: int
    """Set aside by objects or by gitops.yaml."""
    accepted: int
    """Accepted by the baseline."""
    outdated: int
    """Entries of the baseline that match nothing."""


class ValidationDocument(VersionedDocument):
    """Output of `validate`."""

    ok: bool
    """Whether there is no error."""
    environments: list[str]
    findings: list[ValidationFinding]
    """The worst first, then by file and line."""
    summary: ValidationSummary


def validation_document(result: Validation) -> ValidationDocument:
    """What was found."""
    return ValidationDocument(
        schemaVersion=SCHEMA_VERSION,
        ok=result.ok,
        environments=list(result.environments),
        findings=[_finding(item) for item in result.reported],
        summary=ValidationSummary(
            errors=len(result.of(Severity.ERROR)),
            warnings=len(result.of(Severity.WARNING)),
            notes=len(result.of(Severity.NOTE)),
            ignored=result.ignored,
            accepted=result.accepted,
            outdated=result.outdated,
        ),
    )


def _finding(item: ReportedFinding) -> ValidationFinding:
    found = item.finding
    return ValidationFinding(
        rule=found.rule,
        severity=found.severity,
        object=found.object or None,
        file=found.source or None,
        line=found.line,
        message=found.message,
        remedy=found.remedy,
        environments=list(item.environments),
    )

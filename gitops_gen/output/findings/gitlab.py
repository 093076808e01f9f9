"""Findings as a report of GitLab's Code Quality.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from typing import Any

from gitops_gen.output.findings.places import fingerprint, from_top, sentence
from gitops_gen.rules.rule import Severity
from gitops_gen.rules.validation import ReportedFinding, Validation

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}


def code_quality(result: Validation, prefix: str, project_file: str) -> list[dict[str, Any]]:
    """The errors and warnings; `prefix` is the project's folder in its repository. One without a file is at
    `project_file`: GitLab shows none otherwise.
    """
    return [_entry(item, from_top(item.finding.source or project_file, prefix)) for item in result.without_notes()]


def _entry(item: ReportedFinding, path: str) -> dict[str, Any]:
    return {
        "description": sentence(item),
        "check_name": item.finding.rule,
        "fingerprint": fingerprint(item),
        "severity": _SEVERITIES[item.finding.severity],
        "location": {"path": path, "lines": {"begin": item.finding.line or 1}},
    }

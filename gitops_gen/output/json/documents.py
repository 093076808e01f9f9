"""Every document, by the name of its schema in docs/reference/json."""

from gitops_gen.output.json.api_versions import ApiVersionsDocument
from gitops_gen.output.json.chart_pull import ChartPullDocument
from gitops_gen.output.json.chart_vendor import ChartVendorDocument
from gitops_gen.output.json.diff import DiffDocument, DiffSummaryDocument
from gitops_gen.output.json.document import VersionedDocument
from gitops_gen.output.json.environments import EnvironmentsDocument
from gitops_gen.output.json.explanation import ExplanationDocument
from gitops_gen.output.json.files import GenerateDocument
from gitops_gen.output.json.history import HistoryDocument
from gitops_gen.output.json.initialization import InitDocument
from gitops_gen.output.json.migration import MigrationDocument
from gitops_gen.output.json.outcome import OutcomeDocument
from gitops_gen.output.json.plan import PlanDocument
from gitops_gen.output.json.problems import ErrorDocument
from gitops_gen.output.json.projects import ProjectsDocument
from gitops_gen.output.json.rules import RulesDocument
from gitops_gen.output.json.secrets import SecretsDocument
from gitops_gen.output.json.status import StatusDocument
from gitops_gen.output.json.validation import ValidationDocument

DOCUMENTS: dict[str, type[VersionedDocument]] = {
    "change": OutcomeDocument,
    "chart-pull": ChartPullDocument,
    "chart-vendor": ChartVendorDocument,
    "cluster-api-versions": ApiVersionsDocument,
    "diff": DiffDocument,
    "diff-summary": DiffSummaryDocument,
    "env-list": EnvironmentsDocument,
    "error": ErrorDocument,
    "explain": ExplanationDocument,
    "generate": GenerateDocument,
    "history": HistoryDocument,
    "init": InitDocument,
    "migrate": MigrationDocument,
    "plan": PlanDocument,
    "project-list": ProjectsDocument,
    "rules": RulesDocument,
    "secrets": SecretsDocument,
    "status": StatusDocument,
    "validate": ValidationDocument,
}

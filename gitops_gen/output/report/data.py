"""What the page shows: the documents of other verbs, with every text as it may be shown."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_gen import __version__
from gitops_gen.commands.history import History
from gitops_gen.commands.secrets import EnvironmentSecrets
from gitops_gen.commands.status import Status
from gitops_gen.compare.model import Difference
from gitops_gen.manifests.secret_contract import secret_contract
from gitops_gen.output.json.diff import diff_document
from gitops_gen.output.json.environments import environments_document
from gitops_gen.output.json.history import history_document
from gitops_gen.output.json.plan import EnvironmentPlan, plan_entry
from gitops_gen.output.json.secrets import secrets_document
from gitops_gen.output.json.status import status_document
from gitops_gen.output.json.validation import validation_document
from gitops_gen.output.terminal import shown
from gitops_gen.project.listing import EnvironmentRow
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.rules.validation import Validation

_WEB = re.compile(r"(?:https://|ssh://git@|git@)([\w.-]+(?::\d+)?)[/:]([\w./-]+?)(?:\.git)?/?")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportPlan:
    """What is kept of the plan of one environment."""

    plan: EnvironmentPlan
    secrets: EnvironmentSecrets


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportParts:
    """What the verbs found."""

    project: str
    repository: str
    rows: Iterable[EnvironmentRow]
    status: Status
    history: History
    validation: Validation
    plans: Mapping[str, ReportPlan]
    differences: Iterable[Difference]


def report_plan(judged: JudgedPlan) -> ReportPlan:
    """What the page shows of a plan."""
    keys = secret_contract(judged.plan.manifests)
    return ReportPlan(
        plan=plan_entry(judged), secrets=EnvironmentSecrets(environment=judged.plan.name, namespace="", keys=keys)
    )


def report_data(parts: ReportParts) -> Any:
    """The documents, without the parts of a plan that the page does not show."""
    plans = list(parts.plans.values())
    return _shown(
        {
            "version": __version__,
            "project": parts.project,
            "web": web_url(parts.repository),
            "environments": environments_document(parts.rows)["environments"],
            "status": status_document(parts.status),
            "history": history_document(parts.history),
            "validation": validation_document(parts.validation),
            "plans": [_plan(item.plan) for item in plans],
            "secrets": secrets_document(item.secrets for item in plans)["environments"],
            "differences": [diff_document(item) for item in parts.differences],
        }
    )


def web_url(repository: str) -> str:
    """Where a browser finds the repository; empty when its URL does not tell."""
    found = _WEB.fullmatch(repository)
    return f"https://{found[1]}/{found[2]}" if found else ""


def _plan(entry: EnvironmentPlan) -> dict[str, Any]:
    waves = [{**wave, "objects": [item["id"] for item in wave["objects"]]} for wave in entry["waves"]]
    return {"name": entry["name"], "application": entry["application"], "waves": waves, "revert": entry["revert"]}


def _shown(value: Any) -> Any:
    """Every text as it is shown to people: what acts or is invisible is an escape. Line breaks of bodies stay."""
    match value:
        case str():
            return "\n".join(map(shown, value.split("\n")))
        case Mapping():
            return {key: _shown(item) for key, item in value.items()}
        case list() | tuple():
            return [_shown(item) for item in value]
        case _:
            return value

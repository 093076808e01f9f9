"""A migration as plain values, for JSON and YAML. The phases are empty until the plan is ready."""

from typing import Any

from gitops_gen.migration.model import Migration, Override
from gitops_gen.output.data import plain


def migration_data(plan: Migration) -> dict[str, Any]:
    """The whole plan."""
    return {
        "environment": plan.environment,
        "mode": plan.mode,
        "namespace": plan.namespace,
        "ready": plan.ready,
        "objects": [{"id": str(item.id), "outcome": item.outcome, "reason": item.reason} for item in plan.objects],
        "dependents": plan.dependents,
        "claims": plain(plan.claims),
        "overrides": [_override(item) for item in plan.overrides],
        "concerns": plain(plan.concerns),
        "phases": plain(plan.phases),
        "wayBack": plain(plan.way_back),
    }


def _override(item: Override) -> dict[str, Any]:
    return {"key": item.key, "path": item.path, "value": item.value, "reason": item.reason}

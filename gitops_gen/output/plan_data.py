"""A judged plan as plain values, for JSON and YAML: durations in seconds, null for what has no end."""

from typing import Any

from gitops_gen.rules.rule import Finding
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.sync.bound import Bound
from gitops_gen.sync.gates import Gate
from gitops_gen.sync.plan import SyncPlan, unapplied
from gitops_gen.sync.proof import Proof
from gitops_gen.sync.steps import Step


def plan_data(judged: JudgedPlan) -> dict[str, Any]:
    """The whole of one plan."""
    plan = judged.plan
    return {
        "name": plan.name,
        "application": plan.application,
        "ok": judged.ok,
        "waves": [_step(plan, index, step) for index, step in enumerate(plan.steps)],
        "unapplied": [str(item.id) for item in unapplied(plan)],
        "needs": [_need(proof) for proof in plan.proofs],
        "given": [{"consumer": str(item.consumer.id), "what": item.what, "why": item.why} for item in plan.given],
        "revert": {"firstSync": _bound(plan.first_bound), "laterSync": _bound(plan.later_bound)},
        "findings": [_finding(item) for item in judged.findings],
        "notes": [_finding(item) for item in judged.notes],
        "ignored": [_finding(item) for item in judged.ignored],
    }


def _step(plan: SyncPlan, index: int, step: Step) -> dict[str, Any]:
    return {
        "phase": step.phase.value,
        "wave": step.wave,
        "waits": "always" if step.gated else "whenPruning" if step.gated_by_prune else "never",
        "objects": [{"id": str(task.manifest.id), "source": task.manifest.source} for task in step.tasks],
        "gates": [_gate(gate) for gate in plan.gates_of(index)],
    }


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "object": str(gate.manifest.id),
        "seconds": gate.seconds,
        "reason": gate.reason,
        "firstSyncOnly": gate.first_only,
    }


def _need(proof: Proof) -> dict[str, Any]:
    edge = proof.edge
    return {
        "consumer": str(edge.consumer.id),
        "producer": str(edge.producer.id),
        "need": edge.need.value,
        "verdict": proof.verdict.value,
        "why": edge.why,
    }


def _bound(bound: Bound) -> dict[str, Any]:
    return {
        "seconds": bound.seconds,
        "sum": bound.total,
        "syncTimeout": bound.sync_timeout,
        "terms": [{"title": term.title, "seconds": term.seconds, "reason": term.reason} for term in bound.terms],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "object": finding.object,
        "source": finding.source,
        "line": finding.line,
        "message": finding.message,
        "remedy": finding.remedy,
    }

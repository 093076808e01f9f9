"""A migration for people: the outcome for each object, the values to set, and the numbered commands."""

from collections.abc import Iterable, Iterator

from gitops_gen.migration.model import Concern, Migration, MigrationStep, ObjectOutcome, Override, PlannedObject
from gitops_gen.output.text import table
from gitops_gen.yaml.writer import dump

_ORDER = (
    ObjectOutcome.ADOPTED,
    ObjectOutcome.RECREATED,
    ObjectOutcome.DELETED,
    ObjectOutcome.KEPT,
    ObjectOutcome.FOREIGN,
)
_INDENT = " " * 4


def migration_lines(plan: Migration) -> Iterator[str]:
    """The whole plan; without commands while a concern blocks or a value must be set."""
    yield _headline(plan)
    yield ""
    yield from _object_lines(plan.objects)
    yield from _claim_lines(plan)
    yield from _override_lines(plan.overrides)
    yield from _concern_lines(plan.concerns)
    if plan.ready:
        yield from _phase_lines(plan)


def _headline(plan: Migration) -> str:
    counts = [
        f"{len([item for item in plan.objects if item.outcome is outcome])} {outcome.value}" for outcome in _ORDER
    ]
    return f"{plan.environment}: {plan.namespace} to {plan.mode.value}: {', '.join(counts)}"


def _object_lines(objects: Iterable[PlannedObject]) -> Iterator[str]:
    ordered = sorted(objects, key=lambda item: _ORDER.index(item.outcome))
    rows = [(item.outcome.value, str(item.id), item.reason) for item in ordered]
    yield from table(("OUTCOME", "OBJECT", "WHY"), rows)


def _claim_lines(plan: Migration) -> Iterator[str]:
    rows = [
        (claim.name, f"{claim.workload}:{claim.mount_path}", claim.size, claim.storage_class or "-", claim.how)
        for claim in plan.claims
    ]
    if rows:
        yield ""
        yield from table(("VOLUME", "MOUNTED AT", "SIZE", "CLASS", "HOW"), rows)


def _override_lines(overrides: Iterable[Override]) -> Iterator[str]:
    for index, override in enumerate(overrides):
        if index == 0:
            yield ""
            yield "Values to set to keep the data (--write sets them):"
        yield f"  {override.key}: {inline(override)}"
        yield f"{_INDENT}{override.reason}"


def inline(override: Override) -> str:
    """The value as YAML on one line."""
    return dump({"": override.value}).partition(": ")[2].rstrip()


def _concern_lines(concerns: Iterable[Concern]) -> Iterator[str]:
    ordered = sorted(concerns, key=lambda concern: not concern.blocking)
    for index, concern in enumerate(ordered):
        if index == 0:
            yield ""
        yield f"{'blocks' if concern.blocking else 'check'}: {concern.message}"
        if concern.hint:
            yield f"{_INDENT}{concern.hint}"


def _phase_lines(plan: Migration) -> Iterator[str]:
    number = 1
    for phase in plan.phases:
        yield ""
        yield phase.title
        for step in phase.steps:
            yield from _step_lines(number, step)
            number += 1
    yield ""
    yield "Rollback"
    for step in plan.way_back:
        yield from _step_lines(number, step)
        number += 1


def _step_lines(number: int, step: MigrationStep) -> Iterator[str]:
    yield f"{number:3}. {step.title}{':' if step.details else ''}"
    yield from (f"{_INDENT} {line}" for line in step.details)
    yield from (f"{_INDENT} {line}" for line in step.command.splitlines())

"""The documents of `diff` and `diff --summary`, and the rendered difference in other documents."""

from typing import TypedDict

from gitops_gen.compare.model import (
    Action,
    ChangedEnvironment,
    Difference,
    Effect,
    FieldChange,
    ObjectChange,
    SharedChanges,
    SharedConsequence,
)
from gitops_gen.output.diff_summary import summary_groups
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class ObjectCounts(TypedDict):
    """Numbers of objects."""

    added: int
    changed: int
    removed: int


class EnvironmentDifference(TypedDict):
    """An environment that differs."""

    name: str
    action: Action
    objects: ObjectCounts


class ConsequenceEntry(TypedDict):
    """What the difference does to the cluster."""

    effect: Effect
    object: str | None
    """`Kind/name`; null: all objects of the environment."""
    detail: str
    environments: list[str]


class FieldDifference(TypedDict):
    """One field of an object with another value."""

    path: str
    old: str | None
    """As YAML text; null: not set."""
    new: str | None


class ObjectDifference(TypedDict):
    """An object that differs."""

    action: Action
    object: str
    """`Kind/name`; a hash in the name that Helm or the chart generates is written `<hash>`."""
    fields: list[FieldDifference]
    """What differs in a changed object."""
    body: str | None
    """The whole object as YAML if it is added or removed."""


class ObjectGroup(TypedDict):
    """Differences that exactly these environments have."""

    environments: list[str]
    objects: list[ObjectDifference]


class FoldedEntry(TypedDict):
    """Differences that are only counted, because they follow from others."""

    reason: str
    count: int


class RenderedDifference(TypedDict):
    """What Argo CD would apply differently. Values of Secrets are never included."""

    old: str
    """What is compared: a revision, `working tree` or an environment."""
    new: str
    compared: int
    """Number of environments that were compared."""
    betweenEnvironments: bool
    """Whether two environments are compared with each other, not two states."""
    broken: bool
    """Whether an environment does not render in the new state."""
    helm: list[str]
    """The versions of Helm that rendered the environments that differ."""
    environments: list[EnvironmentDifference]
    consequences: list[ConsequenceEntry]
    """The most severe effects first."""
    groups: list[ObjectGroup]
    folded: list[FoldedEntry]


class DiffDocument(VersionedDocument, RenderedDifference):
    """Output of `diff`."""


class SummaryGroup(TypedDict):
    """Environments with the same numbers of differences and effects."""

    environments: list[str]
    action: Action
    objects: ObjectCounts
    effects: dict[str, int]
    """Number of objects for each effect."""


class DiffSummaryDocument(VersionedDocument):
    """Output of `diff --summary`."""

    old: str
    new: str
    compared: int
    broken: bool
    groups: list[SummaryGroup]


def diff_document(difference: Difference) -> DiffDocument:
    """The whole difference."""
    return DiffDocument(schemaVersion=SCHEMA_VERSION, **rendered_difference(difference))


def rendered_difference(difference: Difference) -> RenderedDifference:
    """The difference as a part of another document."""
    return RenderedDifference(
        old=difference.old,
        new=difference.new,
        compared=difference.compared,
        betweenEnvironments=difference.between_environments,
        broken=difference.is_broken,
        helm=list(difference.helm),
        environments=[_environment(item) for item in difference.environments],
        consequences=[_consequence(item) for item in difference.consequences],
        groups=[_group(item) for item in difference.groups],
        folded=[FoldedEntry(reason=item.reason, count=item.count) for item in difference.folded],
    )


def _environment(item: ChangedEnvironment) -> EnvironmentDifference:
    counts = ObjectCounts(added=item.added, changed=item.changed, removed=item.removed)
    return EnvironmentDifference(name=item.name, action=item.action, objects=counts)


def _consequence(item: SharedConsequence) -> ConsequenceEntry:
    return ConsequenceEntry(
        effect=item.effect,
        object=item.object or None,
        detail=item.detail,
        environments=list(item.environments),
    )


def _group(item: SharedChanges) -> ObjectGroup:
    return ObjectGroup(environments=list(item.environments), objects=[_object(change) for change in item.objects])


def _object(item: ObjectChange) -> ObjectDifference:
    return ObjectDifference(
        action=item.action,
        object=item.object,
        fields=[_field(field) for field in item.fields],
        body=item.body or None,
    )


def _field(item: FieldChange) -> FieldDifference:
    return FieldDifference(path=item.path, old=item.old, new=item.new)


def diff_summary_document(difference: Difference) -> DiffSummaryDocument:
    """Only counts and effects."""
    return DiffSummaryDocument(
        schemaVersion=SCHEMA_VERSION,
        old=difference.old,
        new=difference.new,
        compared=difference.compared,
        broken=difference.is_broken,
        groups=[
            SummaryGroup(
                environments=names,
                action=action,
                objects=ObjectCounts(added=added, changed=changed, removed=removed),
                effects=dict(effects),
            )
            for (action, added, changed, removed, effects), names in summary_groups(difference)
        ],
    )

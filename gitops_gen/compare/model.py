"""The difference as data: what changes in which object, what that does to the cluster, and for which environments.

Everything is text and hashable, so that equal changes of several environments are found by comparing them; the values
of Secrets are gone before anything here is made.
"""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happens to an object or an environment."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Effect(StrEnum):
    """What a change does to the cluster, the gravest first."""

    BREAKS = "breaks"
    FAILS = "fails"
    LOSES = "loses"
    PRUNES = "prunes"
    LEAVES = "leaves"
    MOVES = "moves"
    RESTARTS = "restarts"
    RUNS = "runs"
    SCALES = "scales"
    RESIZES = "resizes"
    WAITS = "waits"
    NOTES = "notes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Consequence:
    """One effect on one object (on all of them when it is empty); `detail` says why, or how much."""

    effect: Effect
    object: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One place in an object: its path, and its value before and after as YAML text (None: absent)."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectChange:
    """One object that differs: field by field, or as a whole when it is added or removed."""

    action: Action
    #: `Deployment/app`; a generated hash in the name is written `<hash>`
    object: str
    fields: tuple[FieldChange, ...] = ()
    #: the whole object as YAML when it is added or removed
    body: str = ""

    @property
    def size(self) -> int:
        """About how many lines it takes to show it."""
        texts = [text for field in self.fields for text in (field.old, field.new, field.path) if text is not None]
        return self.body.count("\n") + sum(text.count("\n") + 1 for text in texts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """Differences that are counted and not shown: generated text that follows from other changes."""

    reason: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentChange:
    """One environment that differs."""

    name: str
    action: Action
    objects: tuple[ObjectChange, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    folded: tuple[Folded, ...] = ()
    #: the versions of Helm that rendered it; none when it was not rendered
    helm: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedConsequence:
    """An effect with every environment that it has."""

    effect: Effect
    object: str
    detail: str
    environments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedChanges:
    """Changes that exactly these environments have in common."""

    environments: tuple[str, ...]
    objects: tuple[ObjectChange, ...]

    @property
    def size(self) -> int:
        """About how many lines it takes to show them."""
        return sum(change.size for change in self.objects)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedEnvironment:
    """An environment that differs, in one line."""

    name: str
    action: Action
    #: how many of its objects are added, changed and removed
    added: int
    changed: int
    removed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Everything that differs between two states; equal changes are listed once."""

    #: what is compared: a ref with its commit, `the working tree`, or an environment
    old: str
    new: str
    #: how many environments there are on either side
    compared: int
    environments: tuple[ChangedEnvironment, ...]
    consequences: tuple[SharedConsequence, ...]
    groups: tuple[SharedChanges, ...]
    folded: tuple[Folded, ...]
    #: the versions of Helm that rendered
    helm: tuple[str, ...] = ()
    #: two environments of one state are compared, not two states
    between_environments: bool = False

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.environments)

    @property
    def is_broken(self) -> bool:
        """Whether an environment does not render as it is now."""
        return any(item.effect is Effect.BREAKS for item in self.consequences)

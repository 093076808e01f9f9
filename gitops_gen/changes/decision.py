"""What a command decides, how far it goes, and the outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gitops_gen.changes.values.value_changes import ValueChange
from gitops_gen.compare.model import Difference
from gitops_gen.generate.files import Change
from gitops_gen.git.commits import Message
from gitops_gen.git.history import Commit
from gitops_gen.git.push import Published
from gitops_gen.project.opening import OpenProject


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """How far a change goes: only shown, written, committed (here or on a new branch), pushed.

    `message` is what the user wants the commit to say: a subject, and paragraphs below it.
    """

    dry_run: bool = False
    commit: bool = False
    branch: str = ""
    push: bool = False
    message: tuple[str, ...] = ()

    @property
    def commits(self) -> bool:
        """Whether a commit is wanted."""
        return self.commit or self.push or bool(self.branch)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a command wants: new texts of hand-written files (None: gone) and the commit's message.

    `environments` are those whose generated files follow; `overwrite` gives up hand edits in these; `summary` says in
    words what changes, `values` as data, `undone` the commits that a rollback undoes, `warnings` what a person should
    look at, and `notes` what they should know or do next. A `decisive` change shows the rendered difference even when
    it is no dry run.
    """

    files: Mapping[str, str | None]
    environments: tuple[str, ...]
    message: Message
    summary: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    values: tuple[ValueChange, ...] = ()
    undone: tuple[Commit, ...] = ()
    overwrite: bool = False
    decisive: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A draft with every file that it changes, inputs first, decided on the project in the workspace."""

    opened: OpenProject
    draft: Draft
    changes: tuple[Change, ...] = field(repr=False)

    def outcome(self) -> "Outcome":
        """The outcome before anything was done."""
        return Outcome(
            summary=self.draft.summary,
            warnings=self.draft.warnings,
            notes=self.draft.notes,
            changes=self.changes,
            values=self.draft.values,
            undone=self.draft.undone,
        )


Decide = Callable[[OpenProject], Decision]
"""What a command decides on a project: the same word may lead to another decision on another state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a change came to: the hand-written and the generated files that differ, and how far it went.

    `rendered` is what it has Argo CD apply (or why that is not known), where that was asked for.
    """

    summary: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    changes: tuple[Change, ...] = field(repr=False)
    values: tuple[ValueChange, ...] = ()
    undone: tuple[Commit, ...] = ()
    rendered: Difference | str | None = field(default=None, repr=False)
    dry_run: bool = False
    commit: str = ""
    branch: str = ""
    pushed: Published | None = None

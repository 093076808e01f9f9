"""The document of every command that changes the hand-written files: set, promote, rollback, adopt, `env add` and the
like, `migrate --write`.
"""

from collections.abc import Iterable
from typing import TypedDict

from gitops_gen.changes.change import Outcome
from gitops_gen.changes.values.value_changes import ValueChange
from gitops_gen.compare.model import Difference
from gitops_gen.errors import ProblemsError
from gitops_gen.generate.files import Change
from gitops_gen.git.history import Commit
from gitops_gen.git.push import Published
from gitops_gen.models.layout import is_generated_path
from gitops_gen.output.json.diff import RenderedDifference, rendered_difference
from gitops_gen.output.json.document import SCHEMA_VERSION, Note, VersionedDocument, notes_of
from gitops_gen.output.json.files import ActionName, action
from gitops_gen.output.json.keys import KeyChange, key_changes
from gitops_gen.yaml.editing.difference import KeyDifference, differences
from gitops_gen.yaml.reader import load


class InputFileChange(TypedDict):
    """A hand-written file that changes."""

    path: str
    action: ActionName
    changes: list[KeyChange] | None
    """Its changed keys, as paths in the file; null if one of the two texts is not valid YAML."""


class GeneratedFileChange(TypedDict):
    """A generated file that changes."""

    path: str
    action: ActionName


class EnvironmentValue(KeyChange):
    """A chart value of an environment before and after, the chart's default included."""

    environment: str
    file: str
    """The hand-written file that was edited for it."""
    movedFrom: str | None
    """The file that the key was in before `--move`."""


class UndoneCommit(TypedDict):
    """A commit that a rollback undoes."""

    commit: str
    date: str
    author: str
    subject: str


class PushResult(TypedDict):
    """What was pushed."""

    commit: str
    remote: str
    branch: str
    attempts: int
    """More than 1 if others pushed first."""
    checkoutUpdated: bool
    """Whether the local branch has the commit too."""
    remoteMessages: list[str]
    """What the remote printed, such as where to open a pull request."""


class Preview(TypedDict):
    """What Argo CD would apply differently."""

    difference: RenderedDifference | None
    """null if it is unknown."""
    unknown: str | None
    """Why it is unknown."""


class OutcomeDocument(VersionedDocument):
    """Output of `set`, `promote`, `rollback`, `adopt`, `env add`, `env clone`, `env rename`, `env remove` and
    `migrate --write`.
    """

    dryRun: bool
    """Whether nothing was written."""
    inputs: list[InputFileChange]
    generated: list[GeneratedFileChange]
    values: list[EnvironmentValue]
    """Output of `set` only: the values that were asked for, also those that do not change."""
    undone: list[UndoneCommit]
    """Output of `rollback` only: the newest first."""
    commit: str | None
    """The commit that was made."""
    branch: str | None
    """The new branch of `--branch`."""
    pushed: PushResult | None
    preview: Preview | None
    """null if no difference was asked for: `promote`, `rollback` and `--dry-run` show it."""
    warnings: list[Note]
    notes: list[Note]


def outcome_document(outcome: Outcome) -> OutcomeDocument:
    """What a change came to."""
    inputs = [item for item in outcome.changes if not is_generated_path(item.path)]
    generated = [item for item in outcome.changes if is_generated_path(item.path)]
    return OutcomeDocument(
        schemaVersion=SCHEMA_VERSION,
        dryRun=outcome.dry_run,
        inputs=[_input(item) for item in inputs],
        generated=[GeneratedFileChange(path=item.path, action=action(item)) for item in generated],
        values=[_value(item) for item in outcome.values],
        undone=_undone(outcome.undone),
        commit=(outcome.pushed.commit if outcome.pushed else outcome.commit) or None,
        branch=outcome.branch or None,
        pushed=_pushed(outcome.pushed),
        preview=_preview(outcome.rendered),
        warnings=notes_of(outcome.warnings),
        notes=notes_of(outcome.notes),
    )


def _input(item: Change) -> InputFileChange:
    try:
        old, new = (load(text or "", item.path) or {} for text in (item.old, item.new))
    except ProblemsError:
        return InputFileChange(path=item.path, action=action(item), changes=None)
    return InputFileChange(path=item.path, action=action(item), changes=key_changes(_sorted(differences(old, new))))


def _sorted(found: Iterable[KeyDifference]) -> list[KeyDifference]:
    """In order of their paths: removed keys come in any order."""
    return sorted(found, key=lambda item: [str(step) for step in item.path])


def _value(item: ValueChange) -> EnvironmentValue:
    change = KeyChange(key=item.key)
    if item.old_type:
        change["old"] = item.old
    if item.new_type:
        change["new"] = item.new
    return EnvironmentValue(environment=item.environment, **change, file=item.file, movedFrom=item.moved_from or None)


def _undone(commits: Iterable[Commit]) -> list[UndoneCommit]:
    return [UndoneCommit(commit=item.id, date=item.date, author=item.author, subject=item.subject) for item in commits]


def _pushed(pushed: Published | None) -> PushResult | None:
    if pushed is None:
        return None
    return PushResult(
        commit=pushed.commit,
        remote=pushed.remote,
        branch=pushed.branch,
        attempts=pushed.attempts,
        checkoutUpdated=pushed.followed,
        remoteMessages=list(pushed.said),
    )


def _preview(rendered: Difference | str | None) -> Preview | None:
    if rendered is None:
        return None
    if isinstance(rendered, str):
        return Preview(difference=None, unknown=rendered)
    return Preview(difference=rendered_difference(rendered), unknown=None)

"""How every change of the hand-written files is carried out: planned on a copy, checked there with what will be
generated from it, then written in one go, committed and pushed. Every problem is reported before anything is written.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gitops_gen.changes.committing import carry_out
from gitops_gen.changes.decision import Decide, Decision, Delivery, Draft, Outcome
from gitops_gen.changes.edited_files import fitting_edits
from gitops_gen.changes.preview import preview
from gitops_gen.errors import Problem, UsageError, fail_if_any
from gitops_gen.generate.check import check
from gitops_gen.generate.files import Change, State, blocked, sweep, write
from gitops_gen.generate.written import Written
from gitops_gen.git.journal import session, transaction
from gitops_gen.models.layout import environment_of, is_generated_path
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import text_if_any

__all__ = ["Delivery", "Draft", "Outcome", "change", "plan"]


def change(opened: OpenProject, delivery: Delivery, make: Callable[[OpenProject], Draft]) -> Outcome:
    """Carry out what `make` drafts: from the working tree, or, for a commit, from the committed state (with
    `push`, from the remote's current state). `make` may be called for more than one state, so it must read only the
    workspace that it gets and the history of that one's HEAD.

    Raises `GitopsError` before anything is written, or with everything undone; only a failed push keeps its commit
    and reports it.
    """
    if delivery.message and not delivery.commits:
        raise UsageError("`--message` needs a commit", "add --commit, --branch NAME or --push")
    if delivery.message and not all(text.strip() for text in delivery.message):
        raise UsageError("`--message` is empty")

    def decide(here: OpenProject) -> Decision:
        draft = make(here)
        return Decision(opened=here, draft=draft, changes=plan(here, draft))

    with session(opened.folder) as said:
        go = carry_out if delivery.commits else _written
        outcome = go(opened, delivery, decide)
    return replace(outcome, notes=(*said, *outcome.notes))


def _written(opened: OpenProject, delivery: Delivery, decide: Decide) -> Outcome:
    """The change in the working tree, and no commit."""
    decision = decide(opened)
    changes = decision.changes
    outcome = decision.outcome()
    if changes and (delivery.dry_run or decision.draft.decisive):
        outcome = replace(outcome, rendered=preview(opened, changes))
    if delivery.dry_run or not changes:
        return replace(outcome, dry_run=delivery.dry_run)
    files = {item.path: None if item.new is None else item.new.encode() for item in changes}
    with transaction(opened.folder, files, committing=False):
        sweep(opened.folder, opened.projects().folders)
        write(opened.folder, changes)
        made = {item.path: item.new for item in changes if item.new and is_generated_path(item.path)}
        Written(opened.folder).add(made)
    return outcome


def plan(opened: OpenProject, draft: Draft) -> tuple[Change, ...]:
    """Every file that the draft changes: inputs, then generated files. Nothing is written.

    Raises `ProblemsError` with every problem of the changed project, and every file that blocks it.
    """
    inputs = tuple(_input_changes(opened, draft))
    fail_if_any(_linked(opened.folder, inputs))
    drafted = opened.with_changes({item.path: item.new for item in inputs})
    gone = set(draft.environments) - set(drafted.names())
    generation = check(drafted, () if gone else draft.environments)
    generated = [item for item in generation.changes if environment_of(item.path) in draft.environments]
    fail_if_any(blocked(opened.folder, generated, overwrite=draft.overwrite))
    if draft.overwrite:
        generated += fitting_edits(opened, draft.environments, generated)
    return (*inputs, *generated)


def _input_changes(opened: OpenProject, draft: Draft) -> Iterator[Change]:
    for path, new in sorted(draft.files.items()):
        old = text_if_any(opened.inputs, path)
        if old and new and "\r\n" not in old:  # a file keeps its line ends, whatever git would give a new checkout
            new = new.replace("\r\n", "\n")  # noqa: PLW2901 - the same text
        if old != new:
            state = State.MISSING if old is None else State.ORPHANED if new is None else State.STALE
            yield Change(path=path, state=state, old=old, new=new)


def _linked(folder: Path, inputs: tuple[Change, ...]) -> Iterator[Problem]:
    for item in inputs:
        if (folder / item.path).is_symlink() and item.new is not None:
            target = (folder / item.path).readlink()
            yield Problem(
                file=item.path, message=f"is a symlink to {target}, which others may share", hint="edit that file"
            )

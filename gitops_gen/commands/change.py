"""How every change of the hand-written files is carried out: planned on a copy, checked there with what will be
generated from it, then written in one go, committed and pushed. What is wrong is said before anything is written.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitops_gen.commands.edited_files import fitting_edits
from gitops_gen.commands.generate import check
from gitops_gen.commands.merging import settle
from gitops_gen.commands.preview import preview
from gitops_gen.commands.value_changes import ValueChange
from gitops_gen.commands.workspace import Workspace, open_workspace
from gitops_gen.diff.model import Difference
from gitops_gen.errors import GitopsError, Problem, fail_if_any
from gitops_gen.git.commits import Message, commit
from gitops_gen.git.journal import add_worktree, remove_worktree, session, transaction
from gitops_gen.git.push import Published, publish, push
from gitops_gen.git.state import (
    branch_name,
    create_branch,
    read_checkout,
    remote_of,
    require_clean,
    require_committable,
)
from gitops_gen.spec.files import ENVIRONMENTS, PROJECT_FILE
from gitops_gen.tree import Change, State, blocked, is_generated_path, sweep, write
from gitops_gen.written import Written


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """How far a change goes: only shown, written, committed (here or on a new branch), pushed."""

    dry_run: bool = False
    commit: bool = False
    branch: str = ""
    push: bool = False

    @property
    def commits(self) -> bool:
        """Whether a commit is wanted."""
        return self.commit or self.push or bool(self.branch)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a command wants: new texts of hand-written files (None: gone) and the commit's message.

    `environments` are those whose generated files follow; `overwrite` gives up hand edits in these; `summary` says in
    words what changes, `values` as data, `warnings` what a person should look at, and `notes` what they should know or
    do next. A
    `decisive` change shows the rendered difference even when it is no dry run.
    """

    files: Mapping[str, str | None]
    environments: tuple[str, ...]
    message: Message
    summary: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    values: tuple[ValueChange, ...] = ()
    overwrite: bool = False
    decisive: bool = False


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
    rendered: Difference | str | None = field(default=None, repr=False)
    dry_run: bool = False
    commit: str = ""
    branch: str = ""
    pushed: Published | None = None


def change(workspace: Workspace, delivery: Delivery, make: Callable[[Workspace], Draft]) -> Outcome:
    """Carry out what `make` drafts from the project as it is. Raises `GitopsError` before anything is written, or with
    everything undone; only a push that fails leaves its commit behind.
    """
    with session(workspace.folder) as said:
        if delivery.branch and not delivery.dry_run:
            outcome = _on_branch(workspace, delivery, make)
        else:
            outcome = _here(workspace, delivery, make)
    return replace(outcome, notes=(*said, *outcome.notes))


def _here(workspace: Workspace, delivery: Delivery, make: Callable[[Workspace], Draft]) -> Outcome:
    if delivery.commits and not delivery.dry_run:
        checkout = read_checkout(workspace.folder)
        require_committable(checkout)
        if delivery.push:
            remote_of(checkout)
    outcome = _apply(workspace, delivery, make)
    if delivery.push and not delivery.dry_run:
        return replace(outcome, pushed=publish(workspace.folder, settle))
    return outcome


def _apply(workspace: Workspace, delivery: Delivery, make: Callable[[Workspace], Draft]) -> Outcome:
    draft = make(workspace)
    changes = plan(workspace, draft)
    rendered = preview(workspace, changes) if changes and (delivery.dry_run or draft.decisive) else None
    oid = "" if delivery.dry_run or not changes else _write(workspace, draft, changes, commits=delivery.commits)
    return Outcome(
        summary=draft.summary,
        warnings=draft.warnings,
        notes=draft.notes,
        changes=changes,
        values=draft.values,
        rendered=rendered,
        dry_run=delivery.dry_run,
        commit=oid,
    )


def _on_branch(workspace: Workspace, delivery: Delivery, make: Callable[[Workspace], Draft]) -> Outcome:
    """The change as a commit on a new branch, made beside the checkout, which stays as it is."""
    folder, name = workspace.folder, branch_name(workspace.folder, delivery.branch)
    checkout = read_checkout(folder)
    require_committable(checkout, detached=True)
    target = remote_of(checkout, name) if delivery.push else None
    try:
        beside = open_workspace(add_worktree(folder, "--detach", "HEAD") / checkout.prefix)
        outcome = replace(_apply(beside, Delivery(commit=True), make), branch=name)
    finally:
        remove_worktree(folder)
    if not outcome.commit:
        return outcome
    create_branch(folder, name, outcome.commit)
    if target is None:
        return outcome
    if not push(folder, target, outcome.commit):
        raise GitopsError(
            f"{target.name} has a branch `{name}` already", "choose another name; the branch is kept here"
        )
    pushed = Published(commit=outcome.commit, remote=target.name, branch=name, attempts=1, followed=True)
    return replace(outcome, pushed=pushed)


def plan(workspace: Workspace, draft: Draft) -> tuple[Change, ...]:
    """Every file that the draft changes, inputs first, generated ones behind them. Nothing is written.

    Raises `ProblemsError` with all that is wrong in the project as it would be, or in the way.
    """
    inputs = tuple(_input_changes(workspace, draft))
    fail_if_any(_linked(workspace.folder, inputs))
    with scratch(workspace, inputs) as copy:
        gone = set(draft.environments) - set(copy.names())
        generation = check(copy, () if gone else draft.environments)
        generated = [item for item in generation.changes if _environment_of(item.path) in draft.environments]
        fail_if_any(blocked(copy.folder, generated, overwrite=draft.overwrite))
    if draft.overwrite:
        generated += fitting_edits(workspace, draft.environments, generated)
    return (*inputs, *generated)


def _environment_of(path: str) -> str:
    return Path(path).parent.name if path.startswith(f"{ENVIRONMENTS}/") else Path(path).stem


def _input_changes(workspace: Workspace, draft: Draft) -> Iterator[Change]:
    for path, new in sorted(draft.files.items()):
        file = workspace.folder / path
        old = file.read_bytes().decode() if file.is_file() else None
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


@contextmanager
def scratch(workspace: Workspace, inputs: tuple[Change, ...]) -> Iterator[Workspace]:
    """The project's inputs and generated files in a folder of their own, with the changes made there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copyfile(workspace.folder / PROJECT_FILE, folder / PROJECT_FILE)
        for part in (ENVIRONMENTS, "argocd"):
            if (workspace.folder / part).is_dir():
                shutil.copytree(workspace.folder / part, folder / part, symlinks=True)
        write(folder, inputs)
        yield replace(workspace, folder=folder, home=workspace.checkout)


def _write(workspace: Workspace, draft: Draft, changes: tuple[Change, ...], *, commits: bool) -> str:
    folder = workspace.folder
    if commits:
        given_up = is_generated_path if draft.overwrite else lambda _path: False
        require_clean(read_checkout(folder), [item.path for item in changes if not given_up(item.path)])
    files = {item.path: None if item.new is None else item.new.encode() for item in changes}
    with transaction(folder, files, committing=commits):
        sweep(folder)
        Written().add(item.new for item in changes if item.new and is_generated_path(item.path))
        write(folder, changes)
        return commit(folder, list(files), draft.message.text) if commits else ""

"""How a change becomes a commit: computed from the committed state (with `--push`, from the remote's current state),
committed with the user's hooks, pushed; and computed again when somebody else pushed first.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from gitops_gen.changes.decision import Decide, Decision, Delivery, Outcome
from gitops_gen.changes.incoming import came_in
from gitops_gen.changes.merging import settle
from gitops_gen.changes.missing_files import fill, same_at
from gitops_gen.changes.preview import preview
from gitops_gen.changes.remote_check import RemoteCheck, require_current_promotions, unpushed
from gitops_gen.changes.uncommitted import Guard, InTheWayError, Uncommitted, read_uncommitted
from gitops_gen.compare.model import Difference
from gitops_gen.errors import GitopsError
from gitops_gen.generate.check import check
from gitops_gen.generate.files import sweep, write
from gitops_gen.git.checkout import (
    Checkout,
    Remote,
    branch_name,
    create_branch,
    read_checkout,
    remote_of,
    require_clean,
    require_committable,
    undo_commit,
    unstage_commit,
)
from gitops_gen.git.commits import commit, deviations
from gitops_gen.git.journal import UnfinishedError, transaction
from gitops_gen.git.push import Published, fetched, follow, push, wait
from gitops_gen.git.replay import joined
from gitops_gen.git.runner import GitError
from gitops_gen.git.temporary_checkout import hooks_setting, remove_temporary_checkout, temporary_checkout
from gitops_gen.models.layout import PROJECT_FILE, environment_of, is_generated_path
from gitops_gen.project.opening import OpenProject, open_project

ATTEMPTS = 100
"""One push of each round succeeds; with 16 other writers, the odds of losing every attempt are below 1 in 500."""


def carry_out(opened: OpenProject, delivery: Delivery, decide: Decide) -> Outcome:
    """Carry out what `decide` returns, up to what the delivery asks: dry run, commit, new branch, push.

    Raises `GitopsError`: either nothing was changed, or the commit is kept and the hint has the next command.
    """
    try:
        return _Committing(opened, delivery, decide).outcome()
    finally:
        remove_temporary_checkout(opened.folder)


@dataclass(slots=True)
class _State:
    """Progress: the commit of this change, notes, and notes about a decision that was computed again."""

    commit: str = ""
    notes: list[str] = field(default_factory=list)
    recomputed: list[str] = field(default_factory=list)


class _Committing:
    """One change being committed."""

    def __init__(self, opened: OpenProject, delivery: Delivery, decide: Decide) -> None:
        self.opened, self.delivery, self.decide = opened, delivery, decide
        self.folder = opened.folder
        self.checkout: Checkout = read_checkout(self.folder)
        self.branch = branch_name(self.folder, delivery.branch) if delivery.branch else ""
        if not delivery.dry_run:
            require_committable(self.checkout, detached=bool(self.branch))
        self.target = self.upstream()
        self.state = _State()
        self.remote_check = RemoteCheck(self.checkout, self.where, None)

    @property
    def where(self) -> str:
        return f"{self.target.name}/{self.target.branch}" if self.target else ""

    def upstream(self) -> Remote | None:
        """What the branch that is checked out is pushed to, where something is to be pushed."""
        if not self.delivery.push or not self.checkout.branch:
            return None
        try:
            return remote_of(self.checkout)
        except GitopsError:
            if self.delivery.dry_run:
                return None
            raise

    def outcome(self) -> Outcome:
        if not self.checkout.head:
            raise GitopsError("the repository has no commits", "run `git add --all && git commit` first")
        tip = fetched(self.checkout, self.target) if self.target else ""
        base = self.base(tip)
        if tip:
            self.state.notes += unpushed(self.checkout, tip)
        decision = self.decided(base)
        shown = self.rendered(decision) if self.delivery.dry_run or self.is_worth_showing(decision) else None
        outcome = self.delivered(decision, base, tip)
        if outcome.rendered is None:
            outcome = replace(outcome, rendered=shown)
        return replace(outcome, notes=(*self.state.notes, *self.state.recomputed, *outcome.notes))

    def delivered(self, decision: Decision, base: str, tip: str) -> Outcome:
        if self.delivery.dry_run:
            return replace(decision.outcome(), dry_run=True)
        if self.branch:
            return self.on_branch(decision, base)
        if self.target:
            return self.published(decision, base, tip)
        return replace(decision.outcome(), commit=self.committed(decision, base))

    def is_worth_showing(self, decision: Decision) -> bool:
        return decision.draft.decisive or bool(self.state.recomputed)

    def base(self, tip: str) -> str:
        if self.target is None or not tip:
            return self.checkout.head
        require_current_promotions(self.checkout, tip, self.where)
        return joined(self.checkout, self.target, tip, settle)

    @cached_property
    def uncommitted(self) -> Uncommitted:
        return read_uncommitted(self.opened)

    def checked_out(self, at: str) -> OpenProject:
        """The project at a commit, in a separate checkout."""
        folder = temporary_checkout(self.folder, at) / self.checkout.prefix
        if not (folder / PROJECT_FILE).is_file():
            raise GitopsError(f"{self.checkout.prefix}{PROJECT_FILE} is not committed", "commit the project first")
        fill(self.opened, folder, self.uncommitted.generated, at)
        return open_project(folder, self.opened.engine)

    def known(self) -> Decision:
        """The decision on HEAD, the state that the user sees."""
        if self.uncommitted.clean:
            return self.decide(self.opened)
        guard = Guard(self.opened, self.checked_out(self.checkout.head), self.decide, self.uncommitted)
        return guard.decision()

    def decided(self, base: str) -> Decision:
        """The decision on the base, checked against changes that the user has not seen. Raises `GitopsError`."""
        known: Decision | None = None
        try:
            known = self.known()
        except InTheWayError:
            raise
        except GitopsError:  # such as for an environment that exists only on the remote
            if base == self.checkout.head:
                raise
        self.remote_check = RemoteCheck(self.checkout, self.where, known)
        if known is not None and base == self.checkout.head:
            return known
        self.state.notes += came_in(self.folder, self.checkout.head, base, self.where)
        return self.weighed(base)

    def weighed(self, base: str) -> Decision:
        decision, self.state.recomputed = self.remote_check.compared(self.decide(self.checked_out(base)), base)
        if decision.draft.message.change == "adopt":
            self.require_edits(decision, base)
        return decision

    def require_edits(self, decision: Decision, base: str) -> None:
        """Raise `GitopsError` when others changed a file whose edits are adopted."""
        edited = self.uncommitted.generated
        lost = {*edited} - {*same_at(self.folder, edited, base)}
        names = [path for path in sorted(lost) if environment_of(path) in decision.draft.message.environments]
        if names:
            raise GitopsError(
                f"{', '.join(names)} was also changed by others since you edited it",
                f"nothing was changed; run `git pull --rebase --autostash {self.where.replace('/', ' ', 1)}` first",
            )

    def rendered(self, decision: Decision) -> Difference | str | None:
        return preview(decision.opened, decision.changes) if decision.changes else None

    def committed(self, decision: Decision, base: str) -> str:
        """The commit of a decision; nothing when nothing changes. The branch that is checked out has it, unless it is
        still to be pushed.
        """
        if not decision.changes:
            return ""
        if base == self.checkout.head and not self.uncommitted.partial:
            return self.commit_here(decision)
        made = self.commit_separately(decision, base)
        if not self.delivery.push and not self.follow(made, decision):
            paths = ", ".join(item.path for item in decision.changes)
            raise GitopsError(
                f"files of this change have uncommitted changes or block a path: {paths}", "nothing was changed"
            )
        return made

    def follow(self, made: str, decision: Decision) -> bool:
        given_up = [path for path in self.uncommitted.generated if environment_of(path) in decision.draft.environments]
        return follow(self.checkout, made, given_up if decision.draft.overwrite else ())

    def commit_here(self, decision: Decision) -> str:
        """Commit in the user's checkout, all or nothing."""
        before = read_checkout(self.folder)
        given_up = is_generated_path if decision.draft.overwrite else lambda _path: False
        require_clean(before, [item.path for item in decision.changes if not given_up(item.path)])
        files = _contents(decision)
        text = self.message(decision)
        try:
            with transaction(self.folder, files, committing=True, message=text):
                sweep(self.folder, self.opened.projects().folders)
                write(self.folder, decision.changes)
                made = commit(self.folder, list(files), text)
                self.verify(self.folder, before.head, made, files)
        except UnfinishedError:
            raise
        except GitopsError as error:
            touched = sorted(read_checkout(self.folder).changed.keys() - before.changed.keys())
            if touched:
                names = ", ".join(touched)
                error.hint = f"nothing was committed; a hook changed {names}; its changes are kept in the working tree"
            raise
        return made

    def commit_separately(self, decision: Decision, base: str) -> str:
        """Commit in a separate checkout, with the user's hooks."""
        folder = self.checked_out(base).folder
        files = _contents(decision)
        write(folder, decision.changes)
        try:
            made = commit(folder, list(files), self.message(decision), hooks_setting(self.folder))
        except GitopsError as error:
            error.hint = f"nothing was changed; hooks ran in a fresh checkout of {base[:12]} with this change"
            raise
        self.verify(folder, base, made, files)
        return made

    def verify(self, folder: Path, before: str, made: str, files: dict[str, bytes | None]) -> None:
        """Hooks may change the commit, but generated files must stay correct. Raises `GitopsError`, with the commit
        undone.
        """
        strange = deviations(folder, before, files) if made else []
        if not strange:
            return
        project = temporary_checkout(self.folder, made) / self.checkout.prefix
        wrong = [item.path for item in check(open_project(project, self.opened.engine)).changes]
        if wrong:
            undo_commit(folder, made)
            raise GitopsError(
                f"a hook changed {', '.join(strange)}, so {', '.join(wrong)} would differ from the "
                "output of `gitops-gen generate`",
                "nothing was changed; exclude generated files (marked in their first line) from the hook",
            )
        unstage_commit(folder, made)
        self.state.notes.append(f"a hook changed {', '.join(strange)}; the commit includes these changes")

    def message(self, decision: Decision) -> str:
        return replace(decision.draft.message, own=self.delivery.message).text

    def on_branch(self, decision: Decision, base: str) -> Outcome:
        """The change as a commit on a new branch; the checkout stays as it is."""
        outcome = replace(decision.outcome(), branch=self.branch)
        if not decision.changes:
            return outcome
        target = remote_of(self.checkout, self.branch) if self.delivery.push else None
        made = self.commit_separately(decision, base)
        create_branch(self.folder, self.branch, made)
        outcome = replace(outcome, commit=made)
        if target is None:
            return outcome
        kept = f"the commit is kept on the local branch `{self.branch}`"
        try:
            said = push(self.folder, target, made, "")
        except GitopsError as error:
            error.hint = f"{kept}; push it with `git push {target.name} {self.branch}` when the remote accepts it"
            raise
        if said is None:
            raise GitopsError(f"{target.name} already has a branch `{self.branch}`", f"choose another name; {kept}")
        pushed = Published(commit=made, remote=target.name, branch=self.branch, attempts=1, followed=True, said=said)
        return replace(outcome, pushed=pushed)

    def published(self, decision: Decision, base: str, tip: str) -> Outcome:
        """The change on the remote's branch. Raises `GitopsError`, which says whether the commit is kept."""
        self.state.commit = self.committed(decision, base)
        start, attempt = tip, 1
        try:
            while (said := self.push(self.state.commit or base, tip)) is None:
                wait(attempt)
                attempt += 1
                tip, base, decision = self.once_more(attempt)
        except GitopsError as error:
            self.keep(error, decision)
            raise
        outcome = replace(decision.outcome(), commit=self.state.commit)
        arrived = self.state.commit or base
        if attempt > 1:
            self.state.notes += came_in(self.folder, start, tip, self.where)
            shown = self.rendered(decision) if self.is_worth_showing(decision) else None
            outcome = replace(outcome, rendered=shown)
        followed = self.follow(arrived, decision)
        if arrived == tip:
            return outcome
        return replace(outcome, pushed=self.arrival(arrived, attempt, said, followed=followed))

    def push(self, commit: str, tip: str) -> tuple[str, ...] | None:
        """The result of the push; None when somebody else pushed first."""
        return push(self.folder, self.remote, commit, tip) if commit != tip else ()

    @property
    def remote(self) -> Remote:
        return self.target or remote_of(self.checkout)

    def arrival(self, commit: str, attempts: int, said: tuple[str, ...], *, followed: bool) -> Published:
        return Published(
            commit=commit,
            remote=self.remote.name,
            branch=self.remote.branch,
            attempts=attempts,
            followed=followed,
            said=said,
        )

    def once_more(self, attempt: int) -> tuple[str, str, Decision]:
        """After a rejected push: the remote's tip, the new base, and the decision there, committed. The commit of the
        last attempt is discarded: a change has one commit.
        """
        if attempt > ATTEMPTS:
            raise GitopsError(f"others pushed to {self.where} first, {ATTEMPTS} times in a row")
        tip = fetched(self.checkout, self.remote)
        base = self.base(tip)
        decision = self.weighed(base)
        self.state.commit = self.commit_separately(decision, base) if decision.changes else ""
        return tip, base, decision

    def keep(self, error: GitopsError, decision: Decision) -> None:
        """Keep a commit that could not be pushed on the user's branch; returns the hint with the next command."""
        if not self.state.commit:
            return
        if not self.follow(self.state.commit, decision):
            error.hint = "nothing was pushed, and no commit is kept, because its files have uncommitted changes"
            return
        remote, branch = self.remote, self.checkout.branch
        kept = f"the commit {self.state.commit[:12]} is kept on your branch `{branch}`"
        if isinstance(error, GitError):
            again = f"git push {remote.name} {branch}:{remote.branch}" if branch != remote.branch else "git push"
            error.hint = f"{kept}; next: `{again}` when the remote accepts it, or undo it: `git reset --keep HEAD~1`"
            return
        pull = f"git pull --rebase {remote.name} {remote.branch}"
        error.hint = f"{kept}; next: `{pull}`, `gitops-gen generate`, `git push`"


def _contents(decision: Decision) -> dict[str, bytes | None]:
    return {item.path: None if item.new is None else item.new.encode() for item in decision.changes}

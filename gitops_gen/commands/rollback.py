"""`rollback`: one environment as it was before its last change, though commits of other environments lie between."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_gen.argocd.manifests import application_name
from gitops_gen.commands.change import Delivery, Draft, Outcome, change
from gitops_gen.commands.past import hand_written, texts_at
from gitops_gen.commands.plan import plan_environment
from gitops_gen.commands.promote import spoken
from gitops_gen.commands.workspace import Workspace
from gitops_gen.edit.difference import differences
from gitops_gen.edit.merge import merged
from gitops_gen.errors import GitopsError, Problem, ProblemsError, UsageError
from gitops_gen.git.commits import Message
from gitops_gen.git.history import Commit, commits
from gitops_gen.git.state import read_checkout, require_clean, revision
from gitops_gen.names import did_you_mean
from gitops_gen.spec.files import PROJECT_FILE
from gitops_gen.spec.validation import dotted
from gitops_gen.sync.durations import text
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml_io import load


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """What to undo: the environment's last change; with `to` all after that commit; with `undo` that one only."""

    environment: str
    to: str = ""
    undo: str = ""


def rollback(workspace: Workspace, request: Rollback, delivery: Delivery) -> Outcome:
    """Restore the environment's hand-written files and regenerate: one commit, `Revert …`.

    Undoing one commit keeps what was changed after it; a key that was changed again since stays, and is named. Raises
    `GitopsError` when there is nothing to go back to, and as `change` does.
    """
    folder = workspace.folder  # a word such as HEAD~1 counts from where the user stands, whatever the remote has
    to, undo = (revision(folder, name) if name else "" for name in (request.to, request.undo))
    meant = Rollback(environment=request.environment, to=to, undo=undo)
    return change(workspace, delivery, lambda here: _RollingBack(here, meant).draft())


class _RollingBack:
    """One rollback: where the environment stands, and where it goes."""

    def __init__(self, workspace: Workspace, request: Rollback) -> None:
        self.workspace, self.request = workspace, request
        self.name = request.environment
        self.paths = hand_written(self.name)
        self.checkout = read_checkout(workspace.folder)
        self.warnings: list[str] = []

    def draft(self) -> Draft:
        require_clean(self.checkout, self.paths)
        before = texts_at(self.workspace.folder, "HEAD", self.paths)
        undone, files = self.undone_commit() if self.request.undo else self.restored()
        if files[self.paths[0]] is None and before[self.paths[0]] is not None:
            raise GitopsError(
                f"`{self.name}` did not exist before {undone.id[:12]} ({undone.subject})",
                f"remove it with `gitops-gen env remove {self.name}`",
            )
        summary = tuple(self.summary(before, files))
        return Draft(
            files=files,
            environments=(self.name,),
            message=Message(
                subject=f'Revert "{undone.subject}" in {self.name}',
                details=summary,
                environments=(self.name,),
                change="rollback",
                source=undone.id,
            ),
            summary=(f"Undo {undone.id[:12]} {undone.subject} ({undone.author}, {undone.date[:10]})", *summary),
            warnings=(*self.warnings, *self.beyond(undone)),
            notes=tuple(self.notes()),
            decisive=True,
        )

    def last(self, since: str = "") -> list[Commit]:
        """The commits that changed the environment's hand-written files, the newest first."""
        found = list(commits(self.workspace.folder, self.paths, limit=0 if since else 1, since=since))
        if found:
            return found
        if since:
            raise GitopsError(
                f"`{self.name}` has not changed since {since[:12]}", f"see `gitops-gen history {self.name}`"
            )
        names = self.workspace.names()
        raise UsageError(f"no commit has changed an environment `{self.name}`", did_you_mean(self.name, names))

    def restored(self) -> tuple[Commit, dict[str, str | None]]:
        """The files as they were before the last change, or at the commit that was named."""
        if self.request.to:
            target = revision(self.workspace.folder, self.request.to)
            undone = self.last(since=target)[0]
        else:
            undone = self.last()[0]
            target = undone.parent
        self.require_history(undone)
        return undone, texts_at(self.workspace.folder, target, self.paths)

    def require_history(self, undone: Commit) -> None:
        if not undone.parent and self.checkout.is_shallow:
            raise GitopsError("the clone is shallow: what was before is not here", "run `git fetch --unshallow` first")

    def undone_commit(self) -> tuple[Commit, dict[str, str | None]]:
        """The files without what one commit changed, all later changes kept."""
        folder, oid = self.workspace.folder, revision(self.workspace.folder, self.request.undo)
        undone = next(iter(commits(folder, self.paths, limit=1, until=oid)), None)
        if undone is None or undone.id != oid:
            raise GitopsError(f"{oid[:12]} did not change `{self.name}`", f"see `gitops-gen history {self.name}`")
        self.require_history(undone)
        base, ours, theirs = (texts_at(folder, at, self.paths) for at in (oid, "HEAD", undone.parent))
        return undone, {path: self.without(path, base[path], ours[path], theirs[path]) for path in self.paths}

    def without(self, path: str, base: str | None, ours: str | None, theirs: str | None) -> str | None:
        if base == theirs:
            return ours
        if base == ours:
            return theirs
        if base is None or ours is None or theirs is None:
            hint = "use `--to COMMIT`, or edit it by hand"
            raise ProblemsError([Problem(file=path, message="was changed again since", hint=hint)])
        result = merged(base, ours, theirs, path)
        self.warnings += [f"{path}: {dotted(key)} was changed again since and stays" for key in result.conflicts]
        return result.text

    def summary(self, before: dict[str, str | None], after: dict[str, str | None]) -> Iterator[str]:
        for path in self.paths:
            old, new = (load(content, path) if content else {} for content in (before[path], after[path]))
            yield from map(spoken, differences(old or {}, new or {}))

    def beyond(self, undone: Commit) -> Iterator[str]:
        """What the environment also depends on, and what this does not undo."""
        folder, project = self.workspace.folder, self.workspace.project().spec
        shared = [PROJECT_FILE]
        if project.chart.path and not self.pinned():
            shared.append(project.chart.path)
        for commit in commits(folder, shared, since=undone.parent):
            yield f"{commit.id[:12]} {commit.subject} changed what environments share and is not undone"

    def pinned(self) -> bool:
        return self.name in self.workspace.names() and self.workspace.environment(self.name).pinned

    def notes(self) -> Iterator[str]:
        name = application_name(self.workspace.project().spec, self.name)
        yield (
            "git cannot undo what ran: database schemas, data, messages that were sent, volumes that were pruned; "
            "a Job whose older version is gone runs again"
        )
        plan = self.plan()
        cut = f"`argocd app terminate-op {name}`"
        if not plan or plan.policy.names_paths:
            cut = f"{cut} and then `argocd app sync {name}`"
        yield f"it waits for a sync that is running, {_longest_wait(plan)}; to cut that short: {cut}"

    def plan(self) -> SyncPlan | None:
        """The sync of what is there now; None when it cannot be told."""
        try:
            return plan_environment(self.workspace, self.name).plan
        except GitopsError:
            return None


def _longest_wait(plan: SyncPlan | None) -> str:
    if plan is None:
        return "for how long cannot be told"
    bounds = (plan.first_bound.seconds, plan.later_bound.seconds)
    known = [bound for bound in bounds if bound is not None]
    return f"at most {text(max(known))}" if len(known) == len(bounds) else "which may never end"

"""`rollback`: one environment as it was before its last change, though commits of other environments came since."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_gen.changes.change import Delivery, Draft, Outcome, change
from gitops_gen.changes.project_history import changes_of, former_name, texts_at
from gitops_gen.changes.releases import described
from gitops_gen.errors import GitopsError, Problem, ProblemsError, UsageError
from gitops_gen.git.checkout import read_checkout, require_clean, revision
from gitops_gen.git.commits import Message
from gitops_gen.git.history import Commit, is_part, rivals
from gitops_gen.models.layout import application_name, hand_written, is_environment_name, read_for
from gitops_gen.names import did_you_mean, printable
from gitops_gen.project.equal_lines import equal_lines
from gitops_gen.project.opening import OpenProject
from gitops_gen.rules.planning import plan_environment
from gitops_gen.sync.durations import text
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.editing.difference import differences
from gitops_gen.yaml.editing.merge import merged
from gitops_gen.yaml.key_paths import dotted
from gitops_gen.yaml.reader import load

CHANGE = "rollback"
_SHOWN = 10
_COUNT = re.compile(r"[0-9]+ changes")
_WHERE = r"(?: in (?:[0-9]+ environments|[a-z0-9/-]+))?"
_UNDOING = re.compile(rf'(?P<word>Revert|Reapply) (?:"(?P<what>.*)"|(?P<count>[0-9]+ changes)){_WHERE}')


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """What to undo: the last change of the environments; with `to` all after that commit; with `undo` that one only."""

    environments: tuple[str, ...]
    to: str = ""
    undo: str = ""


def rollback(opened: OpenProject, request: Rollback, delivery: Delivery) -> Outcome:
    """Restore the environments' hand-written files and regenerate: one commit, `Revert …`. Of several environments the
    last change is undone in those that it changed.

    Undoing one commit keeps what was changed after it; a key that was changed again since stays, and is named. Raises
    `GitopsError` when there is nothing to go back to, and as `change` does.
    """
    folder = opened.folder  # a revision such as HEAD~1 is relative to the user's HEAD, not the remote's
    to, undo = (revision(folder, name) if name else "" for name in (request.to, request.undo))
    meant = Rollback(environments=request.environments, to=to, undo=undo)
    return change(opened, delivery, lambda here: _together(here, meant))


def _together(opened: OpenProject, request: Rollback) -> Draft:
    """The rollback of all environments that are meant, as one change."""
    names = _changed(opened, request) if len(request.environments) > 1 else request.environments
    drafts = [_RollingBack(opened, request, name).draft() for name in names]
    if len(drafts) == 1:
        return drafts[0]
    undone = tuple({commit.id: commit for draft in drafts for commit in draft.undone}.values())
    lines = (f"{name}: {line}" for name, draft in zip(names, drafts, strict=True) for line in draft.message.details)
    summary = tuple(equal_lines(lines))
    return Draft(
        files={path: text for draft in drafts for path, text in draft.files.items()},
        environments=tuple(names),
        message=Message(
            subject=subject(undone, f"{len(names)} environments"),
            details=summary,
            environments=tuple(names),
            change=CHANGE,
            source=undone[0].id,
        ),
        summary=(*_undone_lines(undone), *summary),
        warnings=tuple(dict.fromkeys(line for draft in drafts for line in draft.warnings)),
        notes=tuple(dict.fromkeys(line for draft in drafts for line in draft.notes)),
        undone=undone,
        decisive=True,
    )


def _changed(opened: OpenProject, request: Rollback) -> Sequence[str]:
    """Those of the environments that were changed: by the commit to undo, or since the commit to go back to."""
    paths = {name: hand_written(name) for name in request.environments}
    every = [path for found in paths.values() for path in found]
    wanted = {"since": request.to} if request.to else {"limit": 1, "until": request.undo}
    touched = {path for commit in changes_of(opened, every, **wanted) for path in commit.paths}
    changed = [name for name, found in paths.items() if not touched.isdisjoint(found)]
    if not changed:
        raise UsageError(f"no commit has changed {', '.join(request.environments)}", "see `gitops-gen history`")
    return changed


class _RollingBack:
    """One rollback: the state of the environment, and the one it returns to."""

    def __init__(self, opened: OpenProject, request: Rollback, name: str) -> None:
        self.opened, self.request, self.name = opened, request, name
        self.paths = hand_written(self.name)
        self.checkout = read_checkout(opened.folder)
        self.warnings: list[str] = []

    def draft(self) -> Draft:
        if not is_environment_name(self.name):
            raise self.unknown()
        require_clean(self.checkout, self.paths)
        if not self.checkout.head:
            raise GitopsError("the repository has no commits: nothing to undo")
        before = texts_at(self.opened.folder, self.opened.base, self.paths)
        undone, files = self.undone_commit() if self.request.undo else self.restored()
        newest = undone[0]
        if files[self.paths[0]] is None and before[self.paths[0]] is not None:
            raise self.no_older_version(undone[-1])
        summary = tuple(self.summary(before, files))
        return Draft(
            files=files,
            environments=(self.name,),
            message=Message(
                subject=subject(undone, self.name),
                details=(*(_undone_lines(undone) if len(undone) > 1 else ()), *summary),
                environments=(self.name,),
                change=CHANGE,
                source=newest.id,
            ),
            summary=(*_undone_lines(undone), *self.meaning(undone), *summary),
            warnings=(*self.warnings, *self.beyond(undone[-1])),
            notes=tuple(self.notes()),
            undone=tuple(undone),
            decisive=True,
        )

    def no_older_version(self, first: Commit) -> GitopsError:
        """There is no older state; a rollback never removes the environment."""
        if former := former_name(first, self.name):
            return GitopsError(
                f"`{self.name}` was called `{former}` before {_line(first)}",
                f"`gitops-gen env rename {self.name} {former}` restores the old name",
            )
        return GitopsError(
            f"`{self.name}` has no older version: it did not exist before {_line(first)}",
            f"set another release: `gitops-gen promote FROM {self.name}` or `gitops-gen set {self.name} KEY=VALUE`",
        )

    def last(self, since: str = "") -> list[Commit]:
        """The commits that changed the environment's hand-written files, the newest first."""
        found = list(changes_of(self.opened, self.paths, limit=0 if since else 1, since=since))
        if found:
            return found
        if since:
            raise GitopsError(
                f"`{self.name}` has not changed since {since[:12]}", f"see `gitops-gen history {self.name}`"
            )
        raise self.unknown()

    def unknown(self) -> UsageError:
        names = self.opened.names()
        return UsageError(f"no commit has changed an environment `{self.name}`", did_you_mean(self.name, names))

    def restored(self) -> tuple[list[Commit], dict[str, str | None]]:
        """The files as they were before the last change, or at the commit that was named."""
        if self.request.to:
            target = revision(self.opened.folder, self.request.to)
            undone = self.last(since=target)
        else:
            undone = self.last()
            target = undone[0].parent
            self.require_one_past(undone[0])
        self.require_history(undone[-1])
        return undone, texts_at(self.opened.folder, target, self.paths)

    def require_history(self, undone: Commit) -> None:
        if not undone.parent and self.checkout.is_shallow:
            raise GitopsError("the clone is shallow: older commits are missing", "run `git fetch --unshallow` first")

    def require_one_past(self, undone: Commit) -> None:
        """A merge of two lines that both changed the environment has two earlier states, and only one of them ran.
        If it is unknown which, a guess could deploy a state that never ran.
        """
        if len(undone.merged) > 1:
            parts = ", ".join(commit.id[:12] for commit in undone.merged)
            self.warnings.append(f"{undone.id[:12]} merged {parts}; to undo one of them only: `--undo COMMIT`")
        if undone.is_certain or not (found := rivals(self.opened.folder, undone, self.paths)):
            return
        states = " or ".join(f"`gitops-gen rollback {self.name} --to {oid[:12]}`" for oid in found)
        raise GitopsError(
            f"{_line(undone)} merged branches that both changed `{self.name}`, and it is unknown which is the "
            "branch that Argo CD follows",
            f"choose the state to restore: {states}; see `gitops-gen history {self.name}`",
        )

    def undone_commit(self) -> tuple[list[Commit], dict[str, str | None]]:
        """The files without what one commit changed, all later changes kept."""
        folder, base = self.opened.folder, self.opened.base
        oid = revision(folder, self.request.undo)
        undone = next(changes_of(self.opened, self.paths, limit=1, until=oid), None)
        if undone is None or undone.id != oid:
            raise GitopsError(f"{oid[:12]} did not change `{self.name}`", f"see `gitops-gen history {self.name}`")
        if not is_part(folder, oid, base):
            raise GitopsError(
                f"{oid[:12]} is not on this branch: nothing to undo",
                f"see `gitops-gen history {self.name}`",
            )
        self.require_history(undone)
        then, ours, theirs = (texts_at(folder, at, self.paths) for at in (oid, base, undone.parent))
        return [undone], {path: self.without(path, then[path], ours[path], theirs[path]) for path in self.paths}

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
            yield from map(described, differences(old or {}, new or {}))

    def meaning(self, undone: Sequence[Commit]) -> Iterator[str]:
        """A note that the undone change was itself a rollback."""
        if subject(undone, self.name).startswith("Reapply"):
            what = f" of {undone[0].source[:12]}" if undone[0].source else ""
            yield f"That was a rollback{what}: the changes that it undid are restored"

    def beyond(self, oldest: Commit) -> Iterator[str]:
        """What the environment also depends on, and what this does not undo."""
        project = self.opened.project(self.name).spec
        shared = [path for path in read_for(self.name) if path not in self.paths]
        if project.chart.path and not self.pinned():
            shared.append(project.chart.path)
        for commit in changes_of(self.opened, shared, since=oldest.parent) if oldest.parent else ():
            yield f"{commit.id[:12]} {printable(commit.subject)} changed shared inputs and is not undone"

    def pinned(self) -> bool:
        return self.name in self.opened.names() and self.opened.environment(self.name).pinned

    def notes(self) -> Iterator[str]:
        name = application_name(self.opened.project(self.name).spec, self.name)
        yield (
            "git cannot undo these effects: database schemas, data, messages that were sent, volumes that were pruned; "
            "a Job whose older version was deleted runs again"
        )
        plan = self.plan()
        cut = f"`argocd app terminate-op {name}`"
        if not plan or plan.policy.names_paths:
            cut = f"{cut} and then `argocd app sync {name}`"
        yield f"it waits for a sync that is running, {_longest_wait(plan)}; to end it earlier: {cut}"

    def plan(self) -> SyncPlan | None:
        """The sync of what is there now; None when it is unknown."""
        try:
            return plan_environment(self.opened, self.name).plan
        except GitopsError:
            return None


def _line(commit: Commit) -> str:
    """A commit in words; of a merge that brought one change in, that change."""
    inner = f", which merged {commit.merged[0].subject}" if len(commit.merged) == 1 else ""
    return printable(f"{commit.id[:12]} {commit.subject}{inner} ({commit.author}, {commit.date[:10]})")


def _undone_lines(undone: Sequence[Commit]) -> Iterator[str]:
    yield from (f"Undo {_line(commit)}" for commit in undone[:_SHOWN])
    if len(undone) > _SHOWN:
        yield f"Undo {len(undone) - _SHOWN} more, the oldest of them {_line(undone[-1])}"


def subject(undone: Sequence[Commit], environment: str) -> str:
    """The subject of the commit that undoes these. The undoing of a rollback is git's own "Reapply", so that subjects
    do not nest (https://git-scm.com/docs/git-revert).
    """
    if len(undone) > 1:
        return f"Revert {len(undone)} changes in {environment}"
    word, what = "Revert", _title(undone[0])
    while match := _UNDOING.fullmatch(what):
        word = "Reapply" if (match["word"] == "Revert") == (word == "Revert") else "Revert"
        what = match["what"] or match["count"]
    quoted = what if _COUNT.fullmatch(what) else f'"{what}"'
    return f"{word} {quoted} in {environment}"


def _title(commit: Commit) -> str:
    """What a commit is called in the subject of its undoing: printable, in one line."""
    named = commit.merged[0] if len(commit.merged) == 1 else commit
    return printable(named.subject)


def _longest_wait(plan: SyncPlan | None) -> str:
    if plan is None:
        return "for an unknown time"
    bounds = (plan.first_bound.seconds, plan.later_bound.seconds)
    known = [bound for bound in bounds if bound is not None]
    return f"at most {text(max(known))}" if len(known) == len(bounds) else "which may never end"

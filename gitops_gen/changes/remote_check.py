"""Compares a decision on the remote's current state with the one on the state that the user saw."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from gitops_gen.changes.decision import Decision
from gitops_gen.changes.incoming import Meeting, commits_between, met, said, wanted_keys, who_changed
from gitops_gen.changes.project_history import values_at
from gitops_gen.errors import GitopsError
from gitops_gen.git.checkout import Checkout
from gitops_gen.git.runner import ask, run
from gitops_gen.models.layout import RELEASE_FILE, environment_of_input, hand_written
from gitops_gen.yaml.editing.data import same
from gitops_gen.yaml.key_paths import dotted

_FOLLOWS = frozenset({"rollback", "env rename"})
"""Changes that are about the state of their environment as it is, whoever made it: there is nothing to overwrite."""

_SAID = 3
_RELEASE_DEPTH = 3
_TRAILER = re.compile(r"^(Change|Environment|Source-Commit): (\S+)$", re.MULTILINE)
_PROMOTED = re.compile(r"^Promote (\S+) to ", re.MULTILINE)


class RemoteCheck:
    """The decision that the user could foresee (None: there was none), and the commit that it was made on."""

    def __init__(self, checkout: Checkout, where: str, known: Decision | None) -> None:
        self.checkout, self.where, self.known = checkout, where, known
        self.project, self.head = checkout.project, checkout.head

    def compared(self, fresh: Decision, base: str) -> tuple[Decision, list[str]]:
        """The decision to go on with, and what to say about it.

        Raises `GitopsError` when it would overwrite what somebody else chose and the user has not seen.
        """
        if done := self._done_by(base):
            return replace(
                fresh, changes=(), draft=replace(fresh.draft, summary=(), warnings=(), notes=(), values=(), undone=())
            ), [done]
        if fresh.draft.message.change not in _FOLLOWS:
            keys = met(self.project, wanted_keys(fresh, base), self.head, base)
            conflicts = [item for item in keys if item.changed and not self._is_new(item.path)]
            if conflicts:
                raise self._stopped(conflicts, base)
        return fresh, list(self._recomputed(fresh))

    def _is_new(self, path: str) -> bool:
        """Whether the file is of an environment that did not exist."""
        name = environment_of_input(path)
        return bool(name) and not any(values_at(self.project, [(self.head, file) for file in hand_written(name)]))

    def _done_by(self, base: str) -> str:
        """What to say when others have done already what was decided; else nothing. So a rollback is not rolled back
        by a second person who had not seen the first one's.
        """
        if self.known is None or not self.known.changes:
            return ""
        keys = list(met(self.project, wanted_keys(self.known, self.head), self.head, base))
        changed = [item for item in keys if item.changed]
        if not changed or not all(item.agrees for item in keys):
            return ""
        who = self._who(changed[0], base)
        return f"{self.where} already has this change: {'; '.join(islice(self.known.draft.summary, _SAID))}{who}"

    def _who(self, item: Meeting, base: str) -> str:
        found = who_changed(self.project, self.head, base, item.path, item.key)
        return f" by {found.described}" if found else ""

    def _recomputed(self, fresh: Decision) -> Iterator[str]:
        if self.known is not None and self.known.draft.summary != fresh.draft.summary:
            before = "; ".join(islice(self.known.draft.summary, _SAID)) or "no change"
            yield f"computed again from {self.where}; the local state would have given: {before}"

    def _stopped(self, conflicts: list[Meeting], base: str) -> GitopsError:
        me = run(self.project, "var", "GIT_AUTHOR_IDENT").rpartition(" <")[0] or "you"
        lines = [
            f"{item.path}: {dotted(item.key) or 'the file'}: was changed on both sides: "
            f"{said(item.mine)} by {me} (this command), {said(item.theirs)}{self._who(item, base)}"
            for item in conflicts
        ]
        pull = f"git pull --rebase {self.where.replace('/', ' ', 1)}"
        return GitopsError(
            "\n".join((f"conflicts with changes on {self.where}:", *lines)),
            f"nothing was changed; run `{pull}`, then run this command again if it is still needed",
        )


def unpushed(checkout: Checkout, tip: str) -> Iterator[str]:
    """A line for each commit of the branch that was not pushed and goes along."""
    for commit in reversed(commits_between(checkout.project, tip, checkout.head)):
        yield f"also pushed, because it was not pushed yet: {commit.id[:12]} {commit.subject}"


def require_current_promotions(checkout: Checkout, tip: str, where: str) -> None:
    """Raise `GitopsError` when a promotion that was committed here, and goes along with a push, gives away a release
    that its source does not run any more on the remote.
    """
    project = checkout.project
    base = ask(project, "merge-base", checkout.head, tip).text.strip()
    if not base or base == tip:
        return
    for commit in commits_between(project, tip, checkout.head):
        for path in _sources(project, commit.id):
            before, after = values_at(project, [(base, path), (tip, path)])
            if not same(before, after):
                raise GitopsError(
                    f"{commit.id[:12]} ({commit.subject}) was not pushed yet, and {path} has changed on {where}",
                    f"nothing was changed; drop that commit (`git rebase --interactive {where}`) and promote again",
                )


def _sources(project: Path, commit: str) -> list[str]:
    """The release files that a promotion took its release from; nothing for any other commit."""
    body = run(project, "log", "-1", "--format=%B", commit)
    trailers = dict(_TRAILER.findall(body))
    if trailers.get("Change") != "promote" or not trailers.get("Source-Commit"):
        return []
    targets = {name for key, name in _TRAILER.findall(body) if key == "Environment"}
    arguments = ("diff-tree", "-r", "--root", "--no-commit-id", "--name-only", "-z", "--relative")
    paths = ask(project, *arguments, trailers["Source-Commit"]).text.split("\0")
    places = [parts for path in paths if len(parts := path.split("/")) == _RELEASE_DEPTH and parts[2] == RELEASE_FILE]
    releases = {parts[1]: "/".join(parts) for parts in places}
    named = _PROMOTED.search(body)
    if named and named[1] in releases:
        return [releases[named[1]]]
    return [path for name, path in releases.items() if name not in targets]

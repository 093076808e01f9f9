"""Pushing beside other writers. Who loses the race takes what the others pushed, puts the own commits on top (inputs
merged key by key, generated files made anew, never merged) and tries again, all in a checkout of its own; the user's
is moved last.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.command import GitError, ask, blobs, run
from gitops_gen.git.journal import add_worktree, remove_worktree, transaction
from gitops_gen.git.state import Checkout, Remote, read_checkout, remote_of, unmerged

ATTEMPTS = 100
"""Somebody wins each race; with this many the odds of losing all of them against 16 others are below 1 in 500."""

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0
_LOST = (
    "fetch first",
    "non-fast-forward",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
    "stale info",
)

Resolve = Callable[[Path, list[str]], None]
"""Makes the checkout at a folder right again: the project's folder there and the conflicting paths (from the git root).

Brings generated files up to date and merges inputs, so that no path is left in conflict; else raises `GitopsError`.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What a push did: the commit that arrived, where, at which attempt, and whether the checkout could follow."""

    commit: str
    remote: str
    branch: str
    attempts: int
    followed: bool


class LostRaceError(GitopsError):
    """Others were faster every time."""


def publish(project: Path, resolve: Resolve) -> Published:
    """Push the branch that is checked out. Raises `GitopsError`: a real conflict, a refusal, or too many lost races."""
    checkout = read_checkout(project)
    target = remote_of(checkout)
    commit = checkout.head
    try:
        for attempt in range(1, ATTEMPTS + 1):
            if push(project, target, commit):
                followed = commit == checkout.head or _follow(checkout, commit)
                return Published(
                    commit=commit, remote=target.name, branch=target.branch, attempts=attempt, followed=followed
                )
            time.sleep(_wait(attempt))
            commit = _Replay(checkout, target, resolve).onto(_fetched(project, target))
    finally:
        remove_worktree(project)
    raise LostRaceError(
        f"others pushed to {target.name}/{target.branch} first, {ATTEMPTS} times in a row",
        "the commit is kept here: run `git pull --rebase && gitops-gen generate && git push` when it is quieter",
    )


def push(project: Path, target: Remote, commit: str) -> bool:
    """Push one commit; False when somebody else was faster. Raises `GitError` for any other refusal."""
    answer = ask(project, "push", "--quiet", "--porcelain", "--", target.name, f"{commit}:{target.ref}")
    if not answer.code:
        return True
    said = answer.text + answer.err
    if any(word in said for word in _LOST):
        return False
    raise GitError(("push",), answer)


def _wait(attempt: int) -> float:
    """Random, growing at first so that many writers spread out, then shrinking so that nobody starves."""
    longest = min(_FIRST_WAIT * 2 ** min(attempt, 8), _LONGEST_WAIT) / max(1, attempt - 8)
    return random.uniform(0, longest)  # noqa: S311 - no secret


def _fetched(project: Path, target: Remote) -> str:
    run(project, "fetch", "--quiet", "--no-tags", "--", target.name, target.ref)
    return run(project, "rev-parse", "FETCH_HEAD").strip()


class _Replay:
    """The commits that the remote does not have, made again on top of what it has."""

    def __init__(self, checkout: Checkout, target: Remote, resolve: Resolve) -> None:
        self.checkout, self.target, self.resolve = checkout, target, resolve

    def onto(self, base: str) -> str:
        """The last of the new commits."""
        project = self.checkout.project
        mine = run(project, "rev-list", "--reverse", "--no-merges", f"{base}..{self.checkout.head}").split()
        place = add_worktree(project, "--detach", base)
        for commit in mine:
            self.pick(place, commit)
        return run(place, "rev-parse", "HEAD").strip()

    def pick(self, place: Path, commit: str) -> None:
        answer = ask(place, "cherry-pick", "--no-commit", "--allow-empty", commit)
        conflicts = unmerged(place)
        if answer.code and not conflicts:
            raise GitError(("cherry-pick",), answer)
        try:
            self.resolve(place / self.checkout.prefix, conflicts)
        except GitopsError as error:
            raise self.stopped(error) from error
        run(place, "add", "--all")
        if ask(place, "diff", "--cached", "--quiet").code:
            run(place, "commit", "--quiet", "--no-verify", "--cleanup=verbatim", f"--reuse-message={commit}")

    def stopped(self, error: GitopsError) -> GitopsError:
        where = f"{self.target.name}/{self.target.branch}"
        pull = f"git pull --rebase {self.target.name} {self.target.branch}"
        hint = f"nothing was pushed and your commit is kept here; run `{pull}`"
        reasons = "".join(f"\n{line}" for line in (str(error), *_problems(error)))
        return GitopsError(f"{where} has changes that this one does not go together with:{reasons}", hint)


def _problems(error: GitopsError) -> Iterator[str]:
    for problem in getattr(error, "problems", ()):
        yield ": ".join(part for part in (problem.place, problem.key, problem.message) if part)


def _follow(checkout: Checkout, commit: str) -> bool:
    """Move the branch and the files to the commit that was pushed; not when that would touch what is being edited."""
    project = checkout.project
    paths = run(project, "diff", "--name-only", "--relative", "--no-renames", "-z", checkout.head, commit, "--", ".")
    inside = paths.split("\0")[:-1]
    if any(path in read_checkout(project).changed for path in inside):
        return False
    contents = dict(zip(inside, blobs(project, [f"{commit}:{checkout.prefix}{path}" for path in inside]), strict=True))
    with transaction(project, contents, committing=True):
        return not ask(project, "reset", "--quiet", "--keep", commit).code

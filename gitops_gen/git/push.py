"""Pushing with concurrent writers: the remote's state, a push on top of it, and why a push was rejected.

A race is lost only when the remote's branch has moved. Any other rejection is final and is reported.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.checkout import Checkout, Remote, read_checkout
from gitops_gen.git.journal import transaction
from gitops_gen.git.objects import contents_of
from gitops_gen.git.runner import Answer, GitError, ask, run

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0
_LOCKED = ("cannot lock ref", "failed to update ref", ".lock'")
_LASTING = ("cannot create", "not a directory")
"""Branches with conflicting names (`feat` and `feat/x`): git reports `cannot lock ref` for these as well."""

_LOCK_PATIENCE = 2.0
"""Seconds for a writer that holds the remote's lock to move the branch; a lock that stays longer is a stale one."""

_REMOTE = "remote: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What a push did: the commit that arrived, where, at which attempt, whether the checkout could follow, and what
    the remote said (such as where to open a pull request).
    """

    commit: str
    remote: str
    branch: str
    attempts: int
    followed: bool
    said: tuple[str, ...] = ()


def fetched(checkout: Checkout, target: Remote) -> str:
    """The commit that the remote's branch is at now, empty when there is no such branch. Raises `GitopsError`."""
    project = checkout.project
    known = ask(project, "rev-parse", "--verify", "--quiet", f"refs/remotes/{target.name}/{target.branch}").text.strip()
    answer = ask(project, "fetch", "--quiet", "--no-tags", "--", target.name, target.ref)
    if answer.code and "couldn't find remote ref" in answer.err:
        return ""
    if answer.code:
        raise _unreachable(answer, target)
    tip = run(project, "rev-parse", "FETCH_HEAD").strip()
    if known and not is_ancestor(project, known, tip) and is_ancestor(project, known, checkout.head):
        where = f"{target.name}/{target.branch}"
        raise GitopsError(
            f"{where} was rewritten: it no longer contains {known[:12]}, which is part of your branch",
            f"compare both with `git log --left-right HEAD...{where}`, then run `git rebase {where}`",
        )
    return tip


def _unreachable(answer: Answer, target: Remote) -> GitopsError:
    error = GitError(("fetch",), answer)
    error.hint = f"nothing was changed: the push needs the current state of {target.name}"
    return error


def is_ancestor(project: Path, older: str, newer: str) -> bool:
    """Whether one commit is part of the other's history (or the other itself)."""
    return not ask(project, "merge-base", "--is-ancestor", older, newer).code


def push(project: Path, target: Remote, commit: str, tip: str) -> tuple[str, ...] | None:
    """Push a commit that was made on top of `tip` (empty: the remote must not have the branch); gives what the remote
    said, None when its branch is not at `tip` any more. Raises `GitError` with git's own words for any other refusal.
    """
    lease = () if tip else (f"--force-with-lease={target.ref}:",)
    answer = ask(
        project, "push", "--quiet", "--porcelain", *lease, "--", target.name, f"{commit}:{target.ref}", own=True
    )
    if not answer.code:
        return tuple(remote_lines(answer))
    if _moved(project, target, tip, patient=_may_pass(answer)):
        return None
    raise GitError(("push",), answer)


def _may_pass(answer: Answer) -> bool:
    said = answer.text + answer.err
    return any(word in said for word in _LOCKED) and not any(word in said for word in _LASTING)


def _moved(project: Path, target: Remote, tip: str, *, patient: bool) -> bool:
    """Whether the remote's branch is elsewhere; with patience, soon."""
    deadline = time.monotonic() + (_LOCK_PATIENCE if patient else 0)
    while not (moved := _is_elsewhere(project, target, tip)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return moved


def _is_elsewhere(project: Path, target: Remote, tip: str) -> bool:
    answer = ask(project, "ls-remote", "--", target.name, target.ref)
    return not answer.code and answer.text.partition("\t")[0].strip() != tip


def remote_lines(answer: Answer) -> Iterator[str]:
    """What the remote itself printed, without characters that would steer a terminal."""
    for line in answer.err.replace("\r", "\n").splitlines():
        if line.startswith(_REMOTE):
            text = "".join(char if char.isprintable() else " " for char in line.removeprefix(_REMOTE)).rstrip()
            if text:
                yield text


def wait(attempt: int) -> None:
    """Wait before the next attempt: a random time, first growing to spread many writers, then shrinking so that
    each one gets its turn.
    """
    longest = min(_FIRST_WAIT * 2 ** min(attempt, 8), _LONGEST_WAIT) / max(1, attempt - 8)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - no secret


def follow(checkout: Checkout, commit: str, given_up: Sequence[str] = ()) -> bool:
    """Move the branch and the files to a commit that was made elsewhere; not when that would touch what is being
    edited, except the edits that are `given_up` because the commit has them.
    """
    project = checkout.project
    head = run(project, "rev-parse", "HEAD").strip()
    if head == commit:
        return True
    paths = run(project, "diff", "--name-only", "--relative", "--no-renames", "-z", head, commit, "--", ".")
    inside = paths.split("\0")[:-1]
    changed = read_checkout(project).changed
    if any(path in changed and path not in given_up for path in inside):
        return False
    found = contents_of(project, [f"{commit}:{checkout.prefix}{path}" for path in inside])
    contents = dict(zip(inside, found, strict=True))
    try:
        with transaction(project, contents, committing=True):
            if edits := [path for path in given_up if path in changed]:
                run(project, "checkout", "--quiet", "HEAD", "--", *edits, own=True)
            # `reset` takes a file with another time for an edited one.
            ask(project, "update-index", "-q", "--refresh", own=True)
            run(project, "reset", "--quiet", "--keep", commit, own=True)
    except GitError:
        return False
    return True

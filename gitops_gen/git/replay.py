"""The commits that the remote does not have yet, made again on top of what it has: inputs merged key by key, generated
files generated again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.checkout import Checkout, Remote, unmerged
from gitops_gen.git.push import is_ancestor
from gitops_gen.git.runner import GitError, ask, run
from gitops_gen.git.temporary_checkout import temporary_checkout


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """The two sides of a conflict: an unpushed commit, and the remote's commits since the merge base."""

    mine: str
    base: str
    tip: str


Resolve = Callable[[Path, list[str], Sides], list[str]]
"""Makes the checkout at a folder right again: the project's folder there, the conflicting paths (from the git root) and
whose they are.

Brings generated files up to date and merges inputs; gives the paths (from the project) that it wrote. Raises
`GitopsError` when a path stays in conflict.
"""


def joined(checkout: Checkout, target: Remote, tip: str, resolve: Resolve) -> str:
    """What to build on: the remote's `tip` with the commits of this branch that were not pushed on top of it.

    Raises `GitopsError` if they conflict.
    """
    project, head = checkout.project, checkout.head
    if not tip or is_ancestor(project, tip, head):
        return head
    if is_ancestor(project, head, tip):
        return tip
    return _Replay(checkout, target, resolve, tip).last()


class _Replay:
    """One run over the commits that were not pushed."""

    def __init__(self, checkout: Checkout, target: Remote, resolve: Resolve, tip: str) -> None:
        self.checkout, self.target, self.resolve, self.tip = checkout, target, resolve, tip
        self.where = f"{target.name}/{target.branch}"

    def last(self) -> str:
        """The last of the new commits."""
        project = self.checkout.project
        span = f"{self.tip}..{self.checkout.head}"
        if merge := run(project, "rev-list", "--merges", "--max-count=1", span).strip():
            raise GitopsError(
                f"{self.where} has new commits, and your branch has a merge commit that was not pushed ({merge[:12]})",
                f"nothing was changed; run `git pull --no-rebase {self.target.name} {self.target.branch}` first",
            )
        place = temporary_checkout(project, self.tip)
        for commit in run(project, "rev-list", "--reverse", span).split():
            self.pick(place, commit)
        return run(place, "rev-parse", "HEAD").strip()

    def pick(self, place: Path, commit: str) -> None:
        answer = ask(place, "cherry-pick", "--no-commit", "--allow-empty", commit)
        conflicts = unmerged(place)
        if answer.code and not conflicts:
            raise GitError(("cherry-pick",), answer)
        base = run(place, "merge-base", commit, self.tip).strip()
        project = place / self.checkout.prefix
        try:
            written = self.resolve(project, conflicts, Sides(mine=commit, base=base, tip=self.tip))
        except GitopsError as error:
            raise self.stopped(error, commit) from error
        _stage(project, written)
        if ask(place, "diff", "--cached", "--quiet").code:
            settings = ("--quiet", "--no-verify", "--cleanup=verbatim", f"--reuse-message={commit}")
            run(place, "commit", *settings)

    def stopped(self, error: GitopsError, commit: str) -> GitopsError:
        subject = run(self.checkout.project, "log", "-1", "--format=%s", commit).strip()
        reasons = "".join(f"\n{line}" for line in (*_problems(error),) or (str(error),))
        return GitopsError(
            f"{self.where} conflicts with the unpushed commit {commit[:12]} ({subject}):{reasons}",
            f"nothing was pushed; run `git pull --rebase {self.target.name} {self.target.branch}`, decide there "
            "(`gitops-gen generate` makes the generated files again), then run this again",
        )


def _stage(project: Path, paths: list[str]) -> None:
    if paths:
        chosen = ("--pathspec-from-file=-", "--pathspec-file-nul")
        run(project, "add", "--all", *chosen, stdin="\0".join(paths).encode(errors="surrogateescape"), own=True)


def _problems(error: GitopsError) -> Iterator[str]:
    for problem in getattr(error, "problems", ()):
        yield ": ".join(part for part in (problem.place, problem.key, problem.message) if part)

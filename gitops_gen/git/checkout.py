"""The state of a checkout, asked before anything is written: what would prevent a commit or make it
wrong.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError, Problem, UsageError, fail_if_any
from gitops_gen.git.lock import common_folder, state_folder
from gitops_gen.git.repository import git_root, prefix
from gitops_gen.git.runner import ask, run

_OPERATIONS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
_PUT_ASIDE = "commit it first, or put it aside: `git stash push -u -- FILE`, and `git stash pop` afterwards"
_STATUS = ("--no-renames", "--ignore-submodules=dirty")
"""Options of `git status`: it runs no git in submodules."""
_UNBORN = "(initial)"
_DETACHED = "(detached)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkout:
    """A project's git checkout: where it is, what is checked out and what differs from it.

    `head` is empty before the first commit and `branch` when HEAD is detached; `prefix` leads from the git root to the
    project (empty or ending in `/`); `changed` holds each path (from the project) that differs from HEAD, with the two
    letters of git.
    """

    project: Path
    git_dir: Path
    common_dir: Path
    prefix: str
    head: str
    branch: str
    upstream: str
    ahead: int
    behind: int
    changed: dict[str, str]

    @property
    def operation(self) -> str:
        """The operation in progress: `rebase`, `merge` …, or empty."""
        return operation(self.git_dir)

    @property
    def is_shallow(self) -> bool:
        """Whether older commits are missing."""
        return (self.common_dir / "shallow").is_file()


def operation(git_dir: Path) -> str:
    """The operation in progress in a checkout: `rebase`, `merge` …, or empty. Does not run git."""
    return next((name for file, name in _OPERATIONS.items() if (git_dir / file).exists()), "")


def read_checkout(project: Path) -> Checkout:
    """The checkout that `project` is in. Raises `GitopsError` when it is in none."""
    top = git_root(project.resolve())
    if top is None:
        raise GitopsError(f"{project} is not in a git repository", "run `git init` first")
    answer = ask(project, "status", "--porcelain=v2", "--branch", *_STATUS, "--untracked-files=all", "-z", "--", ".")
    if answer.code:
        raise GitopsError(f"git cannot read {top}: {answer.err.strip()}")
    git_dir = state_folder(project).parent
    return Checkout(
        project=project,
        git_dir=git_dir,
        common_dir=common_folder(git_dir),
        prefix=prefix(project),
        **_status(answer.text, prefix(project)),  # type: ignore[arg-type]  # one map of texts and counts
    )


def _status(text: str, inside: str) -> dict[str, object]:
    facts: dict[str, object] = {"head": "", "branch": "", "upstream": "", "ahead": 0, "behind": 0}
    changed: dict[str, str] = {}
    for record in text.split("\0"):
        kind, _, rest = record.partition(" ")
        if kind == "#":
            facts |= _fact(*rest.split(" ", 1))
        elif kind in _PATH_FIELD:
            path = rest.split(" ", _PATH_FIELD[kind])[-1]
            changed[path.removeprefix(inside)] = rest[:2] if kind != "?" else "??"
    return {**facts, "changed": changed}


_PATH_FIELD = {"1": 7, "u": 9, "?": 0}
"""The field of a path in the records of `git status --porcelain=v2` (https://git-scm.com/docs/git-status)."""


def _fact(name: str, value: str = "") -> dict[str, object]:
    match name:
        case "branch.oid":
            return {"head": "" if value == _UNBORN else value}
        case "branch.head":
            return {"branch": "" if value == _DETACHED else value}
        case "branch.upstream":
            return {"upstream": value}
        case "branch.ab":
            ahead, behind = value.split(" ")
            return {"ahead": int(ahead), "behind": -int(behind)}
    return {}


def require_committable(checkout: Checkout, *, detached: bool = False) -> None:
    """Raise `GitopsError` unless a commit can be made; `detached` says that no branch needs to be checked out."""
    if checkout.operation:
        raise GitopsError(
            f"a {checkout.operation} is in progress",
            f"finish or abort it first: `git {checkout.operation} --continue` or `--abort`",
        )
    if not checkout.branch and not detached:
        raise GitopsError("HEAD is detached: a commit would not be on any branch", "run `git switch BRANCH` first")
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        answer = ask(checkout.project, "var", who)
        if answer.code:
            raise GitopsError(
                "no git user is configured",
                'run `git config user.name "…"` and `git config user.email "…"` first',
            )


def require_clean(checkout: Checkout, paths: Iterable[str]) -> None:
    """Raise `ProblemsError` when one of the paths (from the project) has uncommitted changes."""
    fail_if_any(not_committed(path) for path in paths if path in checkout.changed)


def not_committed(path: str) -> Problem:
    """The problem of a file that has uncommitted changes."""
    return Problem(file=path, message="has uncommitted changes", hint=_PUT_ASIDE.replace("FILE", path))


def revision(project: Path, name: str) -> str:
    """The commit of a revision that the user typed; it is never passed to git as an option. Raises `UsageError`."""
    answer = ask(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if answer.code or name.startswith("-"):
        raise UsageError(
            f"`{name}` is an unknown revision", "use a commit, tag or branch; if it is not fetched yet, run `git fetch`"
        )
    return answer.text.strip()


def branch_name(project: Path, name: str) -> str:
    """The checked name of a new branch. Raises `UsageError`."""
    if name.startswith("-") or ask(project, "check-ref-format", f"refs/heads/{name}").code:
        raise UsageError(f"`{name}` is not a valid branch name", "see `git help check-ref-format`")
    if not ask(project, "show-ref", "--verify", "--quiet", f"refs/heads/{name}").code:
        raise UsageError(f"the branch `{name}` already exists", f"choose another name, or `git branch --delete {name}`")
    parents = [name[:at] for at, letter in enumerate(name) if letter == "/"]
    listed = run(project, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines()
    if rivals := [other for other in listed if other in parents or other.startswith(f"{name}/")]:
        raise UsageError(
            f"git cannot create a branch `{name}` while the branch `{rivals[0]}` exists", "choose another name"
        )
    return name


def create_branch(project: Path, name: str, commit: str) -> None:
    """Make the branch (a name that `branch_name` let through) at a commit."""
    run(project, "update-ref", f"refs/heads/{name}", commit, "")


def undo_commit(project: Path, made: str) -> None:
    """Undo the commit at HEAD: the files are not changed, and its changes are not staged."""
    run(project, "reset", "--quiet", "--soft", f"{made}^")
    unstage_commit(project, made)


def unstage_commit(project: Path, made: str) -> None:
    """Reset the index to HEAD for every path that a commit changed: what a hook adds to a commit of some files only is
    not in the user's index.
    """
    top = git_root(project.resolve()) or project
    paths = run(top, "diff", "--name-only", "--no-renames", "-z", f"{made}^", made, "--")
    run(top, "reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=paths.encode())


def unmerged(project: Path) -> list[str]:
    """The paths (from the git root) that a merge left in conflict."""
    return run(project, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]


def resolve(project: Path, owns: Callable[[str], bool]) -> tuple[str, ...]:
    """After a merge or the like that left conflicts: mark the conflicting paths (from the project)
    for which `owns` is true as resolved, as they are in the working tree. Returns these paths.
    """
    if git_root(project.resolve()) is None or not operation(state_folder(project).parent):
        return ()
    inside = prefix(project)
    paths = [path.removeprefix(inside) for path in unmerged(project) if path.startswith(inside)]
    ours = tuple(path for path in paths if owns(path))
    if ours:
        chosen = ("--pathspec-from-file=-", "--pathspec-file-nul")
        run(project, "add", "--all", *chosen, stdin="\0".join(ours).encode(), own=True)
    return ours


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """Where a branch is pushed to: the remote's name and the branch there."""

    name: str
    branch: str

    @property
    def ref(self) -> str:
        """The branch's full name on the remote."""
        return f"refs/heads/{self.branch}"


def remote_of(checkout: Checkout, branch: str = "") -> Remote:
    """Where `branch` (or the one checked out) is pushed to: its upstream, else the same name on the only remote.

    Raises `GitopsError` when there is no remote, or several and none of them is `origin`.
    """
    names = run(checkout.project, "remote").split()
    if not branch or branch == checkout.branch:
        merge = ask(checkout.project, "config", f"branch.{checkout.branch}.merge").text.strip()
        name = ask(checkout.project, "config", f"branch.{checkout.branch}.remote").text.strip()
        if name in names and merge.startswith("refs/heads/"):
            return Remote(name=name, branch=merge.removeprefix("refs/heads/"))
    target = branch or checkout.branch
    if "origin" in names or len(names) == 1:
        return Remote(name="origin" if "origin" in names else names[0], branch=target)
    hint = f"run `git push --set-upstream REMOTE {target}` once" if names else "add one: `git remote add origin URL`"
    raise GitopsError(f"no remote is configured to push `{target}` to", hint)

"""A second checkout of the repository, for commits that must not touch the user's files, index or branch.

It is stored in the state folder and has a separate git folder, in which `commondir` leads to the repository's objects,
refs, hooks and configuration (https://git-scm.com/docs/gitrepository-layout). Unlike `git worktree add` nothing of it
is registered in the repository: what a kill leaves behind is one folder, which the next command removes. `git worktree
prune` is never run: it would destroy worktrees of the user's that are not mounted now.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.lock import common_folder, state_folder
from gitops_gen.git.runner import ask, run

FOLDER = "temporary-checkout"
_WORKTREE = "worktree"
"""The folder in which earlier versions kept a worktree."""

_WHOLE = ("-c", "core.sparseCheckout=false", "-c", "core.autocrlf=false")
"""The options that write the whole tree, with the line ends of the commit."""


def temporary_checkout(project: Path, commit: str) -> Path:
    """The top of the second checkout, with `commit` checked out and HEAD detached there. Raises `GitopsError`."""
    git_dir = state_folder(project).parent
    place = state_folder(project) / FOLDER
    if not (place / ".git" / "HEAD").is_file():
        _prepare(place, git_dir)
    (place / ".git" / "HEAD").write_text(f"{commit}\n", encoding="utf-8")
    if Path(run(place, "rev-parse", "--absolute-git-dir").strip()).resolve() != (place / ".git").resolve():
        raise GitopsError(f"git does not accept {place} as a checkout", "remove that folder and run the command again")
    run(place, *_WHOLE, "read-tree", "--reset", "-u", commit)
    run(place, *_WHOLE, "clean", "-d", "--force", "--quiet")
    return place


def _prepare(place: Path, git_dir: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    own = place / ".git"
    own.mkdir(parents=True)
    (own / "commondir").write_bytes(os.fsencode(f"{common_folder(git_dir).resolve()}\n"))
    settings = git_dir / "config.worktree"
    if settings.is_file():
        shutil.copyfile(settings, own / "config.worktree")
        for name in ("core.worktree", "core.bare", "core.sparseCheckout", "core.sparseCheckoutCone"):
            ask(own, "config", "--file", os.fspath(own / "config.worktree"), "--unset-all", name)


def hooks_setting(project: Path) -> tuple[str, ...]:
    """The option that makes git run the user's hooks in the second checkout: a relative `core.hooksPath` is resolved
    from the top of their checkout, which also has the ignored files.
    """
    answer = ask(project, "config", "--type=path", "--get", "core.hooksPath", own=True)
    path = answer.text.rstrip("\n")
    if answer.code or not path or os.path.isabs(path):
        return ()
    top = run(project, "rev-parse", "--show-toplevel").rstrip("\n")
    return ("-c", f"core.hooksPath={top}/{path}")


def remove_temporary_checkout(project: Path) -> None:
    """Remove the second checkout and the worktrees of earlier versions; worktrees of the user are kept."""
    state = state_folder(project)
    for name in (FOLDER, _WORKTREE):
        shutil.rmtree(state / name, ignore_errors=True)
    for folder in _registered(state):
        shutil.rmtree(folder, ignore_errors=True)


def _registered(state: Path) -> Iterator[Path]:
    """The entries of `.git/worktrees` that an earlier version made for its worktree."""
    for entry in (common_folder(state.parent) / "worktrees").glob(f"{_WORKTREE}*"):
        link = entry / "gitdir"
        if link.is_file():
            if (entry / link.read_text(encoding="utf-8").strip()).resolve() == (state / _WORKTREE / ".git").resolve():
                yield entry
        elif re.fullmatch(rf"{_WORKTREE}\d*", entry.name) and {path.name for path in entry.iterdir()} <= {"locked"}:
            # Left by a `git worktree add` that was killed at its start: it contains no data.
            yield entry

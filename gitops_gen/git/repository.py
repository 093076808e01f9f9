"""Questions to the git repository that a project lies in."""

import io
import posixpath
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.errors import GitopsError
from gitops_gen.git.runner import forget_hook
from gitops_gen.models.layout import PROJECT_FILE
from gitops_gen.runtime.programs import run

if TYPE_CHECKING:
    import git


def git_root(folder: Path) -> Path | None:
    """The top of the working tree that holds `folder`, None outside of any; found by name, without running git."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
        if (candidate / "HEAD").is_file() and (candidate / "objects").is_dir():
            return None  # a bare repository, or what is inside of `.git`
    return None


def prefix(project: Path) -> str:
    """The project's path in its git repository: empty, or ending in `/`."""
    top = git_root(project.resolve())
    inside = project.resolve().relative_to(top).as_posix() if top else "."
    return "" if inside == "." else f"{inside}/"


def other_projects(project: Path) -> list[Path]:
    """The folders of the repository that hold a tracked gitops.yaml, but `project`; none outside of a repository.

    Raises `ProcessError` when git cannot be asked.
    """
    top = git_root(project.resolve())
    if top is None:
        return []
    forget_hook()
    # Not by `ask`: GitPython's import takes longer than all the rest of a run that finds nothing to do.
    listed = run(["git", "-C", str(top), "ls-files", "-z", "--", f":(glob)**/{PROJECT_FILE}"])
    folders = sorted({(top / path).parent for path in listed.split("\0") if path})
    return [folder for folder in folders if folder != project.resolve() and (folder / PROJECT_FILE).is_file()]


def export(project: Path, revision: str, path: str, target: Path) -> None:
    """Write the folder `path` (in the project) as it was at `revision` below `target`. Raises `GitopsError`.

    Read from git's objects: the working tree is left alone.
    """
    repository = _open(project)
    import git

    if revision.startswith("-"):
        raise GitopsError(f"`{revision}` is no revision")
    try:
        inside = posixpath.normpath(prefix(project) + path)  # git takes no `..` there
        archive = repository.git.archive("--format=tar", f"{revision}:{inside}", stdout_as_string=False)
    except git.GitCommandError as error:
        raise GitopsError(
            f"`{path}` cannot be read at revision `{revision}`: {_said(error)}",
            "name a tag or commit that has it; if it is not here yet: `git fetch --tags`",
        ) from error
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(target, filter="data")


def _said(error: "git.GitCommandError") -> str:
    """What git printed, without GitPython's frame around it."""
    return str(error.stderr).strip().removeprefix("stderr: '").removesuffix("'").removeprefix("fatal: ").strip()


def _open(project: Path) -> "git.Repo":
    import git

    forget_hook()
    try:
        return git.Repo(project, search_parent_directories=True)
    except git.InvalidGitRepositoryError as error:
        raise GitopsError(f"{project} is not in a git repository", "run `git init` first") from error

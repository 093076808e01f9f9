"""Questions to the git repository that a project is in."""

from pathlib import Path

from gitops_gen.git.runner import listing
from gitops_gen.models.layout import PROJECT_FILE


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
    listed = listing(top, "ls-files", "-z", "--", f":(glob)**/{PROJECT_FILE}")
    folders = sorted({(top / path).parent for path in listed.split("\0") if path})
    return [folder for folder in folders if folder != project.resolve() and (folder / PROJECT_FILE).is_file()]

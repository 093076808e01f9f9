"""The place where a project begins: the folder, the git repository around it, and the files in it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from gitops_gen.errors import UsageError
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import git_root
from gitops_gen.git.runner import ask
from gitops_gen.models.layout import PROJECT_FILE
from gitops_gen.project.projects import Projects

WELCOME = (
    ".git",
    ".github",
    ".gitlab",
    ".gitlab-ci.yml",
    ".gitea",
    ".forgejo",
    ".circleci",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".editorconfig",
    ".mailmap",
    ".pre-commit-config.yaml",
    ".DS_Store",
    ".idea",
    ".vscode",
    "README*",
    "LICENSE*",
    "LICENCE*",
    "COPYING*",
    "NOTICE*",
    "AUTHORS*",
    "CHANGELOG*",
    "CODE_OF_CONDUCT*",
    "CODEOWNERS",
    "CONTRIBUTING*",
    "SECURITY*",
    "renovate.json",
)
"""What a fresh clone may hold: files about the repository, which are kept as they are."""
_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetFolder:
    """A folder, which may not exist yet, and the top of the git repository around it, None outside of any."""

    folder: Path
    top: Path | None

    @property
    def inside(self) -> str:
        """The folder's path in its repository; empty for the top itself, or outside of any."""
        path = self.folder.relative_to(self.top).as_posix() if self.top else "."
        return "" if path == "." else path

    @property
    def root(self) -> Path:
        """The folder of files that are read at the top of a repository only."""
        return self.top or self.folder


def inspect_target(folder: Path) -> TargetFolder:
    """The target at `folder`. Raises `UsageError` naming what is in the way there."""
    here = folder.resolve()
    if here.exists() and not here.is_dir():
        raise UsageError(f"{folder} is a file", "choose a folder")
    if above := next((parent for parent in here.parents if parent.exists() and not parent.is_dir()), None):
        raise UsageError(f"{above} is a file", "choose another folder")
    if names := sorted(_in_the_way(here)):
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        found = ", ".join(names[:_SHOWN]) + more
        if PROJECT_FILE in names:
            raise UsageError(
                f"{folder} already contains a project: {found}", "add environments with `gitops-gen env add`"
            )
        hint = "choose an empty folder, a fresh clone, or a new folder in this repository, such as `gitops`"
        raise UsageError(f"{folder} is not empty; in the way: {found}", hint)
    return TargetFolder(folder=here, top=git_root(here))


def project_names(target: TargetFolder) -> dict[str, str]:
    """The projects of the repository by their names, each with its folder: tracked, or not committed yet."""
    if target.top is None:
        return {}
    listing = ("ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", f":(glob)**/{PROJECT_FILE}")
    paths = ask(target.top, "--no-literal-pathspecs", *listing).text.split("\0")
    folders = [(target.top / path).parent for path in sorted({*filter(None, paths)}) if (target.top / path).is_file()]
    read = [(Projects(Root(folder)).top, folder) for folder in folders]
    return {project.spec.name: folder.relative_to(target.top).as_posix() for project, folder in read if project}


def _in_the_way(folder: Path) -> Iterator[str]:
    for name in os.listdir(folder) if folder.is_dir() else ():
        if not any(fnmatch(name, pattern) for pattern in WELCOME):
            yield f"{name}/" if (folder / name).is_dir() and not (folder / name).is_symlink() else name

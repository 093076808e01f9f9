"""What a sparse checkout leaves out: files that the index has and the working tree has not. They are neither missing
nor removed (https://git-scm.com/docs/git-sparse-checkout).
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gitops_gen.git.lock import state_folder
from gitops_gen.git.repository import git_root
from gitops_gen.git.runner import listing
from gitops_gen.models.layout import environment_of_input


@dataclass(frozen=True)
class Absent:
    """The files of a project that are not checked out, as paths in it."""

    paths: frozenset[str] = frozenset()

    @cached_property
    def environments(self) -> frozenset[str]:
        """The environments of which a hand-written file is not checked out."""
        return frozenset(filter(None, map(environment_of_input, self.paths)))

    def is_partial(self, folder: str) -> bool:
        """Whether something below a folder of the project is not checked out."""
        return any(path.startswith(f"{folder}/") for path in self.paths)

    @property
    def notice(self) -> str:
        """A notice of the environments that are not checked out; empty if there are none."""
        if not self.environments:
            return ""
        return f"not checked out and skipped: {', '.join(sorted(self.environments))}"


NOTHING = Absent()
"""For a checkout that is not sparse."""


def checking_out(path: str) -> str:
    """A hint how to check out a path of the project."""
    return f"check it out: `git sparse-checkout add {path}`"


def absent_files(project: Path, *, surely: bool = False) -> Absent:
    """What is not checked out of a project. Git is asked only in a sparse checkout, or when `surely` must be known:
    somebody may have set the bit of a single file. Raises `ProcessError` when git cannot be asked.
    """
    if git_root(project.resolve()) is None:
        return NOTHING
    if not surely and not (state_folder(project).parent / "info/sparse-checkout").is_file():
        return NOTHING
    listed = listing(project, "ls-files", "-t", "-z", "--", ".").split("\0")
    skipped = (entry[2:] for entry in listed if entry.startswith("S "))
    return Absent(frozenset(path for path in skipped if not os.path.lexists(project / path)))

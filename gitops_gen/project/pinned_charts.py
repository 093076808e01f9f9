"""Charts of this repository as they were at the revisions that environments pin, each written out once."""

import tempfile
import weakref
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.snapshot import CommitFiles, Repository
from gitops_gen.project.chart_places import ChartPlaces
from gitops_gen.project.local_dependencies import need_chart
from gitops_gen.runtime.scratch import scratch

_BRANCHES = ("refs/heads/", "refs/remotes/")
_HINT = "name a tag or commit that has it; if this clone does not have it yet: `git fetch --tags`"


class PinnedCharts:
    """The charts of the repository that a project is in. Their files are removed with this object, or with the process:
    an engine may read from them until then.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        self._folders: dict[tuple[str, str], Path] = {}

    @cached_property
    def _repository(self) -> Repository:
        return Repository(self._project)

    @cached_property
    def _scratch(self) -> Path:
        stack = ExitStack()
        weakref.finalize(self, stack.close)
        return stack.enter_context(scratch()).resolve()

    def folder(self, path: str, revision: str) -> tuple[Path, str]:
        """The chart's folder (`path` counts from the git root) as it was at the revision, and the commit. Raises
        `GitopsError`.

        The bytes are those of git's objects. `git archive` would obey `export-ignore` and `export-subst`
        (https://git-scm.com/docs/git-archive#ATTRIBUTES), which Argo CD's checkout does not.
        """
        unreadable = f"`{path}` cannot be read at revision `{revision}`"
        try:
            commit = self._repository.commit(revision)
        except UsageError as error:
            raise GitopsError(f"{unreadable}: {error}", f"{_HINT}; {error.hint}") from error
        if (commit, path) not in self._folders:
            if not self._repository.files(commit, [path]):
                raise GitopsError(f"{unreadable}: it has no such folder", _HINT)
            self._folders[commit, path] = self._written(commit, path)
        return self._folders[commit, path], commit

    def require_fixed(self, revision: str) -> None:
        """Raise `GitopsError` for a branch: Argo CD follows it, with no commit here that says so."""
        if self._repository.has(revision) and self._repository.full_name(revision).startswith(_BRANCHES):
            raise GitopsError(f"`{revision}` is a branch, which pins nothing", "name a tag or a commit")

    def _written(self, commit: str, path: str) -> Path:
        top = Path(tempfile.mkdtemp(dir=self._scratch))
        need_chart(CommitFiles(self._repository, commit, top), path)
        return ChartPlaces(top, top, "").folder(path)

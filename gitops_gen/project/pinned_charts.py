"""Charts that environments pin: those of this repository as they were at a revision, each written out once, and
archives of Helm repositories that were pulled.
"""

import tempfile
import weakref
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.paths import Root
from gitops_gen.git.snapshot import CommitFiles, Repository
from gitops_gen.helm.engine import ChartError
from gitops_gen.models.layout import PULLED
from gitops_gen.project.chart_folders import ChartFolders
from gitops_gen.project.environment import ChartSource
from gitops_gen.project.local_dependencies import need_chart
from gitops_gen.runtime.scratch import scratch

_BRANCHES = ("refs/heads/", "refs/remotes/")
_HINT = "name a tag or commit that has it; if this clone does not have it yet: `git fetch --tags`"


class PinnedCharts:
    """The pinned charts of a project. The files of those at a revision are removed with this object, or with the
    process: an engine may read from them until then.
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

    def pulled(self, source: ChartSource) -> Path:
        """Where the archive of a Helm repository's chart is expected. Raises `PathError`."""
        return self._project / Root(self._project).resolved(f"{PULLED}/{source.name}-{source.version}.tgz")

    def is_available(self, source: ChartSource) -> bool:
        """Whether the chart is available offline."""
        return not source.repository or self.pulled(source).is_file()

    def archive(self, source: ChartSource) -> Path:
        """The archive of a Helm repository's chart. Raises `ChartError`."""
        if not self.is_available(source):
            raise ChartError(f"the chart {source.label} is not pulled", pull_hint(source))
        return self.pulled(source)

    def folder(self, path: str, revision: str) -> Path:
        """The chart's folder (`path` counts from the git root) as it was at the revision. Raises `GitopsError`.

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
        return self._folders[commit, path]

    def require_fixed(self, revision: str) -> None:
        """Raise `GitopsError` for a branch: Argo CD follows it, with no commit here that says so."""
        if self._repository.has(revision) and self._repository.full_name(revision).startswith(_BRANCHES):
            raise GitopsError(f"`{revision}` is a branch, which pins nothing", "name a tag or a commit")

    def _written(self, commit: str, path: str) -> Path:
        top = Path(tempfile.mkdtemp(dir=self._scratch))
        need_chart(CommitFiles(self._repository, commit, top), path)
        return ChartFolders(top, top, "").folder(path)


def pull_hint(source: ChartSource) -> str:
    """The command that pulls a Helm repository's chart."""
    oci = source.repository.startswith("oci://")
    chart = f"{source.repository}/{source.name}" if oci else f"{source.name} --repo {source.repository}"
    return f"mkdir -p {PULLED} && helm pull {chart} --version {source.version} --destination {PULLED}"

"""The rendered difference that a draft makes: changed inputs that are not written anywhere yet."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property

from gitops_gen.compare.fleet import Engines
from gitops_gen.compare.model import Difference
from gitops_gen.compare.sides import SharedCharts, Side
from gitops_gen.compare.states import between_sides
from gitops_gen.errors import fail_if_any
from gitops_gen.git.paths import PathError
from gitops_gen.git.repository import git_root
from gitops_gen.git.snapshot import SHA1_LENGTH, WorkingFiles
from gitops_gen.models.layout import PROJECT_FILE, read_for
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.pinned_charts import PinnedCharts

Texts = Mapping[str, str | None]


def draft_difference(project: OpenProject, old: Texts, new: Texts, engines: Engines) -> Difference:
    """What Argo CD would apply with the files `old` in the project, and with `new` in their place (None: no such file).

    Raises `ProblemsError` when gitops.yaml is invalid on either side.
    """
    charts = SharedCharts(pinned=PinnedCharts(project.folder))
    before = _Draft("now", project, project.with_changes(old).inputs, charts)
    after = _Draft("after this change", project, project.with_changes(new).inputs, charts)
    return between_sides((before, after), sorted({*before.inputs, *after.inputs}), engines)


class _Draft(Side):
    """The project with some inputs changed; its chart is that in the folder."""

    def __init__(self, label: str, project: OpenProject, inputs: Inputs, charts: SharedCharts) -> None:
        files = WorkingFiles(git_root(project.folder.resolve()) or project.folder, SHA1_LENGTH)
        super().__init__(label, files, inputs, project.paths.prefix, charts)
        self.absent = project.absent

    @cached_property
    def inputs(self) -> dict[str, str]:
        """The hand-written files, by environment."""
        names, problems = self.projects.names()
        fail_if_any(problems)
        return {name: "\0".join(map(self._text, read_for(name)[1:])) for name in names}

    @cached_property
    def project_digest(self) -> str:
        """The text of gitops.yaml."""
        return self._text(PROJECT_FILE)

    def _text(self, path: str) -> str:
        """Nothing for a file that cannot be read: the reason is reported when the environment is resolved."""
        with suppress(OSError, PathError):
            return self.source.read(path).decode(errors="replace")
        return ""

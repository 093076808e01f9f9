"""Was a generated file edited by hand, or is it only behind its inputs? Decided by its text, which is the tool's or
git's own work when the tool wrote it here, when committed inputs give it, or when git merged it.

Only files that are not as they should be are asked about. What is not explained counts as edited: it may be in no
commit, so that overwriting it would lose it.
"""

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.generate.desired import environment_files, root_file
from gitops_gen.generate.files import Change, State, is_intact, owner
from gitops_gen.generate.written import Written
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import git_root
from gitops_gen.git.snapshot import CommitFiles, Repository
from gitops_gen.git.versions import Touch, committed, contents_at, merged_by_git, touches
from gitops_gen.models.layout import (
    ARGOCD_FOLDER,
    PROJECT_FILE,
    ROOT_FILE,
    ManifestPaths,
    environment_of,
    input_places,
    is_generated_path,
    read_for,
)
from gitops_gen.project.charts import Charts
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.inputs import CommittedInputs, Inputs
from gitops_gen.project.local_dependencies import need_chart
from gitops_gen.project.projects import Projects
from gitops_gen.project.resolver import resolve
from gitops_gen.runtime.scratch import scratch

Texts = Mapping[str, str]
"""Texts of generated files by their paths in the project."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Looks into the history of one project: of the checkout in `folder`. `drafted` says that the files are to follow
    from other inputs than those on disk.
    """

    folder: Path
    charts: Charts
    paths: ManifestPaths
    drafted: bool = False

    def edited(self, changes: Iterable[Change]) -> set[str]:
        """The paths of files that somebody edited, of those that differ from what they should be."""
        asked = {change.path: change.old for change in changes if change.state in (State.STALE, State.ORPHANED)}
        texts = {path: text for path, text in asked.items() if text is not None and not is_intact(text)}
        broken = {path for path, text in texts.items() if is_intact(text) is False}
        unexplained = {path: text for path, text in texts.items() if path not in broken}
        for explain in self._explanations():
            if not unexplained:
                break
            explained = explain(unexplained)
            unexplained = {path: text for path, text in unexplained.items() if path not in explained}
        return broken | unexplained.keys()

    def _explanations(self) -> Iterator[Callable[[Texts], set[str]]]:
        """What can explain a text, the cheapest first."""
        yield self._written
        yield self._copied
        if self.drafted or self.paths.prefix:
            yield self._made_here
        if self._history is not None:
            yield self._made_from_head
            yield self._merged
            yield self._committed

    @cached_property
    def _history(self) -> Repository | None:
        """The repository, when there is one and it has a commit."""
        if git_root(self.folder.resolve()) is None:
            return None
        with suppress(GitopsError):
            repository = Repository(self.folder)
            repository.commit("HEAD")
            return repository
        return None

    def _written(self, texts: Texts) -> set[str]:
        return Written(self.folder).known(texts)

    def _copied(self, texts: Texts) -> set[str]:
        """Copies of what was generated elsewhere. What was committed here is left to git: it may be a bot's edit."""
        copied = Written(self.folder).copied(texts)
        head = contents_at(self.folder, "HEAD", list(copied)) if copied and self._history else {}
        return {path for path in copied if head.get(path) != texts[path]}

    def _made_here(self, texts: Texts) -> set[str]:
        """Made from the inputs on disk: before a draft changes them, or where the project was the repository's top."""
        names = {owner(text) for text in texts.values()}
        paths = {self.paths, ManifestPaths()} if self.drafted else {ManifestPaths()}
        made = {text for each in paths for text in _made(Root(self.folder), self.charts, each, names).values()}
        return {path for path, text in texts.items() if text in made}

    def _made_from_head(self, texts: Texts) -> set[str]:
        made = set(self._made_at("HEAD", {owner(text) for text in texts.values()}).values())
        return {path for path, text in texts.items() if text in made}

    def _merged(self, texts: Texts) -> set[str]:
        merged = merged_by_git(self.folder, list(texts))
        return {path for path, text in texts.items() if merged.get(path) == text}

    def _committed(self, texts: Texts) -> set[str]:
        """What some commit has is not lost; an edit that was committed is one all the same."""
        head = contents_at(self.folder, "HEAD", list(texts))
        here = {path: text for path, text in texts.items() if head.get(path) == text}
        elsewhere = {path: text for path, text in texts.items() if path not in here}
        explained = here.keys() - self._edited_in_commits(here)
        return explained | (committed(self.folder, elsewhere) if elsewhere else set())

    def _edited_in_commits(self, texts: Texts) -> set[str]:
        """Those whose last commit changed none of their inputs and nothing of another environment, as another version
        of this tool would, and before it they were what their inputs give.
        """
        suspects: dict[str, dict[str, str]] = {}
        for path, touch in self._last_touches(texts).items():
            reached = {environment_of(name) for name in touch.paths if is_generated_path(name)}
            inputs = _inputs(owner(texts[path]))
            if len(touch.parents) == len(reached) == 1 and inputs.isdisjoint(touch.paths):
                suspects.setdefault(touch.parents[0], {})[path] = owner(texts[path])
        found: set[str] = set()
        for parent, owners in suspects.items():
            before = contents_at(self.folder, parent, list(owners))
            made = self._made_at(parent, set(owners.values()))
            found |= {path for path in owners if path in before and made.get(path) == before[path]}
        return found

    def _last_touches(self, texts: Texts) -> dict[str, Touch]:
        """The last commit that changed each file."""
        missing = set(texts)
        found: dict[str, Touch] = {}
        if not missing:
            return found
        for touch in touches(self.folder, [*input_places(Projects(Root(self.folder)).folders), ARGOCD_FOLDER]):
            for path in missing & touch.paths:
                found[path] = touch
            missing -= touch.paths
            if not missing:
                break
        return found

    def _made_at(self, ref: str, names: Collection[str]) -> dict[str, str]:
        """The generated files that the inputs at a commit give for these environments (empty: for the project)."""
        if self._history is None:
            return {}
        with scratch() as place, suppress(GitopsError):
            prefix, top = self._history.prefix, place.resolve()
            commit = self._history.commit(ref)
            files = CommitFiles(self._history, commit, top)

            def prepare(environment: ResolvedEnvironment) -> None:
                if environment.sync.content_name and environment.chart.own_folder:
                    need_chart(files, posixpath.normpath(prefix + environment.chart.path))

            charts = self.charts.of(top, prefix)
            return _made(CommittedInputs(self._history, commit, prefix), charts, self.paths, names, prepare)
        return {}


def _inputs(environment: str) -> set[str]:
    return {*read_for(environment)} if environment else {PROJECT_FILE}


def _made(
    inputs: Inputs,
    charts: Charts,
    paths: ManifestPaths,
    names: Collection[str],
    prepare: Callable[[ResolvedEnvironment], None] = lambda _environment: None,
) -> dict[str, str]:
    """The generated files that inputs give for these environments, of those that can be resolved."""
    projects = Projects(inputs)
    made = {ROOT_FILE: root_file(projects.top, paths)} if projects.top else {}
    for name in filter(None, names):
        project, (files, _) = projects.of(name), projects.files(name)
        with suppress(GitopsError):
            if project and files:
                environment = resolve(project, files)
                prepare(environment)
                made |= environment_files(project, environment, paths, charts)
    return made

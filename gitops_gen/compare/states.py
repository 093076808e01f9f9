"""`diff`: what two states of the repository would have Argo CD apply, compared without cluster, network or checkout."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from gitops_gen.compare.canonical import Own
from gitops_gen.compare.collapse import collapse
from gitops_gen.compare.compare import broken
from gitops_gen.compare.fleet import Comparison, Engines, RenderTarget, compare_all
from gitops_gen.compare.model import Action, Consequence, Difference, Effect, EnvironmentChange
from gitops_gen.compare.noise import CHECKSUM, NAME
from gitops_gen.compare.sides import SharedCharts, Side
from gitops_gen.compare.touched import TouchedEnvironments
from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.paths import Root
from gitops_gen.git.snapshot import CommitFiles, Repository, WorkingFiles
from gitops_gen.git.sparse import absent_files
from gitops_gen.models.layout import PROJECT_FILE, application_name, project_folder
from gitops_gen.names import did_you_mean, is_dns_label, nearest
from gitops_gen.project.inputs import CommittedInputs
from gitops_gen.project.override_files import with_override_files
from gitops_gen.project.pinned_charts import PinnedCharts
from gitops_gen.project.projects import Projects
from gitops_gen.project.reading import find_project, focus
from gitops_gen.runtime.scratch import scratch

WORKING_TREE = "working tree"
_SHORT = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is to be compared: no ref is HEAD with the working tree, one ref is that with the working tree. `words` are
    refs too, or environments: whichever there is. With `only`, or such words, these environments are compared alone;
    with `environments` two of them with each other.
    """

    refs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    merge_base: bool = False
    environments: tuple[str, str] | None = None


def diff(folder: Path, question: Question, engines: Engines | None = None) -> Difference:
    """The rendered difference for the project in (or above) `folder`.

    Raises `UsageError` for unknown refs and environments, `GitopsError` outside of a repository, and
    `ProblemsError` when gitops.yaml cannot be read on either side. What is wrong with one environment is part of the
    difference.
    """
    engines = engines or Engines()
    with scratch() as place:
        opener = _Opener(folder, place)
        question = opener.sorted_out(question)
        if question.environments:
            side = opener.side(question.refs[0] if question.refs else None)
            return _between_environments(side, question.environments, engines)
        sides = opener.sides(question)
        return between_sides(sides, opener.narrowed(sides, question.only), engines)


def _project_at(folder: Path) -> Path:
    """Where the project is now; the folder itself where there is none, such as in a bare repository."""
    with suppress(GitopsError):
        return find_project(folder)
    return folder


def left_out(folder: Path, difference: Difference) -> str:
    """What a person should know about environments that a comparison with the working tree leaves out."""
    return absent_files(find_project(folder)).notice if difference.new == WORKING_TREE else ""


class _Opener:
    """Makes the sides of a question."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        project = _project_at(folder)
        #: the folder in a workspace to which the comparison is limited
        self._within = focus(folder, project)
        self._folder, self._scratch = project if self._within else folder, scratch
        self._repository = Repository(self._folder)
        self._charts = SharedCharts(pinned=PinnedCharts(project))

    def sorted_out(self, question: Question) -> Question:
        """The question with its words sorted into refs and environments.

        Raises `UsageError` for a word that is both, and for more refs than there are sides.
        """
        refs, only = list(question.refs), list(question.only)
        only = [name for word in only for name in self._meant(word)]
        for word in question.words:
            if self._is_ref(word):
                refs.append(word)
            else:
                only += self._meant(word)
        pair = [name for word in question.environments or () for name in self._meant(word)]
        if len(pair) != len(question.environments or ()):
            raise UsageError("`--env` compares two environments", f"choose two of: {', '.join(pair)}")
        most = 1 if question.environments else 2
        if len(refs) > most:
            number = "two REFs at most" if most > 1 else "one REF at most with --env"
            raise UsageError(f"{number}: {', '.join(refs)}", "choose environments with `--only ENV`")
        if question.environments and only:
            raise UsageError(f"`--env` compares two environments: {', '.join(only)} cannot narrow that")
        return replace(
            question, refs=tuple(refs), words=(), only=tuple(only), environments=(pair[0], pair[1]) if pair else None
        )

    def _is_ref(self, word: str) -> bool:
        is_ref = self._repository.has(word)
        if not {*self._meant(word)} <= {*self._names}:
            # What cannot name an environment is a ref, and reported as one when it is missing.
            return is_ref or not is_dns_label(word)
        if is_ref:
            raise UsageError(
                f"`{word}` is an environment, and a revision in git too",
                f"the environment: `gitops-gen diff --only {word}`; the revision: "
                f"`gitops-gen diff {self._repository.full_name(word)}`",
            )
        return False

    def _meant(self, word: str) -> list[str]:
        """The environments that a word means; the word itself where it means none."""
        with suppress(GitopsError):
            return Projects(Root(find_project(self._folder))).meant(word, self._within)
        return [word]

    @cached_property
    def _names(self) -> Collection[str]:
        """The environments of now; of the last commit where there is no working tree."""
        try:
            return Projects(Root(find_project(self._folder))).names()[0]
        except GitopsError:
            return self.side("HEAD").inputs

    def narrowed(self, sides: tuple[Side, Side], only: tuple[str, ...]) -> list[str]:
        """The environments to compare, in name order. Raises `UsageError` for one that neither side has."""
        if only or self._within:
            for side in sides:
                side.chosen = {project_folder(name) for name in only or [self._within]}
        every = {name for side in sides for name in side.inputs if name.startswith(self._within)}
        for name in only:
            if name not in every:
                near = f"did you mean `{nearest(name, every)}`?" if nearest(name, every) else ""
                hint = near or self._repository.missing_hint(name, every)
                neither = "" if self._repository.has(name) else ", and no such revision in this clone"
                raise UsageError(f"no environment `{name}` on either side{neither}", hint)
        return sorted(set(only) or every)

    def sides(self, question: Question) -> tuple[Side, Side]:
        old = question.refs[0] if question.refs else "HEAD"
        new = question.refs[1] if len(question.refs) > 1 else None
        if question.merge_base:
            old = self._repository.merge_base(old, new or "HEAD")
        return self.side(old), self.side(new)

    def side(self, ref: str | None) -> Side:
        """The project at a ref; in the working tree when there is none."""
        if ref is None:
            return self._working_side()
        commit = self._repository.commit(ref)
        label = commit[:_SHORT] if commit.startswith(ref) else f"{ref} ({commit[:_SHORT]})"
        prefix = self._repository.prefix
        files = CommitFiles(self._repository, commit, self._scratch / commit)
        if not files.ids([f"{prefix}{PROJECT_FILE}"]):
            prefix = self._prefix(commit, label)
        inputs = CommittedInputs(self._repository, commit, prefix)
        return Side(label, files, inputs, prefix, self._charts)

    def _working_side(self) -> Side:
        project = find_project(self._folder)
        prefix = self._repository.prefix if project == self._folder else Repository(project).prefix
        top = project.joinpath(*[".."] * len(PurePosixPath(prefix).parts)).resolve() if prefix else project
        length = len(self._repository.commit("HEAD"))
        side = Side(WORKING_TREE, WorkingFiles(top, length), Root(project), prefix, self._charts)
        side.absent = absent_files(project)
        return side

    def _prefix(self, commit: str, label: str) -> str:
        """The folder of the project in a commit: one above this one, or that of the only project."""
        folder = PurePosixPath(self._repository.prefix)
        candidates = [folder, *folder.parents]
        places = ["" if str(place) == "." else f"{place}/" for place in candidates]
        found = self._repository.files(commit, [f"{place}{PROJECT_FILE}" for place in places])
        for place in places:
            if f"{place}{PROJECT_FILE}" in found:
                return place
        everywhere = [path for path in self._repository.files(commit, [""]) if PurePosixPath(path).name == PROJECT_FILE]
        if len(everywhere) == 1:
            return everywhere[0].removesuffix(PROJECT_FILE)
        raise GitopsError(
            f"no {PROJECT_FILE} at {label}" + (f", but {', '.join(everywhere)}" if everywhere else ""),
            "choose the project's folder with `-C DIR`",
        )


def between_sides(sides: tuple[Side, Side], names: list[str], engines: Engines) -> Difference:
    """The difference of these environments. Raises `ProblemsError` when gitops.yaml is invalid on either side."""
    old, new = sides
    absent = {*old.absent.environments, *new.absent.environments}
    names = [name for name in names if name not in absent]
    tasks = _Tasks(old, new, names)
    changes = compare_all(tasks, engines, at_most=len(tasks)) + tasks.unresolved
    changes.sort(key=lambda change: change.name)
    return collapse(changes, tasks.owns, old=old.label, new=new.label, compared=len(names) - len(tasks.gone))


def changed_environments(folder: Path, ref: str) -> tuple[list[str], bool]:
    """The environments that a branch touches since it left `ref`, the working tree included; and whether nothing less
    than the whole project is touched.

    Raises as `diff` does.
    """
    with scratch() as place:
        touched = TouchedEnvironments(*_Opener(folder, place).sides(Question(refs=(ref,), merge_base=True)))
        return touched.names, touched.are_all


def _own(target: RenderTarget | None) -> Own:
    return Own(name=target.environment, namespace=target.release.namespace) if target else Own(name="")


FETCHED_AT_ONCE = 32
"""Environments whose files are brought at a time: many for one question to git, few so that the first comparison does
not wait for the last file.
"""


class _Tasks:
    """Decides which environments have to be rendered at all: those of which an input, the chart or what follows from
    them differs. There are as many as that at most; each is made when it is asked for.
    """

    def __init__(self, old: Side, new: Side, names: list[str]) -> None:
        self._old, self._new = old, new
        self._same_project = old.project_digest == new.project_digest and old.prefix == new.prefix
        self._same_charts: dict[str, bool] = {}
        #: new name → name before
        self._before = {name: before for name, before in _moved(old, new).items() if name in names}
        #: the names under which environments were that are compared under another one
        self.gone = {*self._before.values()}
        self._names = [name for name in names if name not in self.gone and not self._is_same(name)]
        #: what is each environment's own; and what is known without rendering: environments that cannot be resolved
        self.owns: dict[str, Own] = {}
        self.unresolved: list[EnvironmentChange] = []

    def __len__(self) -> int:
        """How many environments may have to be compared."""
        return len(self._names)

    def __iter__(self) -> Iterator[Comparison]:
        """What has to be compared."""
        for start in range(0, len(self._names), FETCHED_AT_ONCE):
            names = self._names[start : start + FETCHED_AT_ONCE]
            before = (self._before.get(name, name) for name in names if not self._same_inputs(name))
            self._old.fetch(name for name in before if name in self._old.inputs)
            self._new.fetch(name for name in names if name in self._new.inputs)
            yield from self._tasks(names)

    def _tasks(self, names: Iterable[str]) -> Iterator[Comparison]:
        for name in names:
            found = self._task(name)
            if isinstance(found, Comparison):
                self.owns[name] = _own(found.new or found.old)
                yield found
            elif found:
                self.unresolved.append(found)

    def _is_same(self, name: str) -> bool:
        return self._same_inputs(name) and self._has_same_chart(project_folder(name))

    def _has_same_chart(self, project: str) -> bool:
        if project not in self._same_charts:
            self._same_charts[project] = _chart_id(self._old, project) == _chart_id(self._new, project)
        return self._same_charts[project]

    def _same_inputs(self, name: str) -> bool:
        return self._same_project and self._old.inputs.get(name) == self._new.inputs.get(name)

    def _task(self, name: str) -> Comparison | EnvironmentChange | None:
        if self._same_inputs(name):
            return self._same_but_chart(name)
        before = self._before.get(name, name)
        action = Action.CHANGED if before != name else _action(self._old, self._new, name)
        targets: list[RenderTarget | None] = []
        errors: list[tuple[str, GitopsError]] = []
        for side, at, when in ((self._old, before, "before"), (self._new, name, "now")):
            try:
                targets.append(side.target(side.resolve(at)) if at in side.inputs else None)
            except GitopsError as error:
                errors.append((when, error))
        if errors:
            return broken(name, action, *errors)
        old, new = targets
        return None if old == new else Comparison(name=name, old=old, new=new)

    def _same_but_chart(self, name: str) -> Comparison | EnvironmentChange | None:
        """Resolved once for both sides; an environment that pins its chart is the same on both."""
        try:
            environment = self._new.resolve(name)
            if environment.pinned:
                return None
            new, chart = self._new.target(environment), self._old.chart(environment.chart)
            release = with_override_files(environment, chart).helm.release
            return Comparison(name=name, old=replace(new, chart=chart, release=release), new=new)
        except GitopsError as error:
            return broken(name, Action.CHANGED, ("now", error))


def _moved(old: Side, new: Side) -> dict[str, str]:
    """The environments that are in another folder than before, such as that of a renamed folder of a project, each with
    its name before: Argo CD knows them by their Application only, and that is the same.
    """
    before, after = (
        {application_name(project.spec, name): name for name in names if (project := side.projects.of(name))}
        for side, names in ((old, old.inputs.keys() - new.inputs.keys()), (new, new.inputs.keys() - old.inputs.keys()))
    )
    return {name: before[application] for application, name in after.items() if application in before}


def _action(old: Side, new: Side, name: str) -> Action:
    if name not in old.inputs:
        return Action.ADDED
    return Action.CHANGED if name in new.inputs else Action.REMOVED


def _chart_id(side: Side, folder: str) -> str:
    """What the own chart of the project in a folder is; of one in a Helm repository gitops.yaml says it all."""
    path = side.projects.require(folder).spec.chart.path
    return side.chart_id(path) if path else ""


def _between_environments(side: Side, names: tuple[str, str], engines: Engines) -> Difference:
    for name in names:
        if name not in side.inputs:
            raise UsageError(f"no environment `{name}`", did_you_mean(name, side.inputs))
    side.fetch(names)
    old, new = (side.target_of_pair(side.resolve(name)) for name in names)
    changes = compare_all([Comparison(name=f"{names[0]} → {names[1]}", old=old, new=new)], engines, at_most=1)
    kept = [replace(change, consequences=_lasting(change)) for change in changes]
    found = collapse(
        [change for change in kept if _is_more_than_names(change)], {}, old=names[0], new=names[1], compared=len(names)
    )
    return replace(found, between_environments=True)


def _is_more_than_names(change: EnvironmentChange) -> bool:
    """Whether anything is left that does not follow from what the two are called: their hashes do."""
    return bool(change.objects or change.consequences or {item.reason for item in change.folded} - {CHECKSUM, NAME})


def _lasting(change: EnvironmentChange) -> tuple[Consequence, ...]:
    """Nothing goes from the one to the other: what a sync would do is not the question."""
    return tuple(
        item
        for item in change.consequences
        if item.effect in {Effect.BREAKS, Effect.WAITS} or (item.effect is Effect.NOTES and not item.object)
    )

"""`promote`: what runs in one environment or stage becomes the release of the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_gen.changes.change import Delivery, Draft, Outcome, change
from gitops_gen.changes.releases import described, released
from gitops_gen.changes.values.places import NEW_RELEASE
from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.commits import Message
from gitops_gen.git.history import commits
from gitops_gen.git.repository import git_root
from gitops_gen.models.layout import project_folder, release_path
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.equal_lines import equal_lines, listing
from gitops_gen.project.layers import merge_layers
from gitops_gen.project.members import Meaning, Members, Names
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import text_if_any
from gitops_gen.yaml.editing.data import same
from gitops_gen.yaml.editing.difference import KeyDifference, apply, differences
from gitops_gen.yaml.key_paths import KeyPath, dotted, leaves, parse_key, value_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Promotion:
    """From where to where: environments or stages, as `reads_source` and `reads_targets` say; `only` narrows it to some
    keys, `projects` to some projects of a workspace, `force` ignores the order, `details` lists what stays different.
    """

    source: str
    targets: tuple[str, ...]
    reads_source: Meaning = Meaning.EITHER
    reads_targets: Meaning = Meaning.EITHER
    only: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    force: bool = False
    details: bool = False

    @property
    def typed_source(self) -> str:
        """FROM as it is typed."""
        option = {Meaning.STAGE: "--from-stage ", Meaning.ENVIRONMENT: "--from-env "}.get(self.reads_source, "")
        return f"{option}{self.source}"

    @property
    def described(self) -> str:
        """The promotion in a sentence: `staging to production`."""
        source = f"{'stage ' * (self.reads_source is Meaning.STAGE)}{self.source}"
        return f"{source} to {'stage ' * (self.reads_targets is Meaning.STAGE)}{listing(self.targets)}"


def promote(opened: OpenProject, promotion: Promotion, delivery: Delivery) -> Outcome:
    """Copy the release, key by key, into each target's release.yaml, and regenerate.

    Raises `UsageError` for names that do not exist or could mean an environment or a stage, `GitopsError` for a step
    that the project's stages do not allow or a stage whose environments run different releases, and as `change` does.
    """
    return change(opened, delivery, lambda here: _Promoting(here, promotion).draft())


class _Promoting:
    """One promotion: both sides, and what comes out of comparing them."""

    def __init__(self, opened: OpenProject, promotion: Promotion) -> None:
        self.opened, self.promotion = opened, promotion
        self.names = Names(opened)
        self.folders = {opened.projects().named(name).folder for name in promotion.projects}
        self.sources = self.found_sources()
        self.targets = self.found_targets()

    def found_sources(self) -> list[ResolvedEnvironment]:
        """The environments that FROM means. When it may be one or its whole stage, that makes no difference as
        long as they all run the same release.
        """
        found = self.names.members(self.promotion.source, self.promotion.reads_source)
        releases = [released(self.opened, item.name) for item in found.stage] if found.others else [{}]
        agreed = all(same(releases[0], its) for its in releases)
        if found.others and not (agreed and len({item.stage for item in found.stage}) == 1):
            to = " ".join(self.promotion.targets)
            raise _ambiguous(found, f"promote --from-stage {found.name} {to}", f"promote --from-env {found.name} {to}")
        return [item for item in found.stage if self.is_wanted(item)]

    def found_targets(self) -> list[ResolvedEnvironment]:
        """The environments that TO means, in the order in which they were named."""
        found: dict[str, ResolvedEnvironment] = {}
        for name in self.promotion.targets:
            members = self.names.members(name, self.promotion.reads_targets)
            if members.others:
                raise _ambiguous(members, *self.ways(members))
            found.update((item.name, item) for item in members.environments if self.is_wanted(item))
        only_sources = {items[0].name for items in self.by_project(self.sources).values() if len(items) == 1}
        if found.keys() <= only_sources:
            raise UsageError(f"`{listing([*found])}` cannot be promoted to itself")
        return [item for name, item in found.items() if name not in only_sources]

    def is_wanted(self, environment: ResolvedEnvironment) -> bool:
        """Whether the environment is in one of the projects that are meant."""
        return not self.folders or project_folder(environment.name) in self.folders

    @staticmethod
    def by_project(environments: Sequence[ResolvedEnvironment]) -> dict[str, list[ResolvedEnvironment]]:
        """The environments of each project."""
        found: dict[str, list[ResolvedEnvironment]] = {}
        for item in environments:
            found.setdefault(project_folder(item.name), []).append(item)
        return found

    def pairs(self) -> Iterator[tuple[list[ResolvedEnvironment], list[ResolvedEnvironment]]]:
        """For each project its sources and targets. Raises `UsageError` when no project has both."""
        sources, targets = self.by_project(self.sources), self.by_project(self.targets)
        both = [project for project in targets if project in sources]
        if not both:
            there = listing([item.name for item in self.targets])
            raise UsageError(f"no project of {self.promotion.source} has {there}", "promote within one project")
        return ((sources[project], targets[project]) for project in both)

    def left_out(self) -> Iterator[str]:
        """The projects that have one side only."""
        sources, targets = self.by_project(self.sources), self.by_project(self.targets)
        is_narrowed = any("/" in name for name in (self.promotion.source, *self.promotion.targets))
        for project in () if is_narrowed else sorted(sources.keys() ^ targets.keys()):
            side = self.promotion.source if project in targets else listing(self.promotion.targets)
            yield f"{project.rstrip('/')} has no {side}: nothing of it is promoted"

    def ways(self, members: Members) -> tuple[str, str]:
        """What to type for the stage, and for the environment."""
        source, targets = self.promotion.typed_source, self.promotion.targets
        one = f"promote {source} {' '.join(targets)} --env"
        if len(targets) == 1:
            return f"promote {source} {members.name} --stage", one
        every = [part for name in targets for part in (_all(members) if name == members.name else [name])]
        return f"promote {source} {' '.join(every)} --env", one

    def draft(self) -> Draft:
        if not self.promotion.force:
            self.require_order()
        pairs = list(self.pairs())
        targets = [target for _, found in pairs for target in found]
        changes: dict[str, list[KeyDifference]] = {}
        for sources, found in pairs:
            release = self.release(sources)
            changes |= {target.name: self.changes(release, target) for target in found}
        files = {
            release_path(target.name): apply(self.text(target), changes[target.name], release_path(target.name))
            for target in targets
        }
        moves = equal_lines(f"{name}: {described(item)}" for name, items in changes.items() for item in items)
        environments = tuple(target.name for target in targets)
        return Draft(
            files=files,
            environments=environments,
            message=Message(
                subject=f"Promote {self.promotion.described}",
                details=moves,
                environments=environments,
                change="promote",
                source=self.source_commit(),
            ),
            summary=(*moves, *equal_lines(f"{name} already runs it" for name, items in changes.items() if not items)),
            warnings=equal_lines(line for name, items in changes.items() for line in _one_sided_release(items, name)),
            notes=(
                *self.at_once([name for name, items in changes.items() if items]),
                *self.left_out(),
                *(note for sources, found in pairs for note in self.settings_that_stay(sources[0], found)),
            ),
            decisive=True,
        )

    def at_once(self, names: Sequence[str]) -> Iterator[str]:
        if len(names) > 1:
            both = self.names.stages if self.promotion.reads_targets is not Meaning.EITHER else ()
            flag = " --env" if names[0] in both else ""
            yield (
                f"{len(names)} environments change in one commit, and Argo CD syncs them at the same time; to "
                f"promote one at a time, start with `gitops-gen promote {self.promotion.typed_source} {names[0]}{flag}`"
            )

    def require_order(self) -> None:
        """A release moves one stage at a time, forwards; between environments of one stage it may move freely."""
        order = self.names.stages
        for start, target in ((sources[0].stage, target) for sources, found in self.pairs() for target in found):
            end = target.stage
            if start == end or not start or not end:
                continue
            if order.index(end) != order.index(start) + 1:
                due = order[order.index(end) - 1] if order.index(end) else ""
                why = f"`{end}` is promoted from `{due}`" if due else f"`{end}` is the first stage"
                raise GitopsError(f"{why}, not from `{start}`", "promote step by step, or use --force")

    def release(self, sources: Sequence[ResolvedEnvironment]) -> dict[str, Any]:
        """What the sources of a project release; all of them must agree on it."""
        releases = {item.name: released(self.opened, item.name) for item in sources}
        name, release = next(iter(releases.items()))
        for other, its in releases.items():
            if not same(its, release):
                places = ", ".join(dotted(item.path) for item in differences(release, its))
                raise GitopsError(
                    f"`{name}` and `{other}` run different releases ({places})", f"promote one: `promote {name} …`"
                )
        return release

    def changes(self, release: dict[str, Any], target: ResolvedEnvironment) -> list[KeyDifference]:
        current = released(self.opened, target.name)
        if not self.promotion.only:
            return list(differences(current, release))
        return [item for key in self.promotion.only for item in self.narrowed(key, release, current)]

    def narrowed(self, key: str, release: dict[str, Any], current: dict[str, Any]) -> Iterator[KeyDifference]:
        path: KeyPath = ("chart",) if key == "chart" else ("values", *parse_key(key))
        (new_there, new), (old_there, old) = value_at(release, path), value_at(current, path)
        if not new_there and not old_there:
            known = [dotted(leaf) for leaf in leaves(release.get("values", {}))]
            raise UsageError(f"no release sets `{key}`", did_you_mean(key, known))
        if new_there and old_there:
            yield from differences(old, new, path)
        elif new_there != old_there:
            yield KeyDifference(path=path, old=old, new=new, was=old_there, now=new_there)

    def text(self, target: ResolvedEnvironment) -> str:
        path = release_path(target.name)
        text = text_if_any(self.opened.inputs, path)
        return NEW_RELEASE if text is None else text

    def settings_that_stay(self, source: ResolvedEnvironment, targets: Sequence[ResolvedEnvironment]) -> Iterator[str]:
        """Values that stay: what one side sets and the other leaves to the chart differs by intention, or was
        forgotten. One note counts them.
        """
        found = {target.name: list(_one_sided_settings(source, target)) for target in targets}
        if self.promotion.details:
            yield from equal_lines(f"{name}: {line}" for name, lines in found.items() for line in lines)
        elif number := len({line for lines in found.values() for line in lines}):
            names = [name for name, lines in found.items() if lines]
            yield (
                f"{number} setting{'s are' if number != 1 else ' is'} only in {source.name} or only in "
                f"{listing(names)}, and not promoted: `gitops-gen diff --env {source.name} {names[0]}` shows the "
                "effect, `gitops-gen --verbose promote` lists them"
            )

    def source_commit(self) -> str:
        """The commit that made the release in the source."""
        if git_root(self.opened.folder.resolve()) is None:
            return ""
        sources = [release_path(items[0].name) for items in self.by_project(self.sources).values()]
        found = commits(self.opened.folder, sources, limit=1)
        return next((item.id for item in found), "")


def _ambiguous(members: Members, stage: str, environment: str) -> UsageError:
    """The error for a name that is an environment's and a stage's."""
    others = listing([item.name for item in members.others])
    return UsageError(
        f"`{members.name}` is an environment, and a stage with {others} too",
        f"all {len(members.stage)}: `gitops-gen {stage}`; that one: `gitops-gen {environment}`",
    )


def _all(members: Members) -> list[str]:
    return [item.name for item in members.stage]


def _one_sided_release(changes: Sequence[KeyDifference], target: str) -> Iterator[str]:
    for item in changes:
        if not item.was:
            yield f"{target}: {dotted(item.path)} is new there"
        elif not item.now:
            yield f"{target}: {dotted(item.path)} is set only there and is removed"


def _one_sided_settings(source: ResolvedEnvironment, target: ResolvedEnvironment) -> Iterator[str]:
    mine, its = _kept(source), _kept(target)
    for path in leaves(mine):
        if not value_at(its, path)[0]:
            yield f"{dotted(path)} stays unset, though {source.name} sets it"
    for path in leaves(its):
        if not value_at(mine, path)[0]:
            yield f"{dotted(path)} stays, though {source.name} does not set it"


def _kept(environment: ResolvedEnvironment) -> dict[str, Any]:
    return merge_layers([layer for layer in environment.layers if not layer.exclusive])

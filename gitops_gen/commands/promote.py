"""`promote`: what runs in one environment or stage becomes the release of the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_gen.commands.change import Delivery, Draft, Outcome, change
from gitops_gen.commands.explain import leaves, parse_key
from gitops_gen.commands.workspace import Workspace
from gitops_gen.edit.difference import Difference, apply, differences
from gitops_gen.edit.values import same
from gitops_gen.edit.writing import Style, inline
from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.commits import Message
from gitops_gen.git.history import commits
from gitops_gen.git.repository import git_root
from gitops_gen.names import did_you_mean
from gitops_gen.resolve.environment import ResolvedEnvironment
from gitops_gen.resolve.layers import merge_layers, value_at
from gitops_gen.spec.files import ENVIRONMENTS, RELEASE_FILE, read_text
from gitops_gen.spec.validation import dotted
from gitops_gen.yaml_io import KeyPath, load

RELEASED = ("values", "chart")
"""What is promoted of a release.yaml."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Promotion:
    """From where to where: environments or stages; `only` narrows it to some keys, `force` leaves the order aside."""

    source: str
    target: str
    only: tuple[str, ...] = ()
    force: bool = False


def promote(workspace: Workspace, promotion: Promotion, delivery: Delivery) -> Outcome:
    """Copy the release, key by key, into each target's release.yaml, and regenerate.

    Raises `UsageError` for names that do not exist, `GitopsError` for a step that the project's stages do not allow or
    a stage whose environments run different releases, and as `change` does.
    """
    return change(workspace, delivery, lambda here: _Promoting(here, promotion).draft())


class _Promoting:
    """One promotion: both sides, and what comes out of comparing them."""

    def __init__(self, workspace: Workspace, promotion: Promotion) -> None:
        self.workspace, self.promotion = workspace, promotion
        self.sources = members(workspace, promotion.source)
        self.targets = [item for item in members(workspace, promotion.target) if item.name != promotion.source]
        if not self.targets:
            raise UsageError(f"`{promotion.source}` cannot be promoted to itself")

    def draft(self) -> Draft:
        if not self.promotion.force:
            self.require_order()
        release = self.release()
        files: dict[str, str | None] = {}
        summary: list[str] = []
        warnings: list[str] = []
        for target in self.targets:
            changes = self.changes(release, target)
            path = release_path(target.name)
            files[path] = apply(self.text(target), changes, path)
            summary += [f"{target.name}: {spoken(item)}" for item in changes] or [f"{target.name} runs it already"]
            warnings += [*self.one_sided_release(changes, target), *self.one_sided_settings(target)]
        return Draft(
            files=files,
            environments=tuple(target.name for target in self.targets),
            message=Message(
                subject=f"Promote {self.promotion.source} to {self.promotion.target}",
                details=tuple(line for line in summary if not line.endswith("already")),
                environments=tuple(target.name for target in self.targets),
                change="promote",
                source=self.source_commit(),
            ),
            summary=tuple(summary),
            warnings=tuple(warnings),
            decisive=True,
        )

    def require_order(self) -> None:
        """A release moves one stage at a time, forwards; between environments of one stage it may move freely."""
        order = [stage.name for stage in self.workspace.project().spec.stages]
        for target in self.targets:
            start, end = self.sources[0].stage, target.stage
            if start == end or not start or not end:
                continue
            if order.index(end) != order.index(start) + 1:
                due = order[order.index(end) - 1] if order.index(end) else ""
                why = f"`{end}` takes its releases from `{due}`" if due else f"`{end}` is the first stage"
                raise GitopsError(f"{why}, not from `{start}`", "promote step by step, or say `--force`")

    def release(self) -> dict[str, Any]:
        """What the source releases; all environments of a stage must agree on it."""
        releases = {item.name: released(self.workspace, item.name) for item in self.sources}
        name, release = next(iter(releases.items()))
        for other, its in releases.items():
            if not same(its, release):
                places = ", ".join(dotted(item.path) for item in differences(release, its))
                raise GitopsError(
                    f"`{name}` and `{other}` run different releases ({places})", f"promote one: `promote {name} …`"
                )
        return release

    def changes(self, release: dict[str, Any], target: ResolvedEnvironment) -> list[Difference]:
        current = released(self.workspace, target.name)
        if not self.promotion.only:
            return list(differences(current, release))
        return [item for key in self.promotion.only for item in self.narrowed(key, release, current)]

    def narrowed(self, key: str, release: dict[str, Any], current: dict[str, Any]) -> Iterator[Difference]:
        path: KeyPath = ("chart",) if key == "chart" else ("values", *parse_key(key))
        (new_there, new), (old_there, old) = value_at(release, path), value_at(current, path)
        if not new_there and not old_there:
            known = [dotted(leaf) for leaf in leaves(release.get("values", {}))]
            raise UsageError(f"no release sets `{key}`", did_you_mean(key, known))
        if new_there and old_there:
            yield from differences(old, new, path)
        elif new_there != old_there:
            yield Difference(path=path, old=old, new=new, was=old_there, now=new_there)

    def text(self, target: ResolvedEnvironment) -> str:
        path = release_path(target.name)
        if (self.workspace.folder / path).is_file():
            return (self.workspace.folder / path).read_bytes().decode()
        return "apiVersion: gitops-gen/v1\nkind: Release\n"

    def one_sided_release(self, changes: Sequence[Difference], target: ResolvedEnvironment) -> Iterator[str]:
        for item in changes:
            if not item.was:
                yield f"{dotted(item.path)} is new in {target.name}"
            elif not item.now:
                yield f"{dotted(item.path)} is set in {target.name} only and goes"

    def one_sided_settings(self, target: ResolvedEnvironment) -> Iterator[str]:
        """Values that stay: what one side sets and the other leaves to the chart is easily forgotten."""
        source = self.sources[0]
        mine, its = _kept(source), _kept(target)
        for here, there, ours, theirs in ((source, target, mine, its), (target, source, its, mine)):
            for path in leaves(ours):
                if not value_at(theirs, path)[0]:
                    yield f"{here.name} sets {dotted(path)}, {there.name} does not; it is not promoted"

    def source_commit(self) -> str:
        """The commit that made the release in the source."""
        if git_root(self.workspace.folder.resolve()) is None:
            return ""
        found = commits(self.workspace.folder, [release_path(self.sources[0].name)], limit=1)
        return next((item.id for item in found), "")


def members(workspace: Workspace, name: str) -> list[ResolvedEnvironment]:
    """The environment of that name, or all environments of the stage of that name (an environment goes first).

    Raises `UsageError` when it is neither, or the stage is empty.
    """
    workspace.require_here(name)
    names = workspace.names()
    if name in names:
        return [workspace.environment(name)]
    stages = [stage.name for stage in workspace.project().spec.stages]
    if name not in stages:
        raise UsageError(f"no environment and no stage `{name}`", did_you_mean(name, {*names, *stages}))
    workspace.require_whole()
    found = [item for item in map(workspace.environment, names) if item.stage == name]
    if not found:
        raise UsageError(f"no environment is in stage `{name}`")
    return found


def release_path(environment: str) -> str:
    """Where an environment's release lies in the project."""
    return f"{ENVIRONMENTS}/{environment}/{RELEASE_FILE}"


def released(workspace: Workspace, environment: str) -> dict[str, Any]:
    """The part of an environment's release that is promoted."""
    path = release_path(environment)
    if not (workspace.folder / path).is_file():
        return {}
    data = load(read_text(workspace.folder, path), path) or {}
    return {key: data[key] for key in RELEASED if key in data}


def _kept(environment: ResolvedEnvironment) -> dict[str, Any]:
    return merge_layers([layer for layer in environment.layers if not layer.exclusive])


def spoken(change: Difference) -> str:
    """A difference in a few words: `app.image.tag 1.0.0 → 1.1.0`."""
    path = change.path[1:] if change.path[:1] == ("values",) and len(change.path) > 1 else change.path
    old = inline(change.old, Style(), flow=False) if change.was else "not set"
    new = inline(change.new, Style(), flow=False) if change.now else "not set"
    return f"{dotted(path)} {old} → {new}"

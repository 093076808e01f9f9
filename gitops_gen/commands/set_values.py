"""`set`: change values in the hand-written file that they belong to, for one environment, a stage or all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gitops_gen.commands.change import Delivery, Draft, Outcome, change
from gitops_gen.commands.values_text import Assignment, typed
from gitops_gen.commands.workspace import Workspace
from gitops_gen.edit.document import delete, set_value
from gitops_gen.edit.writing import Style, inline
from gitops_gen.errors import UsageError
from gitops_gen.git.commits import Message
from gitops_gen.names import did_you_mean
from gitops_gen.resolve.environment import ResolvedEnvironment
from gitops_gen.resolve.layers import ValueLayer, value_at
from gitops_gen.spec.files import ENVIRONMENT_FILE, ENVIRONMENTS, PROJECT_FILE, RELEASE_FILE, read_text
from gitops_gen.yaml_io import KeyPath, load

NEW_RELEASE = "apiVersion: gitops-gen/v1\nkind: Release\n"


class Layer(Enum):
    """Which hand-written file a value goes into."""

    RELEASE = RELEASE_FILE
    ENVIRONMENT = ENVIRONMENT_FILE


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Which environments: one by name, a stage, or (with neither) all of them."""

    environment: str = ""
    stage: str = ""

    @property
    def spoken(self) -> str:
        """The target in a sentence."""
        return self.environment or (f"stage {self.stage}" if self.stage else "all environments")


def set_values(
    workspace: Workspace,
    target: Target,
    assignments: Sequence[Assignment],
    delivery: Delivery,
    layer: Layer | None = None,
) -> Outcome:
    """Set (or, without a text, remove) each key in the file that it belongs to, and regenerate.

    A key that a release sets belongs to the release; else what sets it now decides, then what sets its neighbours. For
    a stage or all environments, what is no release goes into gitops.yaml's defaults once, unless `layer` says
    otherwise. Raises `UsageError` when no layer is clear, and as `change` does.
    """
    return change(workspace, delivery, lambda here: _Setting(here, target, layer).draft(assignments))


class _Setting:
    """One run of `set`: the environments it means and the texts as they become."""

    def __init__(self, workspace: Workspace, target: Target, layer: Layer | None) -> None:
        self.workspace, self.target, self.layer = workspace, target, layer
        self.environments = list(targeted(workspace, target))
        self.released = released_keys(workspace)
        self.texts: dict[str, str] = {}
        self.warnings: list[str] = []
        self.summary: list[str] = []

    def draft(self, assignments: Sequence[Assignment]) -> Draft:
        for assignment in assignments:
            self.assign(assignment)
        return Draft(
            files=self.texts,
            environments=tuple(environment.name for environment in self.environments),
            message=Message(
                subject=self.subject(assignments),
                details=tuple(self.summary) if len(assignments) > 1 else (),
                environments=tuple(environment.name for environment in self.environments),
                change="set",
            ),
            summary=tuple(self.summary),
            warnings=tuple(self.warnings),
        )

    def subject(self, assignments: Sequence[Assignment]) -> str:
        if len(assignments) == 1:
            return f"{self.summary[0]} in {self.target.spoken}"
        return f"Set {len(assignments)} values in {self.target.spoken}"

    def assign(self, assignment: Assignment) -> None:
        value = self.value(assignment)
        shown = inline(value, Style(), flow=False)
        text = f"Remove {assignment.key}" if assignment.text is None else f"Set {assignment.key} to {shown}"
        self.summary.append(text)
        layers = {
            environment.name: self.layer or self.chosen(environment, assignment) for environment in self.environments
        }
        shared = not self.target.environment and self.layer is None
        if shared and set(layers.values()) == {Layer.ENVIRONMENT}:
            self.edit_project(assignment, value)
            return
        for environment in self.environments:
            path = f"{ENVIRONMENTS}/{environment.name}/{layers[environment.name].value}"
            self.edit(path, ("values", *assignment.path), value, remove=assignment.text is None)

    def value(self, assignment: Assignment) -> object:
        environment = self.environments[0]
        charts = self.workspace.charts
        if not charts.is_at_hand(environment.chart):
            return typed(assignment, None, environment.values)
        chart = charts.chart(environment.chart)
        return typed(assignment, chart.schema, chart.final_values(environment.values))

    def edit(self, path: str, keys: KeyPath, value: object, *, remove: bool) -> None:
        text = self.texts.get(path) or self.read(path)
        self.texts[path] = removed_with_parents(text, keys, path) if remove else set_value(text, keys, value, path)

    def read(self, path: str) -> str:
        file = self.workspace.folder / path
        if not file.is_file() and path.endswith(RELEASE_FILE):
            return NEW_RELEASE
        return file.read_bytes().decode()

    def edit_project(self, assignment: Assignment, value: object) -> None:
        prefix: KeyPath = ("defaults", "values")
        if self.target.stage:
            names = [stage.name for stage in self.workspace.project().spec.stages]
            prefix = ("stages", names.index(self.target.stage), *prefix)
        self.edit(PROJECT_FILE, (*prefix, *assignment.path), value, remove=assignment.text is None)
        self.warnings += self.overridden(assignment, prefix)

    def overridden(self, assignment: Assignment, prefix: KeyPath) -> Iterator[str]:
        for environment in self.environments:
            for layer in stronger(environment.layers, prefix):
                if value_at(layer.values, assignment.path)[0]:
                    yield f"{environment.name} keeps its own {assignment.key} ({layer.name}, {layer.file})"

    def chosen(self, environment: ResolvedEnvironment, assignment: Assignment) -> Layer:
        """The layer that a key belongs to: what sets it, else what sets the nearest of its neighbours."""
        own = _layer(environment, "environment")
        for length in range(len(assignment.path), 0, -1):
            part = assignment.path[:length]
            in_release = any(value_at(values, part)[0] for values in self.released)
            in_own = value_at(own, part)[0]
            if in_release != in_own:
                return Layer.RELEASE if in_release else Layer.ENVIRONMENT
            if in_release and in_own:
                break
        else:
            return Layer.ENVIRONMENT
        raise UsageError(
            f"`{assignment.key}` could be part of the release or stay with the environment",
            "say `--release` (it is promoted) or `--environment` (it stays)",
        )


def targeted(workspace: Workspace, target: Target) -> Iterator[ResolvedEnvironment]:
    """The environments that a target means. Raises `UsageError` for none, `ProblemsError` for a wrong one."""
    if target.environment:
        yield workspace.environment(target.environment)
        return
    stages = [stage.name for stage in workspace.project().spec.stages]
    if target.stage and target.stage not in stages:
        raise UsageError(f"no stage `{target.stage}`", did_you_mean(target.stage, stages))
    workspace.require_whole()
    found = [workspace.environment(name) for name in workspace.names()]
    found = [environment for environment in found if target.stage in ("", environment.stage)]
    if not found:
        raise UsageError(f"no environment in {target.spoken}")
    yield from found


def released_keys(workspace: Workspace) -> list[dict[str, Any]]:
    """What the releases of all environments set: a key that one of them sets is a released one everywhere."""
    found = []
    for name in workspace.names():
        file = f"{ENVIRONMENTS}/{name}/{RELEASE_FILE}"
        if (workspace.folder / file).is_file():
            found.append((load(read_text(workspace.folder, file), file) or {}).get("values") or {})
    return found


def _layer(environment: ResolvedEnvironment, name: str) -> dict[str, Any]:
    return next((layer.values for layer in environment.layers if layer.name == name), {})


def stronger(layers: Sequence[ValueLayer], prefix: KeyPath) -> Iterator[ValueLayer]:
    """The layers above the one that is written at `prefix` of gitops.yaml."""
    order = ["defaults", "clusters", "stages"]
    rank = order.index(str(prefix[0]))
    for layer in layers:
        if layer.file != PROJECT_FILE or (layer.prefix[0] in order and order.index(str(layer.prefix[0])) > rank):
            yield layer


def removed_with_parents(text: str, path: KeyPath, file: str) -> str:
    """`text` without the key, and without the maps above it that would be empty then; `values` itself stays."""
    data = load(text, file)
    while len(path) > 2 and isinstance(path[-1], str):  # noqa: PLR2004 - `values` and one key below it
        there, parent = value_at(data, path[:-1])
        if not there or not isinstance(parent, dict) or set(parent) != {path[-1]}:
            break
        path = path[:-1]
    return delete(text, path, file)

"""Which environments a change of values is for, and which of their files it goes into."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gitops_gen.changes.values.places import ValueSource, own_place, release_place
from gitops_gen.errors import UsageError
from gitops_gen.models.layout import ENVIRONMENT_FILE, RELEASE_FILE
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject


class InputFile(Enum):
    """Which hand-written file a value goes into."""

    RELEASE = RELEASE_FILE
    ENVIRONMENT = ENVIRONMENT_FILE

    @property
    def option(self) -> str:
        """How it is chosen on the command line."""
        return f"--{self.name.lower()}"

    def place(self, environment: str) -> ValueSource:
        """The file of an environment."""
        return release_place(environment) if self is InputFile.RELEASE else own_place(environment)

    @property
    def other(self) -> "InputFile":
        """The other file of an environment."""
        return InputFile.ENVIRONMENT if self is InputFile.RELEASE else InputFile.RELEASE


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which environments: one by name, a stage, or (with neither) all of them; `project` is the folder of the project
    that they are in, where they are not those of a whole workspace.
    """

    environment: str = ""
    stage: str = ""
    project: str = ""

    @property
    def described(self) -> str:
        """The target in a sentence."""
        where = f" of {self.project.rstrip('/')}" if self.project else ""
        return self.environment or (f"stage {self.stage}" if self.stage else "all environments") + where

    @property
    def option(self) -> str:
        """The target as it is typed."""
        where = f" --project {self.project.rstrip('/')}" if self.project else ""
        return self.environment or (f"--stage {self.stage}" if self.stage else "--all") + where


def targeted(opened: OpenProject, target: Selection) -> Iterator[ResolvedEnvironment]:
    """The environments that a target means. Raises `UsageError` for none, `ProblemsError` for a wrong one."""
    if target.environment:
        yield opened.environment(target.environment)
        return
    stages = opened.projects().stages()
    if target.stage and target.stage not in stages:
        raise UsageError(f"no stage `{target.stage}`", did_you_mean(target.stage, stages))
    opened.require_whole()
    found = [opened.environment(name) for name in opened.names() if name.startswith(target.project)]
    found = [environment for environment in found if target.stage in ("", environment.stage)]
    if not found:
        raise UsageError(f"no environment in {target.described}")
    yield from found


def target_of(place: ValueSource, environment: ResolvedEnvironment) -> str:
    """The target, as it is typed, that writes to a place; empty when there is none."""
    targets = {"defaults": "--all", f"stage {environment.stage}": f"--stage {environment.stage}"}
    return {**targets, "release": environment.name, "environment": environment.name}.get(place.name, "")

"""How a name on the command line selects an environment or a stage. One rule everywhere:
a name that is both stops the command, unless the stage has that one environment and no other.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from gitops_gen.errors import UsageError
from gitops_gen.names import did_you_mean
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject


class Meaning(Enum):
    """How a name is interpreted."""

    EITHER = ""
    ENVIRONMENT = "environment"
    STAGE = "stage"


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """The environments that a name selects, in name order; `others` are those of the stage of the same name, when
    it is an environment's too and it was not said which is meant.
    """

    name: str
    environments: tuple[ResolvedEnvironment, ...]
    others: tuple[ResolvedEnvironment, ...] = ()

    @property
    def stage(self) -> tuple[ResolvedEnvironment, ...]:
        """All environments that the name may select."""
        return tuple(sorted((*self.environments, *self.others), key=lambda item: item.name))


class Names:
    """The names of a project's environments and stages."""

    def __init__(self, opened: OpenProject) -> None:
        self._opened = opened
        self._environments: dict[str, ResolvedEnvironment] = {}

    @cached_property
    def environments(self) -> list[str]:
        """The environments, in name order."""
        return self._opened.names()

    @cached_property
    def stages(self) -> list[str]:
        """The stages, in promotion order."""
        return self._opened.projects().stages()

    def members(self, name: str, meaning: Meaning = Meaning.EITHER) -> Members:
        """The environment of that name, or all environments of the stage of that name.

        Raises `UsageError` when there is no such name, or the stage is empty.
        """
        known = {
            Meaning.EITHER: [*self.environments, *self.stages],
            Meaning.ENVIRONMENT: self.environments,
            Meaning.STAGE: self.stages,
        }[meaning]
        if meaning is not Meaning.STAGE:
            self._opened.require_here(name)
        if meaning is not Meaning.STAGE and name not in known:
            meant = self._opened.projects().meant(name, self._opened.focus)
            if meant != [name] and all(full in self.environments for full in meant):
                return Members(name=name, environments=tuple(map(self._environment, meant)))
        if name not in known:
            kinds = "environment and no stage" if meaning is Meaning.EITHER else meaning.value
            raise UsageError(f"no {kinds} `{name}`", did_you_mean(name, set(known)))
        if meaning is Meaning.ENVIRONMENT or (meaning is Meaning.EITHER and name not in self.stages):
            return Members(name=name, environments=(self._environment(name),))
        return self._members_of_stage(name, meaning)

    def _members_of_stage(self, name: str, meaning: Meaning) -> Members:
        self._opened.require_whole()
        inside = (item for item in self.environments if item.startswith(self._opened.focus))
        found = tuple(item for item in map(self._environment, inside) if item.stage == name)
        if meaning is Meaning.EITHER and name in self.environments:
            others = tuple(item for item in found if item.name != name)
            return Members(name=name, environments=(self._environment(name),), others=others)
        if not found:
            raise UsageError(f"no environment is in stage `{name}`")
        return Members(name=name, environments=found)

    def _environment(self, name: str) -> ResolvedEnvironment:
        if name not in self._environments:
            self._environments[name] = self._opened.environment(name)
        return self._environments[name]

"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from gitops_gen.errors import Problem
from gitops_gen.manifests.objects import Manifest
from gitops_gen.sync.plan import SyncPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One place where a rule does not hold."""

    #: the rule's id
    rule: str
    message: str
    #: the object it is about, as `Kind/name`; empty for the Application's own settings
    object: str = ""
    #: the template or file that the object comes from
    source: str = ""
    #: the line of the template on which the object begins, where it is known
    line: int | None = None
    #: what to do about it
    remedy: str = ""

    @property
    def problem(self) -> Problem:
        """The finding as the problem that every printer knows."""
        return Problem(
            message=self.message,
            file=self.source,
            line=self.line,
            key=self.object,
            hint=self.remedy,
            rule=self.rule,
        )


Hit: TypeAlias = tuple[Manifest | None, str] | tuple[Manifest | None, str, str]
"""What a check yields: the object (None for the Application) and the sentence about it; and what to do about it, where
that depends on the object.
"""

Check: TypeAlias = Callable[[SyncPlan], Iterable[Hit]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule about one sync: what must hold, why, and what to do when it does not."""

    #: stable; what `gitops-gen.io/ignore` and `rules ID` name
    id: str
    #: one line
    title: str
    explanation: str
    remedy: str
    check: Check
    #: a note is worth knowing and no fault: it does not make the plan fail
    is_note: bool = False

    def findings(self, plan: SyncPlan) -> Iterable[Finding]:
        """Every place in the plan where the rule does not hold."""
        for manifest, message, *remedy in self.check(plan):
            yield Finding(
                rule=self.id,
                message=message,
                object=str(manifest.id) if manifest else "",
                source=manifest.source if manifest else "",
                remedy=remedy[0] if remedy else self.remedy,
            )

"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias, TypedDict, Unpack

from gitops_gen.errors import Problem
from gitops_gen.manifests.annotations import is_helm_test
from gitops_gen.manifests.objects import Manifest
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    #: the sync, the API server or the running pods refuse it
    ERROR = "error"
    #: it works, and is not as it should be
    WARNING = "warning"
    #: worth knowing, and no fault
    NOTE = "note"


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
    severity: Severity = Severity.ERROR
    #: the place inside the object, where it is known
    path: KeyPath = ()
    #: the other environments that it is about
    others: tuple[str, ...] = ()

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


class Hit(NamedTuple):
    """What a check yields."""

    #: the object; None for the Application
    manifest: Manifest | None
    #: the sentence about it
    message: str
    #: what to do about it, where that depends on the object
    remedy: str = ""
    #: the place inside the object, such as `("spec", "template", "spec", "containers", 0, "image")`: it leads to the
    #: line to edit
    path: KeyPath = ()
    #: the input that is wrong, where it is no object
    file: str = ""
    line: int | None = None


class FindingPlace(TypedDict, total=False):
    """Where a finding is, and whom else it is about: the fields of `Finding`."""

    object: str
    source: str
    line: int | None
    path: KeyPath
    others: tuple[str, ...]


Check: TypeAlias = Callable[[SyncPlan], Iterable[Hit]]


def _elsewhere(_plan: SyncPlan) -> Iterable[Hit]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule about one sync: what must hold, why, and what to do when it does not."""

    #: stable; what `gitops-gen.io/ignore` and `rules ID` name
    id: str
    #: one line
    title: str
    explanation: str
    remedy: str
    #: what yields where it does not hold, in one plan; nothing for a rule that is judged elsewhere
    check: Check = _elsewhere
    severity: Severity = Severity.ERROR
    #: manifests that the rule refuses, and the same ones as it wants them: `rules ID` shows both, a test judges them
    bad: str = ""
    good: str = ""
    #: whether it is about Helm's tests too: Argo CD reads them and applies none
    judges_tests: bool = False

    def findings(self, plan: SyncPlan) -> Iterable[Finding]:
        """Every place in the plan where the rule does not hold."""
        for hit in self.check(plan):
            if hit.manifest and not self.judges_tests and is_helm_test(hit.manifest):
                continue
            yield self.finding(
                hit.message,
                hit.remedy,
                object=str(hit.manifest.id) if hit.manifest else "",
                source=hit.manifest.source if hit.manifest else hit.file,
                line=hit.line,
                path=hit.path,
            )

    def finding(self, message: str, remedy: str = "", **place: Unpack[FindingPlace]) -> Finding:
        """A place where the rule does not hold; without `remedy` the rule says what to do."""
        return Finding(rule=self.id, message=message, remedy=remedy or self.remedy, severity=self.severity, **place)

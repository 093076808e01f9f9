"""The document of `status`."""

from typing import Any, TypedDict

from gitops_gen.changes.pending_promotions import PendingPromotion
from gitops_gen.changes.version_order import Direction
from gitops_gen.commands.status import Standing, Status
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument
from gitops_gen.output.json.environments import ChartEntry, chart
from gitops_gen.output.json.files import FileState, file_states
from gitops_gen.output.json.keys import ReleaseChange, release_changes


class ReleasedValue(TypedDict):
    """A chart value that the release sets."""

    key: str
    value: Any


class EnvironmentStatus(TypedDict):
    """What an environment runs according to its files."""

    name: str
    stage: str | None
    chart: ChartEntry
    release: list[ReleasedValue]
    uncommitted: list[str]
    """Hand-written and generated files of the environment that are not committed."""


class WaitingRelease(TypedDict):
    """A release of one stage that the environments of the next stage do not run."""

    sources: list[str]
    """Environments that run the release."""
    targets: list[str]
    """Environments of the next stage that run another release, all the same one."""
    direction: Direction
    """`differs`: the tags are not versions that can be compared."""
    changes: list[ReleaseChange]
    """What a promotion would change in the targets."""
    otherReleases: int
    """Number of other releases in the stage of the sources that are not listed, because there are too many."""


class GitStatus(TypedDict):
    """The git checkout."""

    head: str | None
    """The commit that is checked out; null before the first commit."""
    branch: str | None
    """null if no branch is checked out."""
    operation: str | None
    """What git is in the middle of, such as `rebase`."""
    upstream: str | None
    """The remote branch, such as `origin/main`."""
    upstreamAsOf: str | None
    """When the upstream was last read, as an ISO 8601 time; null if unknown."""
    ahead: int
    """Commits that are not pushed."""
    behind: int
    """Commits of the upstream that are not in the branch."""


class StatusDocument(VersionedDocument):
    """Output of `status`."""

    environments: list[EnvironmentStatus]
    waiting: list[WaitingRelease]
    drift: list[FileState]
    """Generated files that are not as the inputs require."""
    uncommitted: list[str]
    """Files of the project that are not committed."""
    git: GitStatus | None
    """null outside of a git repository."""


def status_document(status: Status) -> StatusDocument:
    """What `status` shows, with nothing grouped or cut."""
    return StatusDocument(
        schemaVersion=SCHEMA_VERSION,
        environments=[_environment(item) for item in status.environments],
        waiting=[_waiting(item) for item in status.waiting],
        drift=file_states(status.drift),
        uncommitted=list(status.uncommitted),
        git=_git(status) if status.in_git else None,
    )


def _environment(item: Standing) -> EnvironmentStatus:
    return EnvironmentStatus(
        name=item.environment,
        stage=item.stage or None,
        chart=chart(item.chart),
        release=[ReleasedValue(key=key, value=value) for key, value in item.release],
        uncommitted=list(item.uncommitted),
    )


def _waiting(item: PendingPromotion) -> WaitingRelease:
    return WaitingRelease(
        sources=list(item.sources),
        targets=list(item.targets),
        direction=item.direction,
        changes=release_changes(item.changes),
        otherReleases=item.other_releases,
    )


def _git(status: Status) -> GitStatus:
    return GitStatus(
        head=status.head or None,
        branch=status.branch or None,
        operation=status.operation or None,
        upstream=status.remote or None,
        upstreamAsOf=status.remote_as_of or None,
        ahead=status.unpushed,
        behind=status.behind,
    )

"""`status`: what runs which release, what waits for promotion, what is not committed, pushed or generated."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_gen.changes.pending_promotions import PendingPromotion, Releases, pending_promotions
from gitops_gen.changes.releases import released
from gitops_gen.errors import fail_if_any
from gitops_gen.generate.check import check
from gitops_gen.generate.files import Change
from gitops_gen.git.checkout import Checkout, read_checkout
from gitops_gen.git.last_fetch import last_fetch
from gitops_gen.git.repository import git_root
from gitops_gen.models.layout import ARGOCD_FOLDER, environment_of, project_folder
from gitops_gen.project.environment import ChartSource
from gitops_gen.project.listing import EVERYWHERE, EnvironmentRow, Scope, listed, require_known
from gitops_gen.project.opening import OpenProject
from gitops_gen.yaml.key_paths import dotted, leaves, value_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One environment: the keys and values of its release, and which of its files are not committed."""

    environment: str
    stage: str
    chart: ChartSource
    release: tuple[tuple[str, Any], ...]
    uncommitted: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The whole picture; `drift` are the generated files that are not as they should be.

    `head` is the commit that is checked out, empty outside of git and before the first commit; `branch` is empty when
    no branch is checked out. `unpushed` and `behind` count commits against `remote` as it was known at `remote_as_of`
    (empty: unknown).
    """

    environments: tuple[Standing, ...]
    waiting: tuple[PendingPromotion, ...]
    drift: tuple[Change, ...]
    head: str = ""
    branch: str = ""
    operation: str = ""
    uncommitted: tuple[str, ...] = ()
    in_git: bool = False
    unpushed: int = 0
    behind: int = 0
    remote: str = ""
    remote_as_of: str = ""


def status(opened: OpenProject, scope: Scope = EVERYWHERE) -> Status:
    """The state of every environment, or of those in a stage or on a cluster (and what waits for them).

    Raises `ProblemsError` when the inputs are wrong, `UsageError` for an unknown stage or cluster.
    """
    require_known(opened, scope)
    resolved, problems = opened.environments()
    fail_if_any(problems)
    everywhere, rows = listed(opened, resolved, EVERYWHERE), listed(opened, resolved, scope)
    releases = {row.name: released(opened, row.name) for row in everywhere}
    checkout = read_checkout(opened.folder) if git_root(opened.folder.resolve()) else None
    inside = {row.name for row in rows}
    changed = [
        path for path in sorted(checkout.changed if checkout else ()) if scope.is_all or environment_of(path) in inside
    ]
    mine = _by_owner(changed)
    stages = opened.projects().stages()
    return Status(
        environments=tuple(_standing(row, releases[row.name], mine.get(row.name, ())) for row in rows),
        waiting=tuple(_waiting(stages, everywhere, releases, inside)),
        drift=check(opened, () if scope.is_all else sorted(inside), resolved).changes,
        uncommitted=tuple(changed),
        **_facts(checkout),
    )


def _waiting(
    stages: Sequence[str], rows: Sequence[EnvironmentRow], releases: Releases, wanted: Collection[str]
) -> Iterator[PendingPromotion]:
    """What waits in each project: a release goes from one stage of it to the next."""
    projects: dict[str, list[EnvironmentRow]] = {}
    for row in rows:
        projects.setdefault(project_folder(row.name), []).append(row)
    for inside in projects.values():
        yield from pending_promotions(stages, inside, releases, wanted)


def _facts(checkout: Checkout | None) -> dict[str, Any]:
    if checkout is None:
        return {}
    return {
        "in_git": True,
        "head": checkout.head,
        "branch": checkout.branch,
        "operation": checkout.operation,
        "unpushed": checkout.ahead,
        "behind": checkout.behind,
        "remote": checkout.upstream,
        "remote_as_of": last_fetch(checkout) if checkout.upstream else "",
    }


def _by_owner(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        if not path.startswith(ARGOCD_FOLDER):
            found.setdefault(environment_of(path), []).append(path)
    return found


def _standing(row: EnvironmentRow, release: dict[str, Any], changed: Iterable[str]) -> Standing:
    values = release.get("values", {})
    return Standing(
        environment=row.name,
        stage=row.stage,
        chart=row.chart,
        release=tuple((dotted(path), value_at(values, path)[1]) for path in leaves(values)),
        uncommitted=tuple(changed),
    )

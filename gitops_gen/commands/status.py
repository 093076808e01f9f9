"""`status`: what runs which release, what waits for promotion, what is not committed, pushed or generated."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gitops_gen.commands.environments import EnvironmentRow, list_environments
from gitops_gen.commands.explain import leaves
from gitops_gen.commands.generate import check
from gitops_gen.commands.promote import released, spoken
from gitops_gen.commands.workspace import Workspace
from gitops_gen.edit.difference import differences
from gitops_gen.edit.values import same
from gitops_gen.git.repository import git_root
from gitops_gen.git.state import Checkout, read_checkout
from gitops_gen.resolve.layers import value_at
from gitops_gen.spec.validation import dotted


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One environment: its release as `key value`, and which of its files are not committed."""

    environment: str
    stage: str
    chart: str
    release: tuple[str, ...]
    uncommitted: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A release that one environment has and one of the next stage has not, and in what they differ."""

    source: str
    target: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The whole picture; `drift` names generated files that are not as they should be, with how."""

    environments: tuple[Standing, ...]
    waiting: tuple[Waiting, ...]
    drift: tuple[tuple[str, str], ...]
    branch: str = ""
    operation: str = ""
    uncommitted: tuple[str, ...] = ()
    unpushed: int = 0
    behind: int = 0


def status(workspace: Workspace) -> Status:
    """Where everything stands. Raises `ProblemsError` when the inputs are wrong."""
    rows = list_environments(workspace)
    releases = {row.name: released(workspace, row.name) for row in rows}
    in_git = git_root(workspace.folder.resolve()) is not None
    checkout = read_checkout(workspace.folder) if in_git else None
    changed = sorted(checkout.changed) if checkout else []
    return Status(
        environments=tuple(_standing(row, releases[row.name], changed) for row in rows),
        waiting=tuple(_waiting(workspace, rows, releases)),
        drift=tuple((item.path, item.state.value) for item in check(workspace).changes),
        uncommitted=tuple(changed),
        **_facts(checkout),
    )


def _facts(checkout: Checkout | None) -> dict[str, Any]:
    if checkout is None:
        return {}
    return {
        "branch": checkout.branch or f"detached at {checkout.head[:12]}",
        "operation": checkout.operation,
        "unpushed": checkout.ahead,
        "behind": checkout.behind,
    }


def _standing(row: EnvironmentRow, release: dict[str, Any], changed: list[str]) -> Standing:
    values = release.get("values", {})
    return Standing(
        environment=row.name,
        stage=row.stage,
        chart=row.chart,
        release=tuple(f"{dotted(path)} {value_at(values, path)[1]}" for path in leaves(values)),
        uncommitted=tuple(path for path in changed if path.startswith(f"environments/{row.name}/")),
    )


def _waiting(
    workspace: Workspace, rows: list[EnvironmentRow], releases: dict[str, dict[str, Any]]
) -> Iterator[Waiting]:
    stages = [stage.name for stage in workspace.project().spec.stages]
    for here, there in pairwise(stages):
        sources = [row.name for row in rows if row.stage == here]
        if not sources:
            continue
        agreed = all(same(releases[name], releases[sources[0]]) for name in sources)
        for target in (row.name for row in rows if row.stage == there):
            for source in sources[:1] if agreed else sources:
                changes = tuple(map(spoken, differences(releases[target], releases[source])))
                if changes:
                    yield Waiting(source=source, target=target, changes=changes)

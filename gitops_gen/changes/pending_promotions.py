"""What waits for promotion: the releases of one stage that the environments of the next do not run."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gitops_gen.changes.version_order import Direction, direction
from gitops_gen.project.listing import EnvironmentRow
from gitops_gen.yaml.editing.difference import KeyDifference, differences

_COMPARED = 4
"""As many releases of a stage are held against each of the next; of more, the one that most of its environments run."""

Releases = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingPromotion:
    """A release that `sources` have and `targets`, in the next stage, have not, and in what they differ.
    `other_releases` counts what the stage of `sources` runs besides.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    direction: Direction
    changes: tuple[KeyDifference, ...]
    other_releases: int = 0


def pending_promotions(
    stages: Sequence[str], rows: Sequence[EnvironmentRow], releases: Releases, wanted: Collection[str]
) -> Iterator[PendingPromotion]:
    """For each pair of adjacent stages: every release of the first that differs from one of the second, once for
    all environments that have it; only what waits for the `wanted` environments.
    """
    for here, there in pairwise(stages):
        sources = _alike(rows, here, releases)
        compared = sources if len(sources) <= _COMPARED else [max(sources, key=len)]
        for targets in _alike((row for row in rows if row.name in wanted), there, releases):
            for names in compared:
                changes = list(differences(releases[targets[0]], releases[names[0]]))
                if changes:
                    yield PendingPromotion(
                        sources=tuple(names),
                        targets=tuple(targets),
                        direction=direction(changes),
                        changes=tuple(changes),
                        other_releases=len(sources) - len(compared),
                    )


def _alike(rows: Iterable[EnvironmentRow], stage: str, releases: Releases) -> list[list[str]]:
    """The environments of a stage, those of one release together."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.stage == stage:
            found.setdefault(json.dumps(releases[row.name], sort_keys=True, default=repr), []).append(row.name)
    return list(found.values())

"""What a program says of the objects that it applies the cluster's policies to."""

import os
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from gitops_gen.manifests.objects import Manifest
from gitops_gen.rules.rule import Check, Hit
from gitops_gen.sync.plan import SyncPlan


class PolicyEffect(StrEnum):
    """What an answer means."""

    DENIED = "denied"
    WARNED = "warned"
    #: the policy cannot be applied here
    UNKNOWN = "unknown"
    #: the policy cannot be read
    INVALID = "invalid"


class PolicyAnswer(NamedTuple):
    """One sentence about an object, or about a policy in a file."""

    kind: PolicyEffect
    manifest: Manifest | None
    message: str
    file: str = ""
    line: int | None = None


def of_kind(kind: PolicyEffect, *sources: Callable[[SyncPlan], Iterable[PolicyAnswer]]) -> Check:
    """A check that finds the answers of one kind."""

    def check(plan: SyncPlan) -> Iterator[Hit]:
        for source in sources:
            for item in source(plan):
                if item.kind == kind:
                    yield Hit(item.manifest, item.message, file=item.file, line=item.line)

    return check


def bare_environment(folder: Path) -> dict[str, str]:
    """The variables that the program gets. A policy can read them, and one of a pull request must see no token."""
    return {"PATH": os.defpath, "HOME": str(folder)}

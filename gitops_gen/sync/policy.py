"""How an Application is synced, as far as order and waiting depend on it: sync options, retries, and the controller's
timeout.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from gitops_gen.manifests.objects import ObjectId, mapping, number, sequence
from gitops_gen.sync.durations import seconds
from gitops_gen.yaml.key_paths import KeyPath

GENERATE_PATHS = "argocd.argoproj.io/manifest-generate-paths"

_JQ_FIELD = re.compile(r"(\.[A-Za-z_]\w*)+")
"""A jq expression that names one field, as a JSON pointer does."""

ARGO_RETRY_LIMIT = 5
"""Automated syncs without `retry`: https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Argo CD waits `duration x factor^n` seconds before retry n, at most `max_duration` (0: no limit)."""

    duration: int = 5
    factor: int = 2
    max_duration: int = 60

    def before_retry(self, retry: int) -> int:
        """Seconds before retry number `retry`, from 1: the first one already has the factor in it (measured)."""
        # Far beyond any limit the exact power is of no interest, and would take long to compute.
        wait: int = self.duration * self.factor ** min(retry, 64)
        return min(wait, self.max_duration) if self.max_duration else wait

    def longest(self, limit: int) -> int:
        """The longest wait of `limit` retries; a negative limit stands for retries without end."""
        if limit == 0:
            return 0
        return max(self.before_retry(1), self.before_retry(limit if limit > 0 else 64))


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncPolicy:
    """The parts of `spec.syncPolicy` and of the project's settings that decide how long a sync can last.

    The defaults are those of the Applications that this tool generates.
    """

    sync_options: tuple[str, ...] = ("CreateNamespace=true", "PruneLast=true")
    #: Argo CD syncs by itself
    automated: bool = True
    #: self-heal sets every difference back
    self_heals: bool = True
    #: differences that Argo CD does not look at: group, kind and name (`*` for any) of objects, and JSON pointers of
    #: fields (empty: fields that a longer jq expression or a manager names)
    ignored: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()
    #: an automated sync may prune everything that the Application has
    allow_empty: bool = False
    #: retries after the first attempt; -1 for no limit
    retry_limit: int = -1
    #: a retry takes the newest commit instead of the one that failed
    retry_refresh: bool = True
    backoff: Backoff = Backoff()
    #: whether the Application says which paths it is made of: Argo CD then takes a commit that it compared during a
    #: sync which was ended from outside for tried, when the source is the one that was tried (`alreadyAttemptedSync` in
    #: https://github.com/argoproj/argo-cd/blob/v3.5.7/controller/appcontroller.go)
    names_paths: bool = True
    #: `controller.sync.timeout.seconds` of the Argo CD that syncs; None when it has none
    sync_timeout: int | None = None
    #: the project's limit in seconds on how long a revert may wait; None when it has none
    revert_limit: int | None = None

    @property
    def creates_namespace(self) -> bool:
        """Whether Argo CD makes the namespace, in a separate step before all others."""
        return "CreateNamespace=true" in self.sync_options

    def ignores(self, identity: ObjectId, path: KeyPath) -> bool:
        """Whether Argo CD does not look at differences of a field of an object."""
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
        return any(
            fnmatchcase(identity.group, group)
            and fnmatchcase(identity.kind, kind)
            and fnmatchcase(identity.name, name)
            and (not pointers or any(f"{pointer}/".startswith(f"{prefix}/") for prefix in pointers))
            for group, kind, name, pointers in self.ignored
        )

    @property
    def prune_last(self) -> bool:
        """Whether Argo CD prunes in a separate wave after the last one."""
        return "PruneLast=true" in self.sync_options


def policy_of(
    application: Mapping[str, Any], *, sync_timeout: int | None = None, revert_limit: int | None = None
) -> SyncPolicy:
    """The policy of an Application manifest, with Argo CD's own defaults for what it does not say.

    Raises `GitopsError` for a back-off that is no duration.
    """
    annotations = mapping(mapping(application.get("metadata")).get("annotations"))
    policy = mapping(mapping(application.get("spec")).get("syncPolicy"))
    retry = policy.get("retry")
    limit = number(mapping(retry).get("limit")) if isinstance(retry, dict) else ARGO_RETRY_LIMIT
    automated = policy.get("automated")
    return SyncPolicy(
        automated=isinstance(automated, dict) and automated.get("enabled") is not False,
        self_heals=mapping(automated).get("selfHeal") is True,
        ignored=tuple(_ignored(application)),
        allow_empty=mapping(automated).get("allowEmpty") is True,
        sync_options=tuple(str(option) for option in sequence(policy.get("syncOptions"))),
        retry_limit=limit or 0,
        retry_refresh=mapping(retry).get("refresh") is True,
        backoff=_backoff(mapping(mapping(retry).get("backoff"))),
        names_paths=bool(annotations.get(GENERATE_PATHS)),
        sync_timeout=sync_timeout,
        revert_limit=revert_limit,
    )


def _ignored(application: Mapping[str, Any]) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Differences that are ignored: https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/."""
    for item in sequence(mapping(application.get("spec")).get("ignoreDifferences")):
        entry = mapping(item)
        expressions = [str(expression) for expression in sequence(entry.get("jqPathExpressions"))]
        unknown = entry.get("managedFieldsManagers") or not all(map(_JQ_FIELD.fullmatch, expressions))
        fields = [str(pointer) for pointer in sequence(entry.get("jsonPointers"))]
        pointers = () if unknown else (*fields, *(expression.replace(".", "/") for expression in expressions))
        yield str(entry.get("group") or ""), str(entry.get("kind") or ""), str(entry.get("name") or "*"), pointers


def _backoff(data: Mapping[str, Any]) -> Backoff:
    factor = number(data.get("factor"))
    return Backoff(
        duration=seconds(data.get("duration") or "5s"),
        factor=2 if factor is None else factor,
        max_duration=seconds(data.get("maxDuration") or "3m"),
    )

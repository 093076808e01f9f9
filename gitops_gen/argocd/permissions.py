"""What an AppProject allows, decided as Argo CD's controller decides it before it applies anything.

https://github.com/argoproj/argo-cd/blob/v3.5.1/controller/sync.go (`validateSyncPermissions`) and
https://github.com/argoproj/argo-cd/blob/v3.5.1/pkg/apis/application/v1alpha1/app_project_types.go
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_gen.argocd.globs import matches_file_pattern, matches_glob

_SSH = re.compile(r"(?:ssh://)?(?:[^@:/]+@)[^/:]+(?::|/).*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Permissions:
    """An AppProject as it concerns one Application."""

    #: the AppProject's name
    name: str
    #: its spec; None for one that is managed elsewhere and not known
    spec: Mapping[str, Any] | None = field(repr=False)
    #: the cluster that the Application deploys to, by its URL or its name; the other one is empty: it is not known
    server: str = ""
    cluster: str = ""
    #: the Application's namespace
    namespace: str = ""
    #: the repositories of the Application's sources
    sources: tuple[str, ...] = ()
    #: whether it is managed outside of this project
    is_existing: bool = False

    def allows_namespaced(self, group: str, kind: str) -> bool:
        """Whether it allows a kind whose objects are in a namespace; without a whitelist it allows all of them."""
        whitelist, blacklist = self._list("namespaceResourceWhitelist"), self._list("namespaceResourceBlacklist")
        listed = whitelist is None or _is_in(whitelist, group, kind)
        return listed and not _is_in(blacklist or [], group, kind)

    def allows_cluster_wide(self, group: str, kind: str, name: str) -> bool:
        """Whether it allows an object of a cluster-scoped kind; without a whitelist it allows none."""
        whitelist, blacklist = self._list("clusterResourceWhitelist"), self._list("clusterResourceBlacklist")
        return _is_in(whitelist or [], group, kind, name) and not _is_in(blacklist or [], group, kind, name)

    def allows_namespace(self, namespace: str) -> bool | None:
        """Whether objects may be created in the namespace; None where that depends on the cluster's other name."""
        answers = {self._destination(namespace, unknown=unknown) for unknown in (False, True)}
        return answers.pop() if len(answers) == 1 else None

    def refused_sources(self) -> Iterator[str]:
        """The repositories of the Application that it does not allow."""
        patterns = [normal_url(str(pattern)) for pattern in self._list("sourceRepos") or []]
        yield from (url for url in self.sources if not _allows_source(patterns, normal_url(url)))

    def _list(self, name: str) -> list[Any] | None:
        found = (self.spec or {}).get(name)
        return found if isinstance(found, list) else None

    def _destination(self, namespace: str, *, unknown: bool) -> bool:
        allowed = False
        for item in filter(_is_map, self._list("destinations") or []):
            there = {key: str(item.get(key) or "") for key in ("server", "name", "namespace")}
            server = _destination_matches(there["server"], self.server, unknown=unknown)
            named = _destination_matches(there["name"], self.cluster, unknown=unknown)
            inside = _matches(there["namespace"], namespace)
            if (server or named) and inside:
                allowed = True
            elif _is_denied(there, server=server, named=named, inside=inside):
                return False
        return allowed


def _is_in(items: list[Any], group: str, kind: str, name: str = "") -> bool:
    return any(
        matches_file_pattern(str(item.get("kind") or ""), kind)
        and matches_file_pattern(str(item.get("group") or ""), group)
        and (not item.get("name") or matches_file_pattern(str(item["name"]), name))
        for item in filter(_is_map, items)
    )


def _is_map(item: Any) -> bool:
    """Whether an entry has fields: the file of an existing AppProject is not validated."""
    return isinstance(item, dict)


def _is_denied(there: dict[str, str], *, server: bool, named: bool, inside: bool) -> bool:
    """Whether a pattern with `!` of a destination that does not match denies everything."""
    by_name = not named and _denies(there["name"])
    by_server = not server and _denies(there["server"]) and inside
    by_namespace = not inside and _denies(there["namespace"]) and server
    return by_name or by_server or by_namespace


def _destination_matches(pattern: str, value: str, *, unknown: bool) -> bool:
    """`unknown` is the answer for a cluster whose URL or name is not known, where the pattern asks for it."""
    if value:
        return _matches(pattern, value)
    return pattern == "*" or (unknown and pattern != "")


def _matches(pattern: str, value: str, separator: str = "") -> bool:
    if _denies(pattern):
        return not matches_glob(pattern[1:], value, separator=separator)
    return matches_glob(pattern, value, separator=separator)


def _denies(pattern: str) -> bool:
    return pattern.startswith("!")


def _allows_source(patterns: list[str], url: str) -> bool:
    if any(_denies(pattern) and not _matches(pattern, url, "/") for pattern in patterns):
        return False
    return any(_matches(pattern, url, "/") for pattern in patterns)


def normal_url(url: str) -> str:
    """A git URL as Argo CD compares it: https://github.com/argoproj/argo-cd/blob/v3.5.1/util/git/git.go
    (`NormalizeGitURL`).
    """
    denial, url = ("!", url[1:]) if _denies(url) else ("", url)
    url = url.strip().lower()
    if _SSH.fullmatch(url) and not url.startswith("ssh://"):
        url = url.replace(":", "/", 1)
    return denial + url.removesuffix(".git").removeprefix("ssh://")

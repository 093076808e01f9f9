"""The output of `helm template`, made from what the embedded library renders: one text for each template.

Helm splits each text into documents, leaves out partials, blank documents and hooks that it does not know, and prints
the rest. Here documents are in the order of their templates, in Helm's output in the order of their kinds; to Argo CD
that is the same.
https://github.com/helm/helm/blob/v4.2.3/pkg/release/v1/util/manifest_sorter.go (`SortManifests`),
https://github.com/helm/helm/blob/v4.2.3/pkg/cmd/template.go
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops_gen.errors import ProblemsError
from gitops_gen.yaml.documents import split_template
from gitops_gen.yaml.reader import load_rendered

HOOK = "helm.sh/hook"
_HOOKS = frozenset(
    f"{when}-{what}" for when in ("pre", "post") for what in ("install", "upgrade", "rollback", "delete")
) | {"test", "test-success"}
"""https://github.com/helm/helm/blob/v4.2.3/pkg/release/v1/util/manifest_sorter.go (`events`)"""

_TESTS = frozenset({"test", "test-success"})

_KEEPS_LINES = re.compile(r"[|>][1-9]?[+]")
"""A block scalar whose empty lines at the end are part of it."""

_ORDER = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
]
"""https://github.com/helm/helm/blob/v4.2.3/pkg/release/v1/util/kind_sorter.go (`InstallOrder`)"""

Part = tuple[str, str]
"""A template's name and a document of it."""


def printed(crds: Sequence[Part], rendered: Mapping[str, str], *, skip_tests: bool = False) -> str:
    """What `helm template --include-crds` prints; `crds` are files, `rendered` is from templates to their text."""
    parts = [*crds, *_documents(rendered)]
    if skip_tests:
        parts = [(name, text) for name, text in parts if HOOK not in text or not _TESTS.intersection(_hooks(text))]
    if any(_KEEPS_LINES.search(text) for _, text in parts):
        parts = _with_trimmed_end(parts, len(crds))
    return "".join(f"---\n# Source: {name}\n{text}\n" for name, text in parts)


def _documents(rendered: Mapping[str, str]) -> Iterator[Part]:
    for name, text in sorted(rendered.items()):
        if not name.endswith("NOTES.txt") and not posixpath.basename(name).startswith("_"):
            yield from ((name, document) for document in split_template(text) if not _is_unknown_hook(document))


def _is_unknown_hook(document: str) -> bool:
    named = _hooks(document) if HOOK in document else ()
    return any(hook not in _HOOKS for hook in named)


def _hooks(document: str) -> tuple[str, ...]:
    """What the annotation says; nothing for an object that is no hook."""
    annotations = _map(_map(_head(document)).get("metadata")).get("annotations")
    value = _map(annotations).get(HOOK)
    return () if value is None else tuple(part.strip().lower() for part in str(value).split(","))


def _with_trimmed_end(parts: Sequence[Part], crds: int) -> list[Part]:
    """Helm trims its output before it appends the hooks: the last object that is none loses its empty lines."""
    place = max(range(len(parts)), key=lambda index: (not _hooks(parts[index][1]), _rank(parts, index, crds), index))
    return [(name, text.rstrip()) if index == place else (name, text) for index, (name, text) in enumerate(parts)]


def _rank(parts: Sequence[Part], index: int, crds: int) -> tuple[int, str]:
    if index < crds:
        return -1, ""
    kind = str(_map(_head(parts[index][1])).get("kind"))
    return (_ORDER.index(kind), "") if kind in _ORDER else (len(_ORDER), kind)


def _head(document: str) -> Any:
    try:
        return load_rendered(document, "")[0]
    except ProblemsError:
        return None  # the reader of the whole stream says so, with the line


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

"""What annotations tell Argo CD: the wave, the phase a hook runs in, what ends it, sync options, and this tool's own
two.

Read as Argo CD reads them, version 3.5: https://github.com/argoproj/argo-cd/tree/v3.5.0/gitops-engine/pkg/sync
"""

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any

from gitops_gen.manifests.objects import Manifest
from gitops_gen.yaml.key_paths import KeyPath

SYNC_WAVE = "argocd.argoproj.io/sync-wave"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
HOOK = "argocd.argoproj.io/hook"
HOOK_DELETE_POLICY = "argocd.argoproj.io/hook-delete-policy"
HELM_HOOK = "helm.sh/hook"
HELM_WEIGHT = "helm.sh/hook-weight"
HELM_DELETE_POLICY = "helm.sh/hook-delete-policy"
HELM_RESOURCE_POLICY = "helm.sh/resource-policy"

NEEDS = "gitops-gen.io/needs"
"""Objects that must be ready first, as `Kind/name`, several with commas; `*` stands for any text (a hash, say)."""

IGNORE = "gitops-gen.io/ignore"
"""Ids of rules that do not apply to the object, several with commas; anything behind a `#` says why."""

_INTEGER = re.compile(r"[+-]?\d+")


class Phase(Enum):
    """The parts of a sync, in the order in which they run; the last three run only on a failure or a deletion."""

    PRE_SYNC = "PreSync"
    SYNC = "Sync"
    POST_SYNC = "PostSync"
    SYNC_FAIL = "SyncFail"
    PRE_DELETE = "PreDelete"
    POST_DELETE = "PostDelete"


_ARGO_PHASES = {phase.value: phase for phase in Phase}
_HELM_PHASES = {
    "pre-install": Phase.PRE_SYNC,
    "pre-upgrade": Phase.PRE_SYNC,
    "post-install": Phase.POST_SYNC,
    "post-upgrade": Phase.POST_SYNC,
    "pre-delete": Phase.PRE_DELETE,
    "post-delete": Phase.POST_DELETE,
}
_HELM_TESTS = frozenset({"test", "test-success", "test-failure"})


def words(manifest: Manifest, annotation: str) -> tuple[str, ...]:
    """The values of a comma-separated annotation."""
    value = manifest.annotations.get(annotation)
    return _words(value) if isinstance(value, str) else ()


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def is_integer(value: Any) -> bool:
    """Whether Argo CD takes the annotation's value for a wave: a string of digits with an optional sign."""
    return isinstance(value, str) and _INTEGER.fullmatch(value) is not None


def wave(manifest: Manifest) -> int:
    """The sync wave: Argo CD's annotation, else Helm's hook weight (on any object), else 0. What is no integer is
    skipped.
    """
    for annotation in (SYNC_WAVE, HELM_WEIGHT):
        value = manifest.annotations.get(annotation)
        if is_integer(value):
            return int(str(value))
    return 0


def is_hook(manifest: Manifest) -> bool:
    """Whether Argo CD takes the object for a hook: it is then no part of the application's state, and may run
    nowhere.
    """
    if HOOK in manifest.annotations:
        return words(manifest, HOOK) != ("Skip",)
    return bool(manifest.annotations.get(HELM_HOOK, "crd-install") != "crd-install")


def is_helm_test(manifest: Manifest) -> bool:
    """Whether the object is only a test of `helm test`: Argo CD applies none of them."""
    named = words(manifest, HELM_HOOK)
    return HOOK not in manifest.annotations and bool(named) and _HELM_TESTS.issuperset(named)


def is_skipped(manifest: Manifest) -> bool:
    """Whether the object says itself that no sync applies it."""
    return words(manifest, HOOK) == ("Skip",)


def phases(manifest: Manifest) -> tuple[Phase, ...]:
    """The phases the object is applied in; none for a hook that Argo CD has no phase for (Helm's tests, for one)."""
    if is_skipped(manifest):
        return ()
    if not is_hook(manifest):
        return (Phase.SYNC,)
    named = [_ARGO_PHASES[word] for word in words(manifest, HOOK) if word in _ARGO_PHASES]
    # Argo CD looks at Helm's annotation only when its own names no phase.
    named = named or [_HELM_PHASES[word] for word in words(manifest, HELM_HOOK) if word in _HELM_PHASES]
    return tuple(dict.fromkeys(named))


def is_deleted_on_success(manifest: Manifest) -> bool:
    """Whether Argo CD deletes the hook at the end of a sync that succeeded; what is no hook stays, whatever it says.

    https://github.com/argoproj/argo-cd/blob/v3.5.1/gitops-engine/pkg/sync/sync_task.go (`hasHookDeletePolicy`)
    """
    return is_hook(manifest) and not _policies(manifest).isdisjoint(_SUCCEEDED)


_SUCCEEDED = frozenset({"HookSucceeded", "hook-succeeded"})
_BEFORE = frozenset({"BeforeHookCreation", "before-hook-creation"})
_FAILED = frozenset({"HookFailed", "hook-failed"})


def _policies(manifest: Manifest) -> frozenset[str]:
    """When Argo CD deletes a hook: before it creates it again, if nothing else is said."""
    named = {*words(manifest, HOOK_DELETE_POLICY), *words(manifest, HELM_DELETE_POLICY)}
    return frozenset(named & (_SUCCEEDED | _BEFORE | _FAILED)) or _BEFORE


def meets_next_sync(manifest: Manifest) -> bool:
    """Whether the object of a sync that succeeded still exists when the next one applies it."""
    return not is_hook(manifest) or _policies(manifest).isdisjoint(_SUCCEEDED | _BEFORE)


def wave_path(manifest: Manifest) -> KeyPath:
    """Where an object says in which wave, or else in which phase, it is; nothing where it does not."""
    keys = (SYNC_WAVE, HELM_WEIGHT, HOOK, HELM_HOOK)
    return next((("metadata", "annotations", key) for key in keys if key in manifest.annotations), ())


def is_made_again(manifest: Manifest) -> bool:
    """Whether each attempt of a sync makes the object again: a hook that is deleted when it failed, or before.

    https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/#hook-lifecycle-and-cleanup
    """
    return is_hook(manifest) and not _policies(manifest).isdisjoint(_BEFORE | _FAILED)


def sync_options(manifest: Manifest) -> tuple[str, ...]:
    """`Prune=false`, `Replace=true` and the like."""
    return words(manifest, SYNC_OPTIONS)


def is_forced(manifest: Manifest) -> bool:
    """Whether Argo CD deletes the object and creates it again when the API server refuses a change."""
    return "Force=true" in sync_options(manifest)


def applies_server_side(manifest: Manifest, options: Iterable[str]) -> bool:
    """Whether Argo CD applies the object server-side; `options` are the Application's. Replace comes first.

    https://github.com/argoproj/argo-cd/blob/v3.5.1/gitops-engine/pkg/sync/sync_context.go (`shouldUseServerSideApply`)
    """
    own, options = sync_options(manifest), tuple(options)
    if "Replace=true" in (*own, *options) or "ServerSideApply=false" in own:
        return False
    return "ServerSideApply=true" in (*own, *options)


def needs(manifest: Manifest) -> tuple[str, ...]:
    """The patterns of `gitops-gen.io/needs`."""
    return words(manifest, NEEDS)


def ignored_rules(manifest: Manifest) -> tuple[str, ...]:
    """The rule ids of `gitops-gen.io/ignore`."""
    value = manifest.annotations.get(IGNORE)
    ids = value.partition("#")[0].split(",") if isinstance(value, str) else []
    return tuple(word.strip() for word in ids if word.strip())

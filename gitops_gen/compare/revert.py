"""How long a revert may wait behind a running sync, before and after: computed only where a change can matter to it."""

from functools import lru_cache

from gitops_gen.compare.documents import Pair
from gitops_gen.compare.model import Consequence, Effect
from gitops_gen.manifests.annotations import phases, sync_options, wave
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.sync.durations import text as duration
from gitops_gen.sync.gates import gate_of
from gitops_gen.sync.policy import SyncPolicy


def matters(pair: Pair) -> bool:
    """Whether the longest wait can differ because of this object."""
    if pair.old is None or pair.new is None:
        return True
    if pair.new.kind in {"HorizontalPodAutoscaler", "Application"}:
        return True
    return _signature(pair.old) != _signature(pair.new)


def _signature(manifest: Manifest) -> tuple[object, ...]:
    gate = gate_of(manifest, {})
    waits = (gate.seconds, gate.first_only, gate.stuck) if gate else None
    return phases(manifest), wave(manifest), "PruneLast=true" in sync_options(manifest), waits


@lru_cache(maxsize=64)
def longest_wait(stream: str, namespace: str, policy: SyncPolicy) -> int | None:
    """The seconds that a revert may wait behind a later sync of these objects; None for no end.

    Raises `ProblemsError` for what is not YAML.
    """
    # Late: most differences do not need it.
    from gitops_gen.sync.plan import plan_of

    manifests = parse(stream, "the rendered manifests", namespace=namespace)
    return plan_of(manifests, policy, name="").later_bound.seconds


def change_of_wait(old: int | None, new: int | None) -> Consequence | None:
    """The change in words; None when there is none."""
    if old == new:
        return None
    return Consequence(effect=Effect.WAITS, object="", detail=f"{_text(old)} → {_text(new)}")


def _text(seconds: int | None) -> str:
    return "without limit" if seconds is None else f"at most {duration(seconds)}"

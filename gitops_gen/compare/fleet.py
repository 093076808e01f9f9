"""All environments of a comparison, rendered and compared: here for a few, in worker processes for many."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from gitops_gen.compare.compare import Rendered, broken, compare
from gitops_gen.compare.model import Action, Consequence, Effect, EnvironmentChange
from gitops_gen.compare.steady import steadied
from gitops_gen.errors import GitopsError
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.helm.renderer import Renderer, open_renderer
from gitops_gen.runtime.activity import counted, timed
from gitops_gen.runtime.workers import in_workers, pay_off
from gitops_gen.sync.policy import SyncPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderTarget:
    """What one environment renders from."""

    environment: str
    chart: Path
    release: HelmRelease
    argocd: str
    policy: SyncPolicy
    prunes: bool
    protected: bool
    #: what identifies the environment, where it is compared with another one
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One environment to compare; None for a side on which it does not exist."""

    name: str
    old: RenderTarget | None
    new: RenderTarget | None

    @property
    def action(self) -> Action:
        """What happens to the environment as a whole."""
        if self.old is None:
            return Action.ADDED
        return Action.REMOVED if self.new is None else Action.CHANGED


@dataclass(frozen=True, kw_only=True, slots=True)
class Engines:
    """How to render: the engine's name, and whether renders are kept between runs."""

    engine: str = ""
    cached: bool = True


def compare_all(tasks: Iterable[Comparison], engines: Engines, *, at_most: int) -> list[EnvironmentChange]:
    """The environments that differ, in the tasks' order.

    There are `at_most` so many tasks. They are taken one after the other, so that the first ones are compared while the
    next ones are made.
    """
    if pay_off(2 * at_most):
        found = in_workers(partial(_in_worker, engines), tasks)
    else:
        renderer = _renderer(engines)
        found = (compare_task(task, renderer) for task in tasks)
    with closing(found), timed(f"render and compare {at_most} environments"):
        return [change for change in counted(found, "rendering", at_most) if change]


def _in_worker(engines: Engines, task: Comparison) -> EnvironmentChange | None:
    return compare_task(task, _worker_renderer(engines))


@cache
def _worker_renderer(engines: Engines) -> Renderer:
    """The renderer of this worker, which ends with the comparison: the charts it holds are in a temporary folder."""
    return _renderer(engines)


def _renderer(engines: Engines) -> Renderer:
    return open_renderer(engines.engine, cached=engines.cached)


def compare_task(task: Comparison, renderer: Renderer) -> EnvironmentChange | None:
    """One environment: what differs, or why it cannot be rendered."""
    sides: list[Rendered | None] = []
    errors: list[tuple[str, GitopsError]] = []
    for target, side in ((task.old, "before"), (task.new, "now")):
        try:
            sides.append(_rendered(target, renderer))
        except GitopsError as error:
            errors.append((target.environment if target and target.facts else side, error))
    if errors:
        return broken(task.name, task.action, *errors)
    try:
        change = compare(*sides)
    except GitopsError as error:
        return broken(task.name, task.action, ("now", error))
    return _with_helm(replace(change, name=task.name), task, renderer) if change else None


def _with_helm(change: EnvironmentChange, task: Comparison, renderer: Renderer) -> EnvironmentChange:
    """The change with the Helm that rendered both sides, and what Argo CD's may render differently."""
    uses = [renderer.use(target.chart, target.release) for target in (task.old, task.new) if target]
    notes = dict.fromkeys(Consequence(effect=Effect.NOTES, object="", detail=use.note) for use in uses)
    kept = tuple(note for note in notes if note.detail)
    return replace(
        change,
        consequences=(*change.consequences, *kept),
        helm=tuple(dict.fromkeys(use.version for use in uses)),
    )


def _rendered(target: RenderTarget | None, renderer: Renderer) -> Rendered | None:
    if target is None:
        return None
    manifests, varying = renderer.render(target.chart, target.release), 0
    if again := renderer.render_again(target.chart, target.release, manifests):
        manifests, varying = steadied(manifests, again)
    return Rendered(
        environment=target.environment,
        namespace=target.release.namespace,
        manifests=manifests,
        varying=varying,
        argocd=target.argocd,
        policy=target.policy,
        prunes=target.prunes,
        protected=target.protected,
        facts=target.facts,
    )

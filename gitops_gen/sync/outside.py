"""What one Application needs of others and what it has for others, small enough to keep for every one of a fleet."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from gitops_gen.manifests.annotations import is_made_again, sync_options
from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.manifests.scopes import BUILT_IN, Scopes
from gitops_gen.manifests.secrets import made_secrets, perhaps_made_secrets
from gitops_gen.sync.calls import outside_calls
from gitops_gen.sync.gates import Gate
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.sync.policy import SyncPolicy

Key: TypeAlias = tuple[str, str, str]
"""Kind, namespace (empty for what is in none) and name."""

DEFINITION, OPERATOR, NAMESPACE, SERVICE = "CRD", "operator", "Namespace", "Service"
_SKIP = "SkipDryRunOnMissingResource=true"
_ALWAYS = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})


class WhileMissing(Enum):
    """What happens to a sync while something is missing."""

    #: the dry run fails, so that nothing is applied
    REFUSED = "refused"
    #: the object is refused, which ends the sync at its wave
    STOPPED = "stopped"
    #: the object says Degraded, which fails its wave
    DEGRADED = "degraded"
    #: the object is not healthy until it is there
    WAITS = "waits"
    #: its pods fail and are started again
    RESTARTS = "restarts"
    #: it fails for good
    FAILS = "fails"


@dataclass(frozen=True, kw_only=True, slots=True)
class Want:
    """Something an object needs that another Application may have."""

    consumer: str
    source: str
    key: Key
    what: str
    why: str
    effect: WhileMissing
    #: the step that applies the consumer
    step: int
    #: whether the sync waits for the consumer there
    is_awaited: bool
    #: seconds until the consumer gives up for good; None: never
    patience: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """Something that an Application brings: the step that applies it, and the objects that must be healthy before it
    can be used.
    """

    step: int
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """An Application as others meet it."""

    name: str
    cluster: str
    policy: SyncPolicy
    #: for each step whether the next one waits for it
    gated: tuple[bool, ...]
    wants: tuple[Want, ...]
    offers: dict[Key, Offer]


def outside_of(plan: SyncPlan) -> Outside | None:
    """What an Application needs of others and has for others; None where it is not known where it is deployed."""
    if plan.project is None:
        return None
    view = _View(plan, plan.project.namespace)
    offers = dict(view.offers())
    wants = tuple(want for want in view.wants() if want.key not in offers)
    gated = tuple(step.gated for step in plan.steps)
    cluster = plan.project.server or plan.project.cluster
    return Outside(name=plan.name, cluster=cluster, policy=plan.policy, gated=gated, wants=wants, offers=offers)


class _View:
    def __init__(self, plan: SyncPlan, home: str) -> None:
        self._plan, self._home, self._objects = plan, home, plan.objects
        self._places, self._scopes = plan.places, Scopes(plan.objects.of_kind("CustomResourceDefinition"))
        self._gates = {gate.manifest: gate for _, gate in plan.gates}

    def offers(self) -> Iterator[tuple[Key, Offer]]:
        if self._plan.policy.creates_namespace:
            yield (NAMESPACE, "", self._home), Offer(step=0)
        for manifest in self._plan.manifests:
            if place := self._places.of(manifest):
                yield from self._offers_of(manifest, Offer(step=place[0]))

    def _offers_of(self, manifest: Manifest, offer: Offer) -> Iterator[tuple[Key, Offer]]:
        kind, name = manifest.kind, manifest.name
        is_wide = self._scopes.is_cluster_wide(manifest.id.group, kind)
        namespace = "" if is_wide else self._namespace(manifest)
        if kind == "CustomResourceDefinition":
            names = mapping(manifest.spec.get("names"))
            yield (DEFINITION, str(manifest.spec.get("group")), str(names.get("kind"))), offer
        elif kind == "Service" and not manifest.id.group:
            found = self._ready(*self._objects.behind(manifest), step=offer.step)
            ports = [item.get("port") for item in mappings(manifest.spec.get("ports"))]
            for key in (name, *(f"{name}:{port}" for port in ports)):
                yield (SERVICE, namespace, key), found
        elif kind != "Secret":
            yield (kind, namespace, name), offer
        yield from self._made_by(manifest, namespace, offer)

    def _made_by(self, manifest: Manifest, namespace: str, offer: Offer) -> Iterator[tuple[Key, Offer]]:
        perhaps = perhaps_made_secrets(manifest) if manifest.kind == "Job" else ()
        for name in (*made_secrets(manifest), *perhaps):
            made = offer if manifest.kind == "Secret" else self._ready(manifest, step=offer.step)
            yield ("Secret", namespace, name), made
        if pod := self._objects.pod(manifest):
            for group in self._written_groups(pod.service_account, manifest.id.namespace):
                yield (OPERATOR, "", group), self._ready(manifest, step=offer.step)

    def _written_groups(self, account: str, namespace: str) -> Iterator[str]:
        """The API groups of custom resources that an account watches: those of the operator that it is."""
        for binding in self._objects.bindings_of(account, namespace):
            reference = mapping(binding.data.get("roleRef"))
            place = binding.id.namespace if reference.get("kind") == "Role" else ""
            role = self._objects.named(str(reference.get("kind")), str(reference.get("name")), place)
            for rule in mappings(role.data.get("rules")) if role else ():
                if {"watch", "*"} & {*sequence(rule.get("verbs"))}:
                    yield from {*map(str, sequence(rule.get("apiGroups")))} - BUILT_IN - {"*"}

    def _ready(self, *manifests: Manifest, step: int) -> Offer:
        places = [place[0] for item in manifests if (place := self._places.of(item))]
        return Offer(step=max([step, *places]), objects=tuple(str(item.id) for item in manifests))

    def wants(self) -> Iterator[Want]:
        for manifest in self._plan.manifests:
            if self._places.of(manifest):
                yield from self._definition(manifest)
                yield from self._place(manifest)
                yield from self._services(manifest)
        yield from self._given()

    def _definition(self, manifest: Manifest) -> Iterator[Want]:
        group, kind = manifest.id.group, manifest.kind
        if group in BUILT_IN:
            return
        skips = _SKIP in (*sync_options(manifest), *self._plan.policy.sync_options)
        effect, why = WhileMissing.STOPPED if skips else WhileMissing.REFUSED, f"it is a {kind}"
        yield self._want(manifest, (DEFINITION, group, kind), f"CRD {kind}.{group}", why, effect)
        if manifest in self._gates:
            why = "it is healthy when its operator says so"
            yield self._want(manifest, (OPERATOR, "", group), f"operator of {group}", why, WhileMissing.WAITS)

    def _place(self, manifest: Manifest) -> Iterator[Want]:
        namespace = manifest.id.namespace
        if namespace and namespace not in _ALWAYS:
            what = f"Namespace/{namespace}"
            yield self._want(
                manifest, (NAMESPACE, "", namespace), what, "it is in that namespace", WhileMissing.STOPPED
            )

    def _services(self, manifest: Manifest) -> Iterator[Want]:
        pod = self._objects.pod(manifest)
        if pod is None or manifest.kind == "CronJob":
            return
        for call in outside_calls(self._objects, manifest, pod):
            namespace = call.namespace or self._namespace(manifest)
            fails = WhileMissing.FAILS if manifest.kind == "Job" else WhileMissing.RESTARTS
            effect = WhileMissing.WAITS if call.waits else fails
            what = f"Service/{call.name.partition(':')[0]} in {namespace}"
            yield self._want(manifest, (SERVICE, namespace, call.name), what, call.why, effect)

    def _given(self) -> Iterator[Want]:
        for given in self._plan.given:
            kind, _, name = given.what.partition(" ")[0].partition("/")
            if name and self._places.of(given.consumer):
                key = (kind, "" if kind.startswith("Cluster") else self._namespace(given.consumer), name)
                effect = WhileMissing.WAITS if self._objects.pod(given.consumer) else WhileMissing.DEGRADED
                yield self._want(given.consumer, key, f"{kind}/{name}", given.why, effect)

    def _namespace(self, manifest: Manifest) -> str:
        return manifest.id.namespace or self._home

    def _want(self, manifest: Manifest, key: Key, what: str, why: str, effect: WhileMissing) -> Want:
        place = self._places.of(manifest) or (0, 0)
        effect = WhileMissing.DEGRADED if effect is WhileMissing.FAILS and is_made_again(manifest) else effect
        return Want(
            consumer=str(manifest.id),
            source=manifest.source,
            key=key,
            what=what,
            why=why,
            effect=effect,
            step=place[0],
            is_awaited=self._places.gates(manifest),
            patience=_patience(manifest, self._gates.get(manifest)),
        )


def _patience(manifest: Manifest, gate: Gate | None) -> int | None:
    """Seconds until the object has failed for good: a Job with a deadline that Argo CD does not make again."""
    return gate.seconds if gate and manifest.kind == "Job" and not is_made_again(manifest) else None

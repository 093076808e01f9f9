"""Edges: which object needs which other one, whether it needs it ready or only there, and what it does until then."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from gitops_gen.manifests.annotations import NEEDS, needs
from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.pods import Pod, Reference
from gitops_gen.sync.calls import Call, calls_of
from gitops_gen.sync.gates import is_ready_at_once
from gitops_gen.sync.object_index import ObjectIndex


class Need(Enum):
    """What the consumer needs of the producer."""

    PRESENT = "present"
    READY = "ready"
    #: it must exist when the sync has ended: the pods of a CronJob start at their own time
    AFTERWARDS = "afterwards"


class Reaction(Enum):
    """What the consumer does while the producer does not exist or is not ready."""

    #: Kubernetes or an init container holds its pods back; it is healthy only afterwards
    WAITS = "waits"
    #: its pods fail and are started again
    RESTARTS = "restarts"
    #: it fails for good, as a Job does that is out of retries
    FAILS = "fails"
    #: it says Degraded, which fails a wave that is waited for
    DEGRADES = "degrades"
    #: nothing: it is healthy all the same
    IDLES = "idles"


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One object needs another."""

    consumer: Manifest
    producer: Manifest
    need: Need
    reaction: Reaction
    #: how the need was found: `env DATABASE_URL names Service/postgres`
    why: str
    #: it is enough that one of all producers with the same reason is ready, as with workloads behind one Service
    one_of: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """Something an object needs that is not rendered here, so that the cluster must have it already."""

    consumer: Manifest
    what: str
    why: str


def edges_of(objects: ObjectIndex) -> tuple[list[Edge], list[Given]]:
    """Every need among the objects, and every need of something that is not among them."""
    edges: dict[tuple[Manifest, Manifest, Need, Reaction], Edge] = {}
    given: dict[tuple[Manifest, str], Given] = {}
    for found in _all(objects):
        if isinstance(found, Given):
            given.setdefault((found.consumer, found.what), found)
        elif found.consumer is not found.producer:
            edges.setdefault((found.consumer, found.producer, found.need, found.reaction), found)
    return list(edges.values()), list(given.values())


_Found = Iterator[Edge | Given]


def _all(objects: ObjectIndex) -> _Found:
    for manifest, pod in objects.pods:
        found = _pod_needs(objects, manifest, pod)
        yield from map(_afterwards, found) if manifest.kind == "CronJob" else found
    for manifest in objects.manifests:
        if source := _SOURCES.get(manifest.kind):
            yield from source(objects, manifest)
        yield from _declared(objects, manifest)


def _pod_needs(objects: ObjectIndex, manifest: Manifest, pod: Pod) -> _Found:
    yield from _referenced(objects, manifest)
    yield from _rights(objects, manifest, pod)
    for call in calls_of(objects, manifest, pod):
        yield from _called(objects, manifest, call)


def _afterwards(found: Edge | Given) -> Edge | Given:
    return replace(found, need=Need.AFTERWARDS) if isinstance(found, Edge) else found


def _referenced(objects: ObjectIndex, manifest: Manifest) -> _Found:
    for reference in objects.references[manifest]:
        if reference.optional:
            continue
        producer = _producer(objects, reference, manifest.id.namespace)
        if producer is not None:
            yield _reference_edge(manifest, reference, producer)
        elif reference.name != "default":
            yield Given(consumer=manifest, what=_given_name(objects, manifest, reference), why=reference.how)


def _given_name(objects: ObjectIndex, manifest: Manifest, reference: Reference) -> str:
    name = f"{reference.kind}/{reference.name}"
    job = objects.perhaps_maker(reference.name, manifest.id.namespace) if reference.kind == "Secret" else None
    return f"{name} (perhaps made by {job.id})" if job else name


def _producer(objects: ObjectIndex, reference: Reference, namespace: str) -> Manifest | None:
    if reference.kind == "Secret":
        return objects.secret_maker(reference.name, namespace)
    return objects.named(reference.kind, reference.name, namespace)


def _reference_edge(manifest: Manifest, reference: Reference, producer: Manifest) -> Edge:
    made_by_another = reference.kind == "Secret" and producer.kind != "Secret"
    return Edge(
        consumer=manifest,
        producer=producer,
        need=Need.READY if made_by_another else Need.PRESENT,
        reaction=Reaction.WAITS,
        why=f"{reference.how} names {reference.kind}/{reference.name}"
        + (", which it makes" if made_by_another else ""),
    )


def _rights(objects: ObjectIndex, manifest: Manifest, pod: Pod) -> _Found:
    reaction = Reaction.FAILS if manifest.kind == "Job" else Reaction.RESTARTS
    for binding in objects.bindings_of(pod.service_account, manifest.id.namespace):
        why = f"{binding.id} gives rights to ServiceAccount/{pod.service_account}"
        yield Edge(consumer=manifest, producer=binding, need=Need.PRESENT, reaction=reaction, why=why)
        role = mapping(binding.data.get("roleRef"))
        namespace = binding.id.namespace if role.get("kind") == "Role" else ""
        if producer := objects.named(str(role.get("kind")), str(role.get("name")), namespace):
            why = f"{why} out of {producer.id}"
            yield Edge(consumer=manifest, producer=producer, need=Need.PRESENT, reaction=reaction, why=why)


def _called(objects: ObjectIndex, manifest: Manifest, call: Call) -> _Found:
    reaction = Reaction.WAITS if call.waits else Reaction.FAILS if manifest.kind == "Job" else Reaction.RESTARTS
    if call.target.kind != "Service":
        yield Edge(consumer=manifest, producer=call.target, need=Need.READY, reaction=reaction, why=call.why)
        return
    yield Edge(consumer=manifest, producer=call.target, need=Need.PRESENT, reaction=reaction, why=call.why)
    workloads = objects.behind(call.target)
    if manifest in workloads:
        return
    if not workloads:
        yield Given(consumer=manifest, what=f"pods behind {call.target.id}", why=call.why)
        return
    for workload in workloads:
        yield Edge(consumer=manifest, producer=workload, need=Need.READY, reaction=reaction, why=call.why, one_of=True)


def _external_secret(objects: ObjectIndex, manifest: Manifest) -> _Found:
    for store in _stores(manifest):
        kind, name = str(store.get("kind") or "SecretStore"), str(store.get("name"))
        namespace = "" if kind == "ClusterSecretStore" else manifest.id.namespace
        why = f"secretStoreRef names {kind}/{name}"
        if producer := objects.named(kind, name, namespace):
            yield Edge(consumer=manifest, producer=producer, need=Need.READY, reaction=Reaction.DEGRADES, why=why)
        else:
            yield Given(consumer=manifest, what=f"{kind}/{name}", why="secretStoreRef")


def _stores(manifest: Manifest) -> list[dict[str, object]]:
    items = mappings(manifest.spec.get("data")) + mappings(manifest.spec.get("dataFrom"))
    named = [manifest.spec.get("secretStoreRef"), *(mapping(item.get("sourceRef")).get("storeRef") for item in items)]
    return [dict(store) for store in named if isinstance(store, dict)]


def _certificate(objects: ObjectIndex, manifest: Manifest) -> _Found:
    issuer = mapping(manifest.spec.get("issuerRef"))
    kind, name = str(issuer.get("kind") or "Issuer"), str(issuer.get("name"))
    if producer := objects.named(kind, name, "" if kind == "ClusterIssuer" else manifest.id.namespace):
        why = f"issuerRef names {kind}/{name}"
        yield Edge(consumer=manifest, producer=producer, need=Need.READY, reaction=Reaction.WAITS, why=why)


def _ingress(objects: ObjectIndex, manifest: Manifest) -> _Found:
    spec = manifest.spec
    paths = [path for rule in mappings(spec.get("rules")) for path in mappings(mapping(rule.get("http")).get("paths"))]
    backends = [spec.get("defaultBackend"), *(path.get("backend") for path in paths)]
    for backend in backends:
        name = mapping(mapping(backend).get("service")).get("name")
        if name and (producer := objects.named("Service", str(name), manifest.id.namespace)):
            yield _idle(manifest, producer, f"routes to Service/{name}")
    for tls in mappings(spec.get("tls")):
        if producer := objects.secret_maker(str(tls.get("secretName")), manifest.id.namespace):
            yield _idle(manifest, producer, f"tls names Secret/{tls.get('secretName')}")


def _idle(consumer: Manifest, producer: Manifest, why: str) -> Edge:
    return Edge(consumer=consumer, producer=producer, need=Need.PRESENT, reaction=Reaction.IDLES, why=why)


def _autoscaler(objects: ObjectIndex, manifest: Manifest) -> _Found:
    target = mapping(manifest.spec.get("scaleTargetRef"))
    if producer := objects.named(str(target.get("kind")), str(target.get("name")), manifest.id.namespace):
        why = f"scales {producer.id}"
        yield Edge(consumer=manifest, producer=producer, need=Need.PRESENT, reaction=Reaction.DEGRADES, why=why)


def _claim(objects: ObjectIndex, manifest: Manifest) -> _Found:
    for kind, field in (("StorageClass", "storageClassName"), ("PersistentVolume", "volumeName")):
        if producer := objects.named(kind, str(manifest.spec.get(field)), ""):
            why = f"{field} names {kind}/{producer.name}"
            yield Edge(consumer=manifest, producer=producer, need=Need.PRESENT, reaction=Reaction.WAITS, why=why)


_SOURCES: dict[str, Callable[[ObjectIndex, Manifest], _Found]] = {
    "ExternalSecret": _external_secret,
    "Certificate": _certificate,
    "Ingress": _ingress,
    "HorizontalPodAutoscaler": _autoscaler,
    "PersistentVolumeClaim": _claim,
}


def _declared(objects: ObjectIndex, manifest: Manifest) -> _Found:
    for pattern in needs(manifest):
        why = f"{NEEDS}: {pattern}"
        for producer in objects.matching(pattern, manifest.id.namespace):
            need = Need.PRESENT if is_ready_at_once(producer) else Need.READY
            yield Edge(consumer=manifest, producer=producer, need=need, reaction=Reaction.FAILS, why=why)


def undeclared(objects: ObjectIndex) -> Iterable[tuple[Manifest, str]]:
    """The `gitops-gen.io/needs` patterns that stand for no rendered object."""
    for manifest in objects.manifests:
        for pattern in needs(manifest):
            if not objects.matching(pattern, manifest.id.namespace):
                yield manifest, pattern

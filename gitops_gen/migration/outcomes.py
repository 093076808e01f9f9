"""What happens to each live object: adopted, recreated, deleted, kept or not changed.

An object of the same kind and name is adopted in place if the API server accepts the update and the fields that the
chart does not set are removed: `kubectl apply` records the fields that it set in an annotation, and both Argo CD
(three-way merge) and Helm 4 (server-side apply, once it manages these fields) remove those that the chart omits.
https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply
"""

from collections.abc import Iterable, Iterator, Mapping

from gitops_gen.compare.immutable import refusals
from gitops_gen.compare.structure import Place
from gitops_gen.manifests.objects import Manifest, ObjectId, mapping, mappings
from gitops_gen.manifests.pods import pod_of
from gitops_gen.migration.live import Live, is_secret, last_applied
from gitops_gen.migration.model import Concern, MigrationTarget, Mode, ObjectOutcome, PlannedObject
from gitops_gen.migration.original import CONFIG_MAPS, PART_OF, PROJECT

TRACKING = "argocd.argoproj.io/tracking-id"
HELM_RELEASE = "meta.helm.sh/release-name"
HELM_NAMESPACE = "meta.helm.sh/release-namespace"

_OF_KUBERNETES = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
_HASH_LENGTH = 9
"""Length of the suffix of a Job name: `-` and eight digits."""


def planned_objects(live: Live, target: MigrationTarget, mounted: Iterable[str]) -> tuple[PlannedObject, ...]:
    """The outcome for every live object, sorted by kind and name. `mounted`: the claims that the chart's pods use."""
    planner = _Planner(live, target, frozenset(mounted))
    found = [planner.planned(item) for item in live.objects.values()]
    return tuple(sorted(found, key=lambda item: (item.id.kind, item.id.name)))


def owner(item: Manifest) -> str:
    """Who applies the object today, as `Helm release x` or `Application x`; empty when no annotation says so."""
    if name := item.annotations.get(HELM_RELEASE):
        return f"Helm release {item.annotations.get(HELM_NAMESPACE, '')}/{name}"
    if tracking := item.annotations.get(TRACKING):
        return f"Application {str(tracking).partition(':')[0]}"
    return ""


def own_names(target: MigrationTarget) -> frozenset[str]:
    """What `owner` returns for objects that the target already has."""
    return frozenset(
        {f"Helm release {target.namespace}/{target.release}", f"Application {target.application}"},
    )


def ownership_concerns(live: Live, target: MigrationTarget) -> Iterator[Concern]:
    """Objects of the chart that exist and belong to another release or Application."""
    made = {item.id for item in target.manifests}
    for item in live.objects.values():
        if item.id in made and owner(item) and owner(item) not in own_names(target):
            yield Concern(
                message=f"{item.id} belongs to {owner(item)}, and the chart has an object of this name",
                hint="remove it there, or use another namespace",
                blocking=True,
            )


class _Planner:
    def __init__(self, live: Live, target: MigrationTarget, mounted: frozenset[str]) -> None:
        self.live, self.target, self.mounted = live, target, mounted
        self.made: Mapping[ObjectId, Manifest] = {item.id: item for item in target.manifests}

    def planned(self, item: Manifest) -> PlannedObject:
        outcome, reason = self.outcome(item)
        return PlannedObject(id=item.id, outcome=outcome, reason=reason)

    def outcome(self, item: Manifest) -> tuple[ObjectOutcome, str]:
        if (item.kind, item.name) in _OF_KUBERNETES:
            return ObjectOutcome.FOREIGN, "created by Kubernetes"
        if is_secret(item):
            return self.secret(item)
        if item.kind == "PersistentVolumeClaim":
            return self.claim(item)
        if owner(item) and owner(item) not in own_names(self.target):
            return ObjectOutcome.FOREIGN, f"belongs to {owner(item)}"
        if item.id in self.made:
            return self.same(item, self.made[item.id])
        return self.other(item)

    def secret(self, item: Manifest) -> tuple[ObjectOutcome, str]:
        if self.made_by_external_secret(item.name):
            return ObjectOutcome.KEPT, "External Secrets takes ownership and overwrites it with the store's values"
        return ObjectOutcome.KEPT, "the chart creates no Secrets"

    def made_by_external_secret(self, name: str) -> bool:
        return any(item.kind == "ExternalSecret" and item.name == name for item in self.made.values())

    def claim(self, item: Manifest) -> tuple[ObjectOutcome, str]:
        if item.id in self.made:
            return ObjectOutcome.ADOPTED, "same name; its volume stays bound"
        if item.name in self.mounted:
            return ObjectOutcome.KEPT, "mounted unchanged (existingClaim)"
        return ObjectOutcome.KEPT, "not mounted by the chart: check its content, delete it if it is not needed"

    def same(self, item: Manifest, made: Manifest) -> tuple[ObjectOutcome, str]:
        if reason := immutable(item, made):
            return ObjectOutcome.RECREATED, reason
        if owner(item):
            return ObjectOutcome.ADOPTED, f"already applied by {owner(item)}"
        if not last_applied(item):
            return (
                ObjectOutcome.RECREATED,
                "not created by `kubectl apply`: fields that the chart does not set would stay",
            )
        if self.stays_at_zero(item, made):
            return ObjectOutcome.RECREATED, "an autoscaler sets its replicas, and does not scale up from 0"
        return ObjectOutcome.ADOPTED, _image_change(item, made) or "updated in place"

    def stays_at_zero(self, item: Manifest, made: Manifest) -> bool:
        """Whether a Deployment scaled to 0 would stay at 0, because neither the chart nor the update sets replicas."""
        if item.kind != "Deployment" or "replicas" in made.spec:
            return False
        return self.target.mode is Mode.HELM or "replicas" not in mapping(last_applied(item).get("spec"))

    def other(self, item: Manifest) -> tuple[ObjectOutcome, str]:
        if not is_original(item):
            return ObjectOutcome.FOREIGN, "not part of the original"
        return ObjectOutcome.DELETED, self.replacement(item)

    def replacement(self, item: Manifest) -> str:
        names = [made.name for made in self.made.values() if made.kind == item.kind]
        if item.kind == "Job" and (job := next((name for name in names if name[:-_HASH_LENGTH] == item.name), "")):
            return f"replaced by {job}"
        if item.kind == "NetworkPolicy" and names:
            return "the chart has a policy for each workload"
        return f"the chart has no {item.id}"


def is_original(item: Manifest) -> bool:
    """Whether the object is part of the original deployment."""
    labels = mapping(item.metadata.get("labels"))
    return labels.get(PART_OF) == PROJECT or (item.kind == "ConfigMap" and item.name in CONFIG_MAPS)


def immutable(item: Manifest, made: Manifest) -> str:
    """Why the API server rejects the chart's selector for the live object; empty when it accepts it."""
    old, new = item.spec.get("selector"), made.spec.get("selector")
    changes = [Place(path=("spec", "selector"), old=old, new=new)] if old != new else []
    reason = next(refusals(item, made, changes), "")
    return f"{reason} ({_labels(item)} → {_labels(made)})" if reason else ""


def _labels(item: Manifest) -> str:
    labels = mapping(mapping(item.spec.get("selector")).get("matchLabels"))
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "no labels"


def _image_change(item: Manifest, made: Manifest) -> str:
    old, new = _image(item), _image(made)
    return f"{old} → {new}" if old and new and old != new else ""


def _image(item: Manifest) -> str:
    pod = pod_of(item)
    containers = mappings(pod.spec.get("containers")) if pod else []
    return str(containers[0].get("image", "")) if containers else ""

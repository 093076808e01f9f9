"""What happens to each live object: adopted, recreated, deleted, kept or left alone.

An object of the same kind and name is adopted in place where the API server lets it be, and where what it has beyond
the chart goes by itself: `kubectl apply` left in an annotation what it set, and both Argo CD (three-way merge) and
Helm 4 (server-side apply, once it manages these fields) remove of it what the chart does not have.
https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply
"""

from collections.abc import Iterable, Iterator, Mapping

from gitops_gen.compare.immutable import refusals
from gitops_gen.compare.structure import Place
from gitops_gen.manifests.objects import Manifest, ObjectId, mapping, mappings
from gitops_gen.manifests.pods import pod_of
from gitops_gen.migration.live import Live, is_secret, last_applied
from gitops_gen.migration.model import Concern, Fate, MigrationTarget, Mode, ObjectFate
from gitops_gen.migration.original import CONFIG_MAPS, PART_OF, PROJECT

TRACKING = "argocd.argoproj.io/tracking-id"
HELM_RELEASE = "meta.helm.sh/release-name"
HELM_NAMESPACE = "meta.helm.sh/release-namespace"

_OF_KUBERNETES = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
_HASH_LENGTH = 9
"""Of `-` and the eight digits behind the name of a Job."""


def fates(live: Live, target: MigrationTarget, mounted: Iterable[str]) -> tuple[ObjectFate, ...]:
    """The fate of every live object, in order of kind and name. `mounted` are the claims that the chart's pods use."""
    judge = _Judge(live, target, frozenset(mounted))
    found = [judge.fate(item) for item in live.objects.values()]
    return tuple(sorted(found, key=lambda item: (item.id.kind, item.id.name)))


def owner(item: Manifest) -> str:
    """Who applies the object today, as `Helm release x` or `Application x`; empty when nobody says so."""
    if name := item.annotations.get(HELM_RELEASE):
        return f"Helm release {item.annotations.get(HELM_NAMESPACE, '')}/{name}"
    if tracking := item.annotations.get(TRACKING):
        return f"Application {str(tracking).partition(':')[0]}"
    return ""


def own_names(target: MigrationTarget) -> frozenset[str]:
    """What `owner` says of the objects that the target has already."""
    return frozenset(
        {f"Helm release {target.namespace}/{target.release}", f"Application {target.application}"},
    )


def ownership_concerns(live: Live, target: MigrationTarget) -> Iterator[Concern]:
    """Objects that the chart makes and that belong to somebody else."""
    made = {item.id for item in target.manifests}
    for item in live.objects.values():
        if item.id in made and owner(item) and owner(item) not in own_names(target):
            yield Concern(
                message=f"{item.id} belongs to {owner(item)}, and the chart has one too",
                hint="let its owner give it up, or use a namespace of its own",
                blocking=True,
            )


class _Judge:
    def __init__(self, live: Live, target: MigrationTarget, mounted: frozenset[str]) -> None:
        self.live, self.target, self.mounted = live, target, mounted
        self.made: Mapping[ObjectId, Manifest] = {item.id: item for item in target.manifests}

    def fate(self, item: Manifest) -> ObjectFate:
        fate, reason = self.judge(item)
        return ObjectFate(id=item.id, fate=fate, reason=reason)

    def judge(self, item: Manifest) -> tuple[Fate, str]:
        if (item.kind, item.name) in _OF_KUBERNETES:
            return Fate.FOREIGN, "Kubernetes' own"
        if is_secret(item):
            return self.secret(item)
        if item.kind == "PersistentVolumeClaim":
            return self.claim(item)
        if owner(item) and owner(item) not in own_names(self.target):
            return Fate.FOREIGN, f"belongs to {owner(item)}"
        if item.id in self.made:
            return self.same(item, self.made[item.id])
        return self.other(item)

    def secret(self, item: Manifest) -> tuple[Fate, str]:
        if self.made_by_external_secret(item.name):
            return Fate.KEPT, "External Secrets takes it over and sets its values to the store's"
        return Fate.KEPT, "the chart makes no Secret"

    def made_by_external_secret(self, name: str) -> bool:
        return any(item.kind == "ExternalSecret" and item.name == name for item in self.made.values())

    def claim(self, item: Manifest) -> tuple[Fate, str]:
        if item.id in self.made:
            return Fate.ADOPTED, "by its name; its volume stays bound"
        if item.name in self.mounted:
            return Fate.KEPT, "mounted as it is (existingClaim)"
        return Fate.KEPT, "nothing of the chart mounts it: look what it holds, delete it when nobody needs it"

    def same(self, item: Manifest, made: Manifest) -> tuple[Fate, str]:
        if reason := immutable(item, made):
            return Fate.RECREATED, reason
        if owner(item):
            return Fate.ADOPTED, f"already: {owner(item)}"
        if not last_applied(item):
            return Fate.RECREATED, "not made by `kubectl apply`: what the chart does not set would stay"
        if self.stays_at_zero(item, made):
            return Fate.RECREATED, "an autoscaler sets its replicas, and leaves a Deployment that was stopped alone"
        return Fate.ADOPTED, _image_change(item, made) or "changed in place"

    def stays_at_zero(self, item: Manifest, made: Manifest) -> bool:
        """Whether the chart leaves the replicas alone and nothing else takes the 0 away."""
        if item.kind != "Deployment" or "replicas" in made.spec:
            return False
        return self.target.mode is Mode.HELM or "replicas" not in mapping(last_applied(item).get("spec"))

    def other(self, item: Manifest) -> tuple[Fate, str]:
        if not is_original(item):
            return Fate.FOREIGN, "not the original's"
        return Fate.DELETED, self.successor(item)

    def successor(self, item: Manifest) -> str:
        names = [made.name for made in self.made.values() if made.kind == item.kind]
        if item.kind == "Job" and (job := next((name for name in names if name[:-_HASH_LENGTH] == item.name), "")):
            return f"replaced by {job}"
        if item.kind == "NetworkPolicy" and names:
            return "the chart has a policy for each workload"
        return f"the chart has no {item.id}"


def is_original(item: Manifest) -> bool:
    """Whether the object is one of the original's."""
    labels = mapping(item.metadata.get("labels"))
    return labels.get(PART_OF) == PROJECT or (item.kind == "ConfigMap" and item.name in CONFIG_MAPS)


def immutable(item: Manifest, made: Manifest) -> str:
    """Why the API server refuses the chart's selector in place of the live one; empty when it does not."""
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

"""Rules on API versions: those that the cluster does not serve, and those that it or the next one will not."""

from collections.abc import Iterator

from gitops_gen.manifests.objects import Manifest
from gitops_gen.manifests.schemas import life, minor
from gitops_gen.manifests.scopes import BUILT_IN
from gitops_gen.names import did_you_mean
from gitops_gen.rules.kubernetes.schemas import schemas_of
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

_PATH = ("apiVersion",)


def _api(manifest: Manifest) -> str:
    return f"{manifest.data['apiVersion']} {manifest.kind}"


def _unserved(plan: SyncPlan) -> Iterator[Hit]:
    schemas = schemas_of(plan)
    for manifest in plan.manifests:
        is_decided = manifest.id.group in BUILT_IN or schemas.is_defined(manifest)
        if not is_decided or schemas.is_known(manifest):
            continue
        known = life(manifest)
        if known.removed and minor(known.removed) <= minor(schemas.version):
            text = f"{_api(manifest)} is removed since Kubernetes {known.removed}"
            yield Hit(manifest, text, f"use {known.use}" if known.use else "", _PATH)
        else:
            served = schemas.served(manifest)
            hint = f"use {' or '.join(served)}" if served else did_you_mean(manifest.kind, schemas.kinds())
            where = f"Kubernetes {schemas.version}" if manifest.id.group in BUILT_IN else "its CRD"
            yield Hit(manifest, f"{where} does not serve {_api(manifest)}", hint, _PATH)


def _next(plan: SyncPlan) -> Iterator[Hit]:
    if not plan.cluster.kubernetes:
        return
    major, current = (*minor(plan.cluster.kubernetes), 0)[:2]
    for manifest in plan.manifests:
        known = life(manifest)
        if known.removed and minor(known.removed) == (major, current + 1):
            text = f"{_api(manifest)} is removed in Kubernetes {known.removed}, the version after the cluster's"
            yield Hit(manifest, text, f"use {known.use}" if known.use else "", _PATH)


def _deprecated(plan: SyncPlan) -> Iterator[Hit]:
    version = minor(plan.cluster.kubernetes)
    for manifest in plan.manifests:
        known = life(manifest)
        if known.deprecated and version and minor(known.deprecated) <= version and schemas_of(plan).is_known(manifest):
            removed = f", and removed in {known.removed}" if known.removed else ""
            text = f"{_api(manifest)} is deprecated since Kubernetes {known.deprecated}{removed}"
            yield Hit(manifest, text, f"use {known.use}" if known.use else "", _PATH)


_BUDGET = "apiVersion: policy/%s\nkind: PodDisruptionBudget\nmetadata: {name: app}\nspec: {maxUnavailable: 1}\n"
_ENDPOINTS = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: db}\n"
_SLICE = (
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: db}\naddressType: IPv4\nendpoints: []\n"
)
_GUIDE = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"

_CLASS = """\
apiVersion: gitops-gen/v1
kind: Project
clusters: {main: {kubernetes: "1.36"}}
---
apiVersion: storage.k8s.io/%s
kind: VolumeAttributesClass
metadata: {name: fast}
driverName: disk.example.com
parameters: {iops: "3000"}
"""

RULES = (
    Rule(
        id="api-not-served",
        title="The cluster serves the object's API version",
        explanation=(
            "A sync fails at once for an object whose API version or kind the cluster does not have. The version of "
            f"Kubernetes is `clusters.<name>.kubernetes` in gitops.yaml, else the newest one ({_GUIDE})."
        ),
        remedy="use an API version that is served",
        check=_unserved,
        bad=_BUDGET % "v1beta1",
        good=_BUDGET % "v1",
    ),
    Rule(
        id="api-removed-next",
        title="The next version of Kubernetes serves the object's API version too",
        explanation=f"An upgrade of the cluster by one version makes the next sync fail ({_GUIDE}).",
        remedy="use another API version before the cluster is upgraded",
        check=_next,
        severity=Severity.WARNING,
        bad=_CLASS % "v1beta1",
        good=_CLASS % "v1",
    ),
    Rule(
        id="api-deprecated",
        title="The object's API version is not deprecated",
        explanation=f"A deprecated API version works, and goes in a later version of Kubernetes ({_GUIDE}).",
        remedy="use the API version that replaces it",
        check=_deprecated,
        severity=Severity.WARNING,
        bad=_ENDPOINTS,
        good=_SLICE,
    ),
)

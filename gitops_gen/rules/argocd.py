"""Rules on what Argo CD reads: Applications and AppProjects among the objects, and sync options anywhere."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_gen.manifests.annotations import SYNC_OPTIONS, sync_options
from gitops_gen.manifests.objects import Manifest, mapping, mappings, sequence
from gitops_gen.names import did_you_mean
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath

GROUP = "argoproj.io"

_SWITCH = frozenset({"true", "false"})
_OPTIONS: Mapping[str, frozenset[str]] = {
    "ApplyOutOfSyncOnly": _SWITCH,
    "ClientSideApplyMigration": _SWITCH,
    "CreateNamespace": _SWITCH,
    "Delete": _SWITCH | {"confirm"},
    "DisableClientSideApplyMigration": _SWITCH,
    "FailOnSharedResource": _SWITCH,
    "Force": _SWITCH,
    "Prune": _SWITCH | {"confirm"},
    "PruneLast": _SWITCH,
    "PrunePropagationPolicy": frozenset({"foreground", "background", "orphan"}),
    "Replace": _SWITCH,
    "RespectIgnoreDifferences": _SWITCH,
    "ServerSideApply": _SWITCH,
    "SkipDryRunOnMissingResource": _SWITCH,
    "Validate": _SWITCH,
}
"""https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/"""


def applications(plan: SyncPlan) -> Iterator[tuple[Manifest, Mapping[str, Any], KeyPath]]:
    """Each Application among the objects, and the template of each ApplicationSet: object, spec, the place of it."""
    for manifest in plan.manifests:
        if manifest.id.group == GROUP and manifest.kind == "Application":
            yield manifest, manifest.spec, ("spec",)
        elif (
            manifest.id.group == GROUP and manifest.kind == "ApplicationSet" and not manifest.spec.get("templatePatch")
        ):
            spec = mapping(mapping(manifest.spec.get("template")).get("spec"))
            yield manifest, spec, ("spec", "template", "spec")


def _sources(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, spec, place in applications(plan):
        if not any(spec.get(field) for field in ("source", "sources", "sourceHydrator")):
            yield Hit(manifest, "has neither `source` nor `sources`: Argo CD has nothing to render", path=place)
        for index, source in enumerate(mappings(spec.get("sources"))):
            if not source.get("repoURL"):
                yield Hit(manifest, f"sources[{index}] has no repoURL", path=(*place, "sources", index))


def _both_sources(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, spec, place in applications(plan):
        if spec.get("source") and spec.get("sources"):
            message = "has both `source` and `sources`: Argo CD ignores `source`"
            yield Hit(manifest, message, path=(*place, "source"))


def _destinations(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, spec, place in applications(plan):
        destination = mapping(spec.get("destination"))
        if destination.get("server") and destination.get("name"):
            message = "names its cluster by `server` and by `name`: Argo CD accepts one of them"
            yield Hit(manifest, message, path=(*place, "destination", "name"))
        elif not destination.get("server") and not destination.get("name"):
            yield Hit(manifest, "its destination names no cluster", path=(*place, "destination"))


def _options(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        for option in sync_options(manifest):
            yield from _option(option, manifest, ("metadata", "annotations", SYNC_OPTIONS))
    for option in plan.policy.sync_options:
        yield from _option(option, None, ())
    for manifest, spec, place in applications(plan):
        options = sequence(mapping(spec.get("syncPolicy")).get("syncOptions"))
        for index, option in enumerate(options):
            yield from _option(str(option), manifest, (*place, "syncPolicy", "syncOptions", index))


def _option(option: str, manifest: Manifest | None, path: KeyPath) -> Iterator[Hit]:
    name, _, value = option.partition("=")
    if name not in _OPTIONS:
        remedy = did_you_mean(name, _OPTIONS) or "remove it"
        yield Hit(manifest, f"the sync option `{option}` is not known: Argo CD ignores it", remedy, path)
    elif value not in _OPTIONS[name]:
        remedy = f"write one of: {', '.join(f'{name}={known}' for known in sorted(_OPTIONS[name]))}"
        yield Hit(manifest, f"the sync option `{option}` has no value that Argo CD knows: it ignores it", remedy, path)


def _example(spec: str) -> str:
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: shops}}
spec:
  generators: [{{list: {{elements: [{{name: one}}]}}}}]
  template:
    metadata: {{name: "shop-{{{{name}}}}"}}
    spec:
      project: default
{spec}"""


_SOURCE = "      source: {repoURL: https://git.example.com/shop.git, path: chart}\n"
_SERVER = "      destination: {namespace: shop, server: https://kubernetes.default.svc}\n"

RULES = (
    Rule(
        id="application-without-source",
        title="An Application has a source",
        explanation="Argo CD reports an Application without `source` and `sources` as invalid, and syncs nothing.",
        remedy="set `source`, or `sources` for several",
        check=_sources,
        bad=_example(_SERVER),
        good=_example(_SOURCE + _SERVER),
    ),
    Rule(
        id="application-source-ignored",
        title="An Application has one of source and sources",
        explanation=(
            "With `sources`, Argo CD does not look at `source` "
            "(https://argo-cd.readthedocs.io/en/stable/user-guide/multiple_sources/): what is there is not deployed."
        ),
        remedy="move `source` into `sources`, or remove it",
        check=_both_sources,
        severity=Severity.WARNING,
        bad=_example(
            f"{_SOURCE}      sources: [{{repoURL: https://git.example.com/other.git, path: chart}}]\n{_SERVER}"
        ),
        good=_example(_SOURCE + _SERVER),
    ),
    Rule(
        id="application-destination",
        title="An Application names its cluster once",
        explanation=(
            "`destination` has the cluster's `server` or its `name`. With both, or with none, Argo CD reports the "
            "Application as invalid and syncs nothing."
        ),
        remedy="keep one of `server` and `name`",
        check=_destinations,
        bad=_example(_SOURCE + _SERVER.replace("server:", "name: eu-1, server:")),
        good=_example(_SOURCE + _SERVER),
    ),
    Rule(
        id="sync-option-unknown",
        title="Sync options are ones that Argo CD knows",
        explanation=(
            "Argo CD compares sync options as text, upper and lower case included, and ignores what it does not know "
            "(https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/): `Prune=False` prunes."
        ),
        remedy="correct the option",
        check=_options,
        severity=Severity.WARNING,
        bad="""\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  annotations: {argocd.argoproj.io/sync-options: "Prune=False"}
""",
        good="""\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  annotations: {argocd.argoproj.io/sync-options: "Prune=false"}
""",
    ),
)

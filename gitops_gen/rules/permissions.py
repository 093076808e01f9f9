"""Rules on the AppProject: Argo CD refuses a whole sync for one object that it does not allow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gitops_gen.argocd.allowed import with_allowed
from gitops_gen.argocd.permissions import Permissions
from gitops_gen.manifests.annotations import Phase, ignored_rules, phases
from gitops_gen.manifests.objects import Manifest
from gitops_gen.manifests.scopes import Scopes
from gitops_gen.models.models import Allowance
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

REFUSED = "refused-by-project"
SHOWN = 3
"""As many objects of a kind are named; more are counted."""

_CHECKED = frozenset({Phase.PRE_SYNC, Phase.SYNC, Phase.POST_SYNC, Phase.SYNC_FAIL})
_ALLOW = "under `argocd.project.allow` in gitops.yaml or environment.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Objects that an AppProject does not allow, for one reason."""

    #: the list of `argocd.project.allow` that allows them: clusterKinds, kinds, namespaces or secrets
    field: str
    #: what to write into that list
    entry: str
    objects: tuple[Manifest, ...]

    @property
    def line(self) -> str:
        """The entry as one line of YAML."""
        return "secrets: true" if self.field == "secrets" else f"{self.field}: [{self.entry}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """What an AppProject says about the objects of a sync."""

    refusals: tuple[Refusal, ...]
    #: `Kind.group` of the objects that it refuses only if their kind is cluster-scoped, which is not known
    undecided: tuple[str, ...]


def decisions(plan: SyncPlan, project: Permissions) -> Decisions:
    """Which objects the AppProject refuses, grouped by what would allow them. Hooks are checked as other objects are;
    what no sync applies is not.
    """
    scopes = Scopes(plan.objects.of_kind("CustomResourceDefinition"))
    groups: dict[tuple[str, str], list[Manifest]] = {}
    undecided: dict[str, None] = {}
    for manifest in plan.manifests:
        if _CHECKED.isdisjoint(phases(manifest)):
            continue
        is_cluster_wide = scopes.is_cluster_wide(manifest.id.group, manifest.kind)
        reason = _reason(manifest, project, is_cluster_wide=is_cluster_wide)
        if reason == _UNDECIDED:
            undecided[_kind(manifest)] = None
        elif reason:
            groups.setdefault(reason, []).append(manifest)
    found = [
        Refusal(field=field, entry=entry, objects=tuple(sorted(objects, key=_is_ignored)))
        for (field, entry), objects in groups.items()
    ]
    return Decisions(refusals=tuple(found), undecided=tuple(undecided))


_UNDECIDED = ("", "")


def _reason(manifest: Manifest, project: Permissions, *, is_cluster_wide: bool | None) -> tuple[str, str] | None:
    """The list and the entry that would allow the object; None when it is allowed."""
    as_cluster_wide = _cluster_reason(manifest, project)
    in_namespace = _namespaced_reason(manifest, project)
    if is_cluster_wide is not None:
        return as_cluster_wide if is_cluster_wide else in_namespace
    if bool(as_cluster_wide) == bool(in_namespace):
        return in_namespace
    return _UNDECIDED


def _cluster_reason(manifest: Manifest, project: Permissions) -> tuple[str, str] | None:
    allowed = project.allows_cluster_wide(manifest.id.group, manifest.kind, manifest.name)
    return None if allowed else ("clusterKinds", _cluster_entry(manifest, project))


def _cluster_entry(manifest: Manifest, project: Permissions) -> str:
    """The kind; a Namespace by its name, unless the name follows the environment's."""
    is_named = _kind(manifest) == "Namespace" and project.namespace not in manifest.name
    return f"Namespace/{manifest.name}" if is_named else _kind(manifest)


def _namespaced_reason(manifest: Manifest, project: Permissions) -> tuple[str, str] | None:
    if not project.allows_namespaced(manifest.id.group, manifest.kind):
        return ("secrets" if _kind(manifest) == "Secret" else "kinds"), _kind(manifest)
    namespace = str(manifest.metadata.get("namespace") or project.namespace)
    refused = namespace != project.namespace and project.allows_namespace(namespace) is False
    return ("namespaces", namespace) if refused else None


def _kind(manifest: Manifest) -> str:
    return f"{manifest.kind}.{manifest.id.group}" if manifest.id.group else manifest.kind


def _is_ignored(manifest: Manifest) -> bool:
    """Objects that an annotation sets aside are last: a finding is about the first one."""
    return REFUSED in ignored_rules(manifest)


def _refused(plan: SyncPlan) -> Iterator[Hit]:
    project = plan.project
    if project is None or project.spec is None:
        return
    yield from _application_refused(plan, project)
    for refusal in decisions(plan, project).refusals:
        yield Hit(refusal.objects[0], _message(refusal, project), _remedy(refusal, project))


def _application_refused(plan: SyncPlan, project: Permissions) -> Iterator[Hit]:
    """What Argo CD refuses for the Application as a whole."""
    for url in project.refused_sources():
        yield Hit(
            None, f"the AppProject {project.name} does not allow the repository {url}", "add it to its sourceRepos"
        )
    if project.allows_namespace(project.namespace) is False:
        place = f"{project.namespace} on {project.server or project.cluster}"
        yield Hit(
            None, f"the AppProject {project.name} does not allow the namespace {place}", "add it to its destinations"
        )
    created = "CreateNamespace=true" in plan.policy.sync_options and not _renders_namespace(plan, project.namespace)
    if created and not project.allows_cluster_wide("", "Namespace", project.namespace):
        message = f"the AppProject {project.name} does not allow the Namespace that CreateNamespace=true creates"
        entry = f"{{group: '', kind: Namespace, name: {project.namespace}}}"
        yield Hit(None, message, f"add {entry} to its clusterResourceWhitelist")


def _renders_namespace(plan: SyncPlan, namespace: str) -> bool:
    return any(item.name == namespace for item in plan.objects.of_kind("Namespace"))


def _message(refusal: Refusal, project: Permissions) -> str:
    what = {"clusterKinds": "the cluster-scoped kind", "namespaces": "the namespace"}.get(refusal.field, "the kind")
    return f"the AppProject {project.name} does not allow {what} {refusal.entry}{_others(refusal.objects)}"


def _others(objects: tuple[Manifest, ...]) -> str:
    if len(objects) == 1:
        return ""
    named = ", ".join(str(item.id) for item in objects[:SHOWN])
    return f" ({len(objects)} objects: {named}{', …' if len(objects) > SHOWN else ''})"


def _remedy(refusal: Refusal, project: Permissions) -> str:
    first = refusal.objects[0]
    restriction = f"{{group: '{first.id.group}', kind: {first.kind}}}"
    if not project.is_existing:
        if _is_refused_still(refusal, project):
            return f"change {_DENIALS[refusal.field]} in `argocd.project.spec`: a pattern there denies it"
        outside = "create it outside of the chart, for example with External Secrets; or " * (
            refusal.field == "secrets"
        )
        return f"{outside}add `{refusal.line}` {_ALLOW}"
    match refusal.field:
        case "clusterKinds":
            return f"add {restriction} to its clusterResourceWhitelist"
        case "namespaces":
            return f"add the namespace {refusal.entry} to its destinations"
        case _:
            return f"remove {restriction} from its namespaceResourceBlacklist, or add it to its whitelist"


_DENIALS = {
    "clusterKinds": "clusterResourceBlacklist",
    "kinds": "namespaceResourceBlacklist",
    "secrets": "namespaceResourceBlacklist",
    "namespaces": "destinations",
}
"""Where a pattern of the project's own denies what `argocd.project.allow` would add."""


def _is_refused_still(refusal: Refusal, project: Permissions) -> bool:
    """Whether the AppProject refuses the object with the line that the remedy names, too."""
    allow = Allowance.model_construct(**_as_allowance(refusal))
    destination = {"server": project.server} if project.server else {"name": project.cluster}
    manifest = with_allowed({"spec": project.spec or {}}, allow, destination)
    allowing = replace(project, spec=manifest["spec"])
    reason = _cluster_reason if refusal.field == "clusterKinds" else _namespaced_reason
    return reason(refusal.objects[0], allowing) == (refusal.field, refusal.entry)


def _as_allowance(refusal: Refusal) -> dict[str, Any]:
    """The line as the field of the model, unchecked: what a chart renders may have any name."""
    if refusal.field == "secrets":
        return {"secrets": True}
    return {{"clusterKinds": "cluster_kinds"}.get(refusal.field, refusal.field): [refusal.entry]}


def _undecided(plan: SyncPlan) -> Iterator[Hit]:
    if plan.project is None or plan.project.spec is None:
        return
    if kinds := decisions(plan, plan.project).undecided:
        kind = f"{kinds[0]} is" if len(kinds) == 1 else f"{', '.join(kinds)} are"
        yield Hit(None, f"if {kind} cluster-scoped, the AppProject {plan.project.name} does not allow it")


def _unknown(plan: SyncPlan) -> Iterator[Hit]:
    project = plan.project
    if project is None:
        return
    if project.spec is None:
        yield Hit(
            None, f"whether the AppProject {project.name} allows these objects is not known: it is managed elsewhere"
        )
    elif project.allows_namespace(project.namespace) is None:
        by = "URL" if project.cluster else "name"
        yield Hit(
            None,
            f"the AppProject {project.name} restricts the {by} of the cluster, which gitops.yaml does not name",
            "add the cluster to its destinations as gitops.yaml names it",
        )


_EXAMPLE = """\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: demo}
spec:
  sourceRepos: ["https://git.example.com/demo/gitops.git"]
  destinations: [{server: "https://kubernetes.default.svc", namespace: demo}]
  clusterResourceWhitelist: [{group: "", kind: Namespace}%s]
---
"""
_ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: []
"""
_ROLES = ", {group: rbac.authorization.k8s.io, kind: ClusterRole}"
_CUSTOM = """\
apiVersion: example.com/v1
kind: Fleet
metadata: {name: fleet}
"""

RULES = (
    Rule(
        id=REFUSED,
        title="The AppProject allows every object",
        explanation=(
            "Before it applies anything, Argo CD compares each object with the AppProject: cluster-scoped kinds "
            "with the cluster whitelist, other kinds with the namespace lists, the object's namespace with the "
            "destinations. One object that is not allowed fails the whole sync. The generated AppProject allows one "
            "namespace, no cluster-scoped kind but this Namespace, and no Secret "
            "(https://argo-cd.readthedocs.io/en/stable/user-guide/projects/)."
        ),
        remedy=f"add what the chart needs {_ALLOW}, or leave the object out",
        check=_refused,
        bad=_EXAMPLE % "" + _ROLE,
        good=_EXAMPLE % _ROLES + _ROLE,
    ),
    Rule(
        id="scope-not-known",
        title="The scope of each kind is known",
        explanation=(
            "An AppProject has separate lists for cluster-scoped kinds and for kinds in a namespace. To which a custom "
            "resource belongs is in its CRD, which is not rendered."
        ),
        remedy=f"if it is cluster-scoped, add it to `clusterKinds` {_ALLOW}",
        check=_undecided,
        severity=Severity.NOTE,
        bad=_EXAMPLE % "" + _CUSTOM,
        good=_EXAMPLE % ", {group: example.com, kind: Fleet}" + _CUSTOM,
    ),
    Rule(
        id="project-not-known",
        title="The AppProject is known",
        explanation="What an AppProject that is managed elsewhere allows is checked when its file is given.",
        remedy="set `argocd.project.file` to the file with the AppProject",
        check=_unknown,
        severity=Severity.NOTE,
    ),
)

"""Rules on what an object is: its name, its namespace, its size, and whom it gives rights."""

import base64
import re
from collections.abc import Callable, Iterator

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.schemas import minor, newest
from gitops_gen.manifests.scopes import Scopes
from gitops_gen.names import is_dns_label, is_dns_subdomain, meant
from gitops_gen.rules.fields import ANNOTATIONS_LIMIT
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

_RBAC = "rbac.authorization.k8s.io"
_DATA_LIMIT = 1_048_576
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_LABELS = {("", "Namespace"), ("", "Service"), ("apps", "StatefulSet")}
_RELAXED = (1, 36)
"""The first version that lets a digit begin the name of a Service."""


def _is_path_segment(name: str) -> bool:
    return name not in {".", ".."} and "/" not in name and "%" not in name


def _form(manifest: Manifest, version: tuple[int, ...]) -> tuple[Callable[[str], object], str]:
    """What a name of that kind must be: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/."""
    if manifest.id.group == _RBAC:
        return _is_path_segment, "anything without `/` and `%`"
    if (manifest.id.group, manifest.kind) == ("", "Service") and version < _RELAXED:
        return _SERVICE_NAME.fullmatch, "a letter, then lower-case letters, digits and `-`"
    if (manifest.id.group, manifest.kind) in _LABELS:
        return is_dns_label, "lower-case letters, digits and `-`"
    return is_dns_subdomain, "lower-case letters, digits, `-` and `.`, with a letter or digit at each end"


def _names(plan: SyncPlan) -> Iterator[Hit]:
    version = minor(plan.cluster.kubernetes or newest())
    for manifest in plan.manifests:
        is_valid, form = _form(manifest, version)
        # `name-too-long` says the rest.
        if "name" in manifest.metadata and len(manifest.name) <= 63 and not is_valid(manifest.name):  # noqa: PLR2004
            yield Hit(manifest, f"has the name {manifest.name}; it must be {form}", "", ("metadata", "name"))


def _sizes(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        if (
            manifest.kind in {"ConfigMap", "Secret"}
            and not manifest.id.group
            and (size := _size(manifest)) > _DATA_LIMIT
        ):
            yield Hit(manifest, f"holds {size} bytes of data; {_DATA_LIMIT} are allowed", "", ("data",))
        used = sum(len(f"{key}{value}".encode()) for key, value in manifest.annotations.items())
        if used > ANNOTATIONS_LIMIT:
            text = f"has {used} bytes of annotations; {ANNOTATIONS_LIMIT} are allowed"
            yield Hit(manifest, text, "", ("metadata", "annotations"))


def _size(manifest: Manifest) -> int:
    plain = [*mapping(manifest.data.get("stringData")).values()]
    encoded = [*mapping(manifest.data.get("binaryData")).values()]
    (encoded if manifest.kind == "Secret" else plain).extend(mapping(manifest.data.get("data")).values())
    return sum(len(str(value).encode()) for value in plain) + sum(_decoded(str(value)) for value in encoded)


def _decoded(text: str) -> int:
    try:
        return len(base64.b64decode(text))
    except ValueError:
        return len(text)


def _namespaces(plan: SyncPlan) -> Iterator[Hit]:
    scopes = Scopes((*plan.objects.of_kind("CustomResourceDefinition"), *plan.cluster.schemas))
    for manifest in plan.manifests:
        named = manifest.metadata.get("namespace")
        if named and scopes.is_cluster_wide(manifest.id.group, manifest.kind):
            text = f"has the namespace {named}, and its kind is cluster-scoped"
            yield Hit(manifest, text, "", ("metadata", "namespace"))


def _subjects(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, index, subject in _bound(plan):
        if not subject.get("namespace") and manifest.kind == "ClusterRoleBinding":
            text = f"gives rights to the ServiceAccount {subject.get('name')} without its namespace"
            yield Hit(manifest, text, "add namespace: {{ .Release.Namespace }}", ("subjects", index))


def _elsewhere(plan: SyncPlan) -> Iterator[Hit]:
    home = plan.cluster.namespace
    for manifest, index, subject in _bound(plan):
        named, name = str(subject.get("namespace") or home), str(subject.get("name"))
        is_elsewhere = home and named != home and not plan.objects.named("ServiceAccount", name, named)
        if is_elsewhere and plan.objects.named("ServiceAccount", name, ""):
            text = f"gives rights to the ServiceAccount {name} in {named}, and it is rendered in {home}"
            yield Hit(manifest, text, "", ("subjects", index, "namespace"))
        elif not is_elsewhere and name != "default" and not plan.objects.named("ServiceAccount", name, ""):
            text = f"gives rights to the ServiceAccount {name}, which is not rendered"
            if hint := meant(name, [item.name for item in plan.objects.of_kind("ServiceAccount")]):
                yield Hit(manifest, text, hint, ("subjects", index, "name"))


def _bound(plan: SyncPlan) -> Iterator[tuple[Manifest, int, dict[str, object]]]:
    for manifest in plan.objects.of_kind("RoleBinding", "ClusterRoleBinding"):
        for index, subject in enumerate(mappings(manifest.data.get("subjects"))):
            if subject.get("kind") == "ServiceAccount":
                yield manifest, index, dict(subject)


def _roles(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.objects.of_kind("RoleBinding"):
        role = mapping(manifest.data.get("roleRef"))
        name = str(role.get("name"))
        # Roles of other namespaces, kube-system above all, are in the cluster already.
        own_namespace = not manifest.id.namespace and name != "extension-apiserver-authentication-reader"
        if own_namespace and role.get("kind") == "Role" and not plan.objects.named("Role", name, manifest.id.namespace):
            yield Hit(manifest, f"names the Role {name}, which is not rendered", "", ("roleRef", "name"))


def _config(name: str, rest: str = "data: {a: b}") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n{rest}\n"


def _binding(kind: str, role: str, subject: str) -> str:
    return (
        f"apiVersion: {_RBAC}/v1\nkind: {kind}\nmetadata: {{name: web}}\n"
        f"roleRef: {{apiGroup: {_RBAC}, kind: {role}, name: web}}\nsubjects: [{{kind: ServiceAccount, name: "
        f"web{subject}}}]\n"
    )


_ACCOUNT = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"
_ROLE = f"---\napiVersion: {_RBAC}/v1\nkind: Role\nmetadata: {{name: web}}\nrules: []\n"
_CLASS = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high%s}\nvalue: 100\n"

RULES = (
    Rule(
        id="name-not-allowed",
        title="Each name is one that Kubernetes allows",
        explanation=(
            "The API server refuses capital letters, underscores and the like in names "
            "(https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)."
        ),
        remedy="change the name: `lower`, `replace` and `trimSuffix` help in a template",
        check=_names,
        bad=_config("Web_Config"),
        good=_config("web-config"),
    ),
    Rule(
        id="data-too-large",
        title="No ConfigMap, Secret or annotation is larger than Kubernetes takes",
        explanation=(
            "The API server refuses more than 1 MiB of data in a ConfigMap or Secret, and more than 256 KiB of "
            "annotations (https://kubernetes.io/docs/concepts/configuration/configmap/#motivation)."
        ),
        remedy="split it, or keep large files in an image or a volume",
        check=_sizes,
    ),
    Rule(
        id="namespace-of-cluster-scoped",
        title="A cluster-scoped object has no namespace",
        explanation=(
            "Kubernetes has one such object for the whole cluster: the namespace means nothing, and clients that take "
            "it seriously fail (https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/)."
        ),
        remedy="remove metadata.namespace",
        check=_namespaces,
        severity=Severity.NOTE,
        bad=_CLASS % ", namespace: demo",
        good=_CLASS % "",
    ),
    Rule(
        id="subject-without-namespace",
        title="A ClusterRoleBinding names the namespace of each ServiceAccount",
        explanation="The API server refuses a ClusterRoleBinding to a ServiceAccount without its namespace.",
        remedy="add the namespace",
        check=_subjects,
        bad=_binding("ClusterRoleBinding", "ClusterRole", ""),
        good=_binding("ClusterRoleBinding", "ClusterRole", ", namespace: demo"),
    ),
    Rule(
        id="subject-elsewhere",
        title="Rights go to the ServiceAccount of the release",
        explanation="A binding to a ServiceAccount of another namespace leaves the pods of the release without rights.",
        remedy="write the release's namespace: {{ .Release.Namespace }}",
        check=_elsewhere,
        severity=Severity.WARNING,
        bad=_binding("RoleBinding", "Role", ", namespace: default") + _ACCOUNT + _ROLE,
        good=_binding("RoleBinding", "Role", ", namespace: demo") + _ACCOUNT + _ROLE,
    ),
    Rule(
        id="role-not-rendered",
        title="The Role that a RoleBinding names is rendered",
        explanation="A RoleBinding to a Role that does not exist gives no rights, and nothing says so.",
        remedy="correct roleRef.name, or render the Role",
        check=_roles,
        severity=Severity.WARNING,
        bad=_binding("RoleBinding", "Role", "") + _ACCOUNT,
        good=_binding("RoleBinding", "Role", "") + _ACCOUNT + _ROLE,
    ),
)

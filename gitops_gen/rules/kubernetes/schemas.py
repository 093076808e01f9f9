"""Rules on schemas: each object is as its kind says, and its kind is one that the cluster serves."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from gitops_gen.manifests.objects import Manifest
from gitops_gen.manifests.schemas import Schemas
from gitops_gen.manifests.scopes import BUILT_IN
from gitops_gen.manifests.violations import Fault, Violation
from gitops_gen.rules.fields import non_strings
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan

_QUIET_LISTS = {"env", "ports", "imagePullSecrets", "hostAliases"}
"""Lists whose repeated entries the API server takes, unless they are applied server-side."""


@lru_cache(maxsize=1)
def schemas_of(plan: SyncPlan) -> Schemas:
    """What the plan's cluster serves: its version of Kubernetes, and CRDs that are rendered or given."""
    return Schemas(plan.cluster.kubernetes, (*plan.cluster.schemas, *plan.objects.of_kind("CustomResourceDefinition")))


@lru_cache(maxsize=1)
def _violations(plan: SyncPlan) -> tuple[tuple[Manifest, Violation], ...]:
    schemas = schemas_of(plan)
    return tuple(
        (manifest, found)
        for manifest in plan.manifests
        for found in schemas.violations(manifest)
        if not _is_no_string(manifest, found)
    )


def _is_no_string(manifest: Manifest, found: Violation) -> bool:
    """Whether `value-not-a-string` says it."""
    return found.fault is Fault.TYPE and any(path == found.path for _, _, path in non_strings(manifest))


def _with(*faults: Fault) -> Callable[[SyncPlan], Iterator[Hit]]:
    def check(plan: SyncPlan) -> Iterator[Hit]:
        for manifest, found in _violations(plan):
            if found.fault in faults and not _is_published(plan, manifest) and not _is_quiet(plan, found):
                yield Hit(manifest, found.message, found.hint, found.path)

    return check


def _is_published(plan: SyncPlan, manifest: Manifest) -> bool:
    """Whether the schema is what an operator's project publishes, and may be another one than the cluster's."""
    return manifest.id.group not in BUILT_IN and not schemas_of(plan).is_defined(manifest)


def _is_quiet(plan: SyncPlan, found: Violation) -> bool:
    """Whether the API server takes the repeated entry: `services` have ports that it does not take."""
    is_server_side = "ServerSideApply=true" in plan.policy.sync_options
    lists = {step for step in found.path[-2:-1] if "containers" in found.path or step != "ports"}
    return found.fault is Fault.REPEATED and not is_server_side and not _QUIET_LISTS.isdisjoint(map(str, lists))


def _quiet(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, found in _violations(plan):
        if _is_quiet(plan, found):
            yield Hit(manifest, found.message, "", found.path)


def _published(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, found in _violations(plan):
        if _is_published(plan, manifest):
            yield Hit(manifest, found.message, found.hint, found.path)


def _unknown(plan: SyncPlan) -> Iterator[Hit]:
    schemas = schemas_of(plan)
    unknown = {
        f"{item.data['apiVersion']} {item.kind}"
        for item in plan.manifests
        if item.id.group not in BUILT_IN and not schemas.is_known(item) and not schemas.served(item)
    }
    if unknown:
        yield Hit(None, f"no schema is known of {', '.join(sorted(unknown))}: these objects are not checked")


_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  %s
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - {name: app, image: "example.com/app:1", %s}
"""
_API = "https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation"

RULES = (
    Rule(
        id="unknown-field",
        title="Each field is one that the kind has",
        explanation=(
            "Argo CD applies with strict validation: the API server refuses an object with a field that its "
            "schema does "
            f"not have, which is a misspelled or misplaced one as a rule ({_API})."
        ),
        remedy="correct the field's name or place, or remove it",
        check=_with(Fault.UNKNOWN),
        bad=_DEPLOYMENT % ("replica: 2", "imagePullPolicy: Always"),
        good=_DEPLOYMENT % ("replicas: 2", "imagePullPolicy: Always"),
    ),
    Rule(
        id="missing-field",
        title="Each field that the kind needs is there",
        explanation="The API server refuses an object without a field that its kind needs.",
        remedy="add the field",
        check=_with(Fault.MISSING),
        bad=_DEPLOYMENT % ("replicas: 2", "ports: [{name: http}]"),
        good=_DEPLOYMENT % ("replicas: 2", "ports: [{name: http, containerPort: 80}]"),
    ),
    Rule(
        id="wrong-type",
        title="Each field has a value of its type",
        explanation=(
            "The API server does not turn a text into a number or a list into a map: it refuses the object. A template "
            "that puts quotes around a number, or leaves them out, is the usual cause."
        ),
        remedy="write a value of that type; in a template, `| int` or `| quote` makes one",
        check=_with(Fault.TYPE),
        bad=_DEPLOYMENT % ('replicas: "2"', "tty: true"),
        good=_DEPLOYMENT % ("replicas: 2", "tty: true"),
    ),
    Rule(
        id="value-not-allowed",
        title="Each value is one that its field allows",
        explanation=(
            "Enumerated words, ranges of numbers, quantities, names, schedules and fields of which exactly one is set: "
            "the API server refuses an object with another value "
            "(https://github.com/kubernetes/kubernetes/tree/master/pkg/apis)."
        ),
        remedy="write a value that is allowed",
        check=_with(Fault.VALUE),
        bad=_DEPLOYMENT % ("replicas: -1", "resources: {limits: {cpu: 100zz}}"),
        good=_DEPLOYMENT % ("replicas: 1", "resources: {limits: {cpu: 100m}}"),
    ),
    Rule(
        id="repeated-entry",
        title="No list has the same entry twice",
        explanation=(
            "The API server refuses two containers, volumes, mounts or Service ports with the same name or path, and "
            "with ServerSideApply=true also two environment variables or container ports "
            "(https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy)."
        ),
        remedy="remove or rename one of the two",
        check=_with(Fault.REPEATED),
        bad=_DEPLOYMENT % ("replicas: 1", "volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /a}]"),
        good=_DEPLOYMENT % ("replicas: 1", "volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /b}]"),
    ),
    Rule(
        id="repeated-variable",
        title="No container has a variable or port twice",
        explanation=(
            "The last one of two equal environment variables counts, and a change of one of them by kubectl or Argo CD "
            "can remove both: the key of the list is its name (https://github.com/kubernetes/kubernetes/issues/58477)."
        ),
        remedy="remove one of the two",
        check=_quiet,
        severity=Severity.WARNING,
        bad=_DEPLOYMENT % ("replicas: 1", 'env: [{name: A, value: "1"}, {name: A, value: "2"}]'),
        good=_DEPLOYMENT % ("replicas: 1", 'env: [{name: A, value: "1"}, {name: B, value: "2"}]'),
    ),
    Rule(
        id="operator-schema",
        title="A custom resource is as its project's CRD says",
        explanation=(
            "The CRD is one that the operator's project publishes, because none is rendered or named under "
            "`clusters.<name>.schemas`. The cluster may have another version of it."
        ),
        remedy="correct the field, or name the cluster's own CRD under clusters.<name>.schemas in gitops.yaml",
        check=_published,
        severity=Severity.WARNING,
        bad=(
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: web}\n"
            "spec: {secret: web-tls, issuerRef: {name: ca}}\n"
        ),
        good=(
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: web}\n"
            "spec: {secretName: web-tls, issuerRef: {name: ca}}\n"
        ),
    ),
    Rule(
        id="schema-unknown",
        title="A schema of each kind is known",
        explanation="Objects of a kind without a schema are taken as they are.",
        remedy="name files with their CRDs under clusters.<name>.schemas in gitops.yaml",
        check=_unknown,
        severity=Severity.NOTE,
        bad="apiVersion: demo.example/v1\nkind: Widget\nmetadata: {name: one}\n",
        good="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n",
    ),
)

"""Rule on keys: what a pod reads from a ConfigMap or Secret must be in it."""

from collections.abc import Iterator

from gitops_gen.manifests.objects import Manifest
from gitops_gen.manifests.pods import Reference, pod_path
from gitops_gen.manifests.secrets import provided_keys
from gitops_gen.names import did_you_mean
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan


def _missing(plan: SyncPlan) -> Iterator[Hit]:
    for manifest, found in plan.objects.references.items():
        for reference in dict.fromkeys(found):
            if reference.key and not reference.optional and (source := _source(plan, manifest, reference)):
                keys = provided_keys(source)
                if keys is not None and reference.key not in keys:
                    path = (*pod_path(manifest), *reference.path)
                    yield Hit(manifest, _sentence(reference, source, sorted(keys)), path=path)


def _source(plan: SyncPlan, manifest: Manifest, reference: Reference) -> Manifest | None:
    if reference.kind == "Secret":
        return plan.objects.secret_maker(reference.name, manifest.id.namespace)
    return plan.objects.named(reference.kind, reference.name, manifest.id.namespace)


def _sentence(reference: Reference, source: Manifest, keys: list[str]) -> str:
    named = f"{reference.kind}/{reference.name}"
    maker = "" if str(source.id) == named else f", which {source.id} makes,"
    hint = did_you_mean(reference.key, keys)
    return f"{reference.how} reads key `{reference.key}`, and {named}{maker} has no such key" + (
        f" ({hint})" if hint else ""
    )


_EXAMPLE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {log_level: info}
---
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
    - name: app
      image: app:1.0.0
      env: [{name: LOG_LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: log_level}}}]
"""

RULES = (
    Rule(
        id="key-not-provided",
        title="A key that a pod reads is in its ConfigMap or Secret",
        explanation=(
            "A pod that reads a key which its ConfigMap or Secret lacks does not start "
            "(CreateContainerConfigError). An ExternalSecret with target.template.data makes the template's keys only, "
            "unless mergePolicy is Merge (https://external-secrets.io/latest/guides/templating/)."
        ),
        remedy="add the key, correct its name, or set optional: true",
        check=_missing,
        bad=_EXAMPLE.replace("key: log_level", "key: logLevel"),
        good=_EXAMPLE,
    ),
)

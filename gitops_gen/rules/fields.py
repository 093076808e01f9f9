"""Rules on fields that Argo CD or the API server refuses: values that are no strings, names that are too long, objects
that are too large to be applied.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from gitops_gen.manifests.annotations import HELM_WEIGHT, SYNC_WAVE, applies_server_side, is_helm_test, sync_options
from gitops_gen.manifests.objects import Manifest, mapping, sequence
from gitops_gen.rules.rule import Hit, Rule, Severity
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.yaml.key_paths import KeyPath, dotted, tree_nodes, value_at

ANNOTATIONS_LIMIT = 262_144
"""Bytes of all annotations together: `TotalAnnotationSizeLimitB` in
https://github.com/kubernetes/kubernetes/blob/v1.36.0/staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go
"""

LABEL_LIMIT = 63
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_NAME_LIMITS = {
    ("", "Service"): (63, "it is a DNS label"),
    ("", "Namespace"): (63, "it is a DNS label"),
    ("batch", "Job"): (63, "its pods carry it as a label"),
    ("batch", "CronJob"): (52, "its Jobs get 11 characters more"),
    ("apps", "StatefulSet"): (52, "its pods carry it as a label with 11 characters more"),
}
_LONGEST_NAME = (253, "Kubernetes allows 253 characters")
_OF_METADATA, _OF_OTHERS = ("labels", "annotations"), ("matchLabels", "nodeSelector")
_STRING_MAPS = {*_OF_METADATA, *_OF_OTHERS}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_DEFAULTED = {SYNC_WAVE, HELM_WEIGHT}
"""`wave-not-integer` says what happens to these."""


def _strings(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        for name, value, path in non_strings(manifest):
            yield Hit(manifest, f"{name} is {_shown(value)}, and only a string is allowed there", path=path)
        for path in (("metadata", "labels"), ("metadata", "annotations"), *_data_places(manifest)):
            value = value_at(dict(manifest.data), path)[1]
            if value is not None and not isinstance(value, dict):
                text = f"{dotted(path)} is {_shown(value)}, and only a map of strings is allowed there"
                yield Hit(manifest, text, path=path)


def _data_places(manifest: Manifest) -> tuple[KeyPath, ...]:
    is_data = manifest.id.group == "" and manifest.kind in {"ConfigMap", "Secret"}
    return (("data",), ("stringData",)) if is_data else ()


_Entry: TypeAlias = tuple[str, Any, KeyPath]
"""What a value is called, the value, and its place in the object."""


def non_strings(manifest: Manifest) -> Iterator[_Entry]:
    """The values of an object that must be strings and are none."""
    for name, value in manifest.annotations.items():
        # Argo CD reads annotations without coercing null: `nestedNullableStringMap` in util/kube/kube.go of v3.5.1.
        if not isinstance(value, str) and name not in _DEFAULTED:
            yield f"metadata.annotations.{name}", value, ("metadata", "annotations", name)
    if not is_helm_test(manifest):
        yield from (entry for entry in _others(manifest) if not isinstance(entry[1], str | None))


def _others(manifest: Manifest) -> Iterator[_Entry]:
    for place, values in _string_maps(manifest):
        yield from ((f"{dotted(place)}.{key}", value, (*place, key)) for key, value in values.items())
    for path, item in _parts(manifest):
        if len(path) > 1 and path[-2] in _CONTAINERS:
            yield from _environment(item, path)


def _string_maps(manifest: Manifest) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    yield ("metadata", "labels"), mapping(manifest.metadata.get("labels"))
    yield from ((place, mapping(value_at(dict(manifest.data), place)[1])) for place in _data_places(manifest))
    if manifest.id.group == "" and manifest.kind in {"Service", "ReplicationController"}:
        yield ("spec", "selector"), mapping(manifest.spec.get("selector"))
    for path, part in _parts(manifest):
        if not _STRING_MAPS.isdisjoint(part):
            names = _OF_METADATA if _is_metadata(path) else _OF_OTHERS
            yield from (((*path, name), mapping(part.get(name))) for name in names)


def _is_metadata(path: KeyPath) -> bool:
    """Whether it is the metadata of what the object makes: of pods, Jobs, claims, or a custom resource's objects."""
    *above, last = (step for step in path if isinstance(step, str))
    if last == "metadata":
        return bool(above) and above[-1].lower().endswith(("template", "templates"))
    return last.lower().endswith(("template", "metadata"))


def _parts(manifest: Manifest) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    """The maps inside an object; none of a CRD, which describes fields and has none."""
    for field in ("spec", "template") if manifest.kind != "CustomResourceDefinition" else ():
        nodes = tree_nodes(manifest.data.get(field), (field,))
        yield from ((path, item) for path, item in nodes if isinstance(item, dict))


def _environment(container: Mapping[str, Any], path: KeyPath) -> Iterator[_Entry]:
    owner = f" of container {container['name']}" if "name" in container else ""
    for index, item in enumerate(sequence(container.get("env"))):
        if isinstance(item, dict):
            yield f"env {item.get('name')}{owner}", item.get("value"), (*path, "env", index, "value")
    for name in ("command", "args"):
        for index, item in enumerate(sequence(container.get(name))):
            yield f"{name}[{index}]{owner}", item, (*path, name, index)


def _shown(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _names(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        limit, reason = _NAME_LIMITS.get((manifest.id.group, manifest.kind), _LONGEST_NAME)
        if "name" in manifest.metadata and len(manifest.name) > limit:
            text = f"has a name of {len(manifest.name)} characters; {limit} are allowed: {reason}"
            yield Hit(manifest, text, path=("metadata", "name"))
        for (key, value), path in _labels(manifest).items():
            if len(value) > LABEL_LIMIT:
                yield Hit(manifest, f"label {key} has {len(value)} characters; {LABEL_LIMIT} are allowed", path=path)
            elif not _LABEL.fullmatch(value):
                text = f"label {key} is `{value}`: only letters, digits, `-`, `_` and `.` are allowed"
                yield Hit(manifest, text, path=path)


def _labels(manifest: Manifest) -> dict[tuple[str, str], KeyPath]:
    """The labels of an object and of its pods, each with the first place that has it."""
    found: dict[tuple[str, str], KeyPath] = {}
    for place, values in _string_maps(manifest):
        for key, value in values.items() if place[-1] == "labels" else ():
            if isinstance(value, str):
                found.setdefault((key, value), (*place, key))
    return found


def _repeated(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        for item in dict.fromkeys(manifest.repeated):
            yield Hit(manifest, f"has the key {item.key} more than once: the last one counts, on line {item.line}")


def _sizes(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        if _is_applied_client_side(manifest, plan) and (size := _applied_size(manifest)) > ANNOTATIONS_LIMIT:
            yield Hit(
                manifest,
                f"has {size} bytes, which client-side apply writes into an annotation of at most {ANNOTATIONS_LIMIT}",
            )


def _is_applied_client_side(manifest: Manifest, plan: SyncPlan) -> bool:
    options = plan.policy.sync_options
    replaces = "Replace=true" in (*sync_options(manifest), *options)
    return not replaces and not applies_server_side(manifest, options)


def _applied_size(manifest: Manifest) -> int:
    """The bytes of `last-applied-configuration` as Go writes it, and those of the other annotations."""
    text = json.dumps(manifest.data, default=str, ensure_ascii=False, separators=(",", ":"))
    escaped = 5 * sum(text.count(sign) for sign in "<>&")  # as \u003c
    others = sum(len(f"{name}{value}".encode()) for name, value in manifest.annotations.items())
    return len(text.encode()) + escaped + others


_SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  port: "5432"
"""
_LONG = "a-service-whose-name-is-longer-than-the-63-characters-of-a-label"
_SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: %s}
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""

RULES = (
    Rule(
        id="value-not-a-string",
        title="Annotations, labels, environment values and ConfigMap data are strings",
        explanation=(
            "An annotation that is no string keeps Argo CD from generating any manifest of the Application: its state "
            "is Unknown and no sync begins, because Argo CD cannot write its tracking id "
            "(https://github.com/argoproj/argo-cd/issues/13730). A label, an env value or a datum that is no string is "
            "refused by the API server, and the sync fails."
        ),
        remedy="put the value in quotes: `{{ .Values.x | quote }}`",
        check=_strings,
        bad=_SETTINGS.replace('"5432"', "5432"),
        good=_SETTINGS,
        judges_tests=True,
    ),
    Rule(
        id="name-too-long",
        title="Names and labels are as Kubernetes allows them",
        explanation=(
            "The API server refuses a Service name or a label value of more than 63 characters. Jobs, CronJobs and "
            "StatefulSets write their name into labels of their pods."
        ),
        remedy='shorten it: `trunc 63 | trimSuffix "-"`',
        check=_names,
        bad=_SERVICE % _LONG,
        good=_SERVICE % _LONG[:63],
    ),
    Rule(
        id="duplicate-key",
        title="Each map has a key once",
        explanation=(
            "Helm and Argo CD take the last of two equal keys and say nothing "
            "(https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/goyaml.v2/decode.go, `mapping`). Other tools, "
            "such as Flux and kustomize, refuse the object."
        ),
        remedy="remove one of the two from the template",
        check=_repeated,
        severity=Severity.NOTE,
        bad=f'{_SETTINGS}  port: "5433"\n',
        good=_SETTINGS,
    ),
    Rule(
        id="object-too-large",
        title="A large object is applied server-side",
        explanation=(
            "Client-side apply writes the whole object into the annotation last-applied-configuration. With more than "
            "262,144 bytes the API server refuses it (`metadata.annotations: Too long`). Large CRDs are the usual case."
        ),
        remedy="add ServerSideApply=true to the object's sync options or to the Application's",
        check=_sizes,
    ),
)

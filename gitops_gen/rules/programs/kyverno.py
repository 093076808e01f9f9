"""Policies of Kyverno, which its own program evaluates.

https://kyverno.io/docs/kyverno-cli/reference/kyverno_apply/
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from gitops_gen.manifests.objects import Manifest, mappings
from gitops_gen.manifests.scopes import Scopes
from gitops_gen.rules.admission.verdicts import namespace_labels
from gitops_gen.rules.programs.actions import is_enforced
from gitops_gen.rules.programs.answers import PolicyAnswer, PolicyEffect, bare_environment
from gitops_gen.runtime.programs import ProcessError, finished
from gitops_gen.runtime.scratch import scratch
from gitops_gen.sync.plan import SyncPlan

PROGRAM = "kyverno"
GROUPS = frozenset({"kyverno.io", "policies.kyverno.io"})
_EXCEPTION, _EXCEPTIONS = "PolicyException", "exceptions.yaml"
_EVALUATED = frozenset({"ClusterPolicy", "Policy", "ValidatingPolicy", "NamespacedValidatingPolicy", _EXCEPTION})
"""The others change, make or delete objects, or read images."""
_REMOTE_KEYS = frozenset({"apicall", "imageregistry", "verifyimages", "globalreference", "manifests"})
"""Fields with which a rule reads a service, a registry, the API server or signatures, in lower case.

https://github.com/kyverno/kyverno/blob/v1.19.1/api/kyverno/v1/rule_types.go
"""
_REMOTE_CALL = re.compile(r"\b(?:http|image|imageData|resource|globalContext)\b(?!\s*\()")
"""Libraries of Kyverno's expressions that read something; `image(…)` takes a name apart."""
_TOKEN = re.compile(r"//[^\n]*|\"[^\"\n]*\"|'[^'\n]*'")
"""Comments and literals of an expression that has neither escapes nor long strings."""
_FIELD = re.compile(r"(\b(?!in\.)\w+|[)\]])(?:\.\w+)+")
"""A value with its fields. After `in`, a dot begins a name."""
_PROXY = "http://127.0.0.1:9"
"""Nothing listens there: what would reach out in spite of the checks gets no answer."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_UNREADABLE = re.compile(r'skipping invalid YAML file error="(.*?)" .*\bpath=policy-(\d+)\.yaml')
_SKIPPED = re.compile(r"^\d+\. ([^\s:]+)(?:: (.*))?$", re.MULTILINE)
_FAILED = re.compile(r"failed to compile policy ([^\s:]+) \((.*)\)", re.DOTALL)
"""How Kyverno tells of policies that it leaves out.

https://github.com/kyverno/kyverno/blob/v1.19.1/cmd/cli/kubectl-kyverno/commands/apply/command.go
"""

_Key: TypeAlias = tuple[str, str, str, str]


def policies_of(plan: SyncPlan) -> tuple[Manifest, ...]:
    """The policies of Kyverno that the plan's cluster has, and the exceptions from them."""
    return tuple(item for item in plan.cluster.policies if item.id.group in GROUPS)


@lru_cache(maxsize=1)
def answers(plan: SyncPlan) -> tuple[PolicyAnswer, ...]:
    """What Kyverno says of the objects, and which policies it does not apply. Raises `ProcessError` where it fails."""
    reasons = {item: reason for item in policies_of(plan) if (reason := _unknown(item))}
    unknown = [_about(item, PolicyEffect.UNKNOWN, f"is not applied: {reason}") for item, reason in reasons.items()]
    handed = [item for item in policies_of(plan) if item not in reasons]
    applied = [item for item in handed if item.kind != _EXCEPTION]
    program = shutil.which(PROGRAM)
    if not applied or not plan.manifests or not program:
        return tuple(unknown)
    with scratch() as folder:
        _write_policies(handed, folder)
        objects = _write_objects(plan, folder)
        done = _applied(program, len(applied), folder)
    return (*unknown, *_faults(done, applied), *dict.fromkeys(_read(done.stdout, objects, plan)))


def _about(policy: Manifest, kind: PolicyEffect, message: str) -> PolicyAnswer:
    return PolicyAnswer(kind, None, f"{policy.kind} {policy.name} {message}", policy.source, policy.line)


def _unknown(policy: Manifest) -> str:
    """Why the policy is not handed to Kyverno; empty when it is."""
    if policy.kind not in _EVALUATED:
        return "only policies that validate are evaluated here"
    return next((f"it reads {found}" for found in _remote(policy.spec)), "")


def _remote(value: Any, key: str = "") -> Iterator[str]:
    """What in a policy reaches out. Go's JSON takes a field in any case, so that this compares without it."""
    match value:
        case dict():
            for name, item in value.items():
                if str(name).casefold() in _REMOTE_KEYS:
                    yield str(name)
                yield from _remote(item, str(name).casefold())
        case list():
            for item in value:
                yield from _remote(item, key)
        case str() if key.endswith("expression") and (found := _REMOTE_CALL.search(_code(value))):
            yield found[0]


def _code(text: str) -> str:
    """The names that an expression uses, without comments, literals and fields where that is certain."""
    is_plain = "\\" not in text and '"""' not in text and "'''" not in text
    return _FIELD.sub(r"\1.", _TOKEN.sub(" ", text)) if is_plain else text


def _write_policies(handed: Iterable[Manifest], folder: Path) -> None:
    """Only what was checked: `Spec` is another key here, and the same one to Go."""
    parts = [(item, {key: item.data.get(key) for key in ("apiVersion", "kind", "metadata", "spec")}) for item in handed]
    for index, data in enumerate(data for item, data in parts if item.kind != _EXCEPTION):
        _dump(folder / f"policy-{index}.yaml", data)
    if exceptions := [data for item, data in parts if item.kind == _EXCEPTION]:
        _dump(folder / _EXCEPTIONS, *exceptions)


def _write_objects(plan: SyncPlan, folder: Path) -> dict[_Key, Manifest]:
    """Write the objects and what is known of their namespaces; the objects by what a report names them with. Those of
    Kyverno are left out: from a GlobalContextEntry it would read a service.
    """
    objects = [(item, _in_namespace(item, plan)) for item in plan.manifests if item.id.group not in GROUPS]
    _dump(folder / "objects.yaml", *(data for _, data in objects))
    names = {str(data["metadata"].get("namespace") or "") for _, data in objects} - {""}
    labels = [{"name": name, "labels": {**(namespace_labels(plan, name) or {})}} for name in sorted(names)]
    values = {"apiVersion": "cli.kyverno.io/v1alpha1", "kind": "Values", "metadata": {"name": "values"}}
    _dump(folder / "namespaces.yaml", values | {"namespaceSelector": labels})
    return {_key(data | data["metadata"]): item for item, data in reversed(objects)}


def _dump(file: Path, *documents: Mapping[str, Any]) -> None:
    """A stream of YAML, each document as JSON: what was checked is what Kyverno reads."""
    file.write_text("\n---\n".join(json.dumps(item, default=str) for item in documents), encoding="utf-8")


def _in_namespace(item: Manifest, plan: SyncPlan) -> dict[str, Any]:
    definitions = (*plan.cluster.schemas, *plan.objects.of_kind("CustomResourceDefinition"))
    is_cluster_wide = Scopes(definitions).is_cluster_wide(item.id.group, item.kind)
    namespace = "" if is_cluster_wide else item.id.namespace or plan.cluster.namespace
    return {**item.data, "metadata": {**item.metadata} | ({"namespace": namespace} if namespace else {})}


def _key(item: Mapping[str, Any]) -> _Key:
    return (
        str(item.get("apiVersion")),
        str(item.get("kind")),
        str(item.get("namespace") or ""),
        str(item.get("name") or ""),
    )


def _applied(program: str, policies: int, folder: Path) -> subprocess.CompletedProcess[str]:
    argv = [
        *(program, "apply", *(f"policy-{index}.yaml" for index in range(policies))),
        *("--resource", "objects.yaml", "--values-file", "namespaces.yaml"),
        *(("--exception", _EXCEPTIONS) if (folder / _EXCEPTIONS).exists() else ()),
        # A file that it cannot read is told at this level only.
        *("--policy-report", "--output-format", "json", "--remove-color", "-v", "3"),
    ]
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), _PROXY)
    return finished(argv, cwd=folder, env=bare_environment(folder) | proxies)


def _faults(done: subprocess.CompletedProcess[str], applied: list[Manifest]) -> Iterator[PolicyAnswer]:
    """The policies that Kyverno left out, or for which it gave up. Raises `ProcessError` where it failed otherwise."""
    said = _COLOUR.sub("", done.stderr)
    for message, index in _UNREADABLE.findall(said):
        yield _about(applied[int(index)], PolicyEffect.INVALID, f"cannot be read by Kyverno: {message}")
    names = {item.name: item for item in applied}
    found = [*_SKIPPED.findall(done.stdout), *_FAILED.findall(said)]
    for name, message in found:
        if policy := names.get(name):
            yield _about(
                policy, PolicyEffect.INVALID, f"is not applied by Kyverno: {' '.join(message.split()) or 'invalid'}"
            )
    # It exits with 1 for a violation too, and then writes no error.
    if not found and (done.returncode not in (0, 1) or re.search(r"^Error: ", said, re.MULTILINE)):
        raise ProcessError([PROGRAM, "apply"], done.returncode, said)


def _read(text: str, objects: Mapping[_Key, Manifest], plan: SyncPlan) -> Iterator[PolicyAnswer]:
    """The results of the reports, each a line of JSON.

    https://github.com/kyverno/kyverno/blob/v1.19.1/cmd/cli/kubectl-kyverno/commands/apply/print.go
    """
    reports = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    for result in (item for report in reports for item in mappings(report.get("results"))):
        for subject in mappings(result.get("resources")):
            manifest = objects.get(_key(subject))
            if manifest and (kind := _effect(result, str(subject.get("namespace") or ""), plan)):
                rule = f", rule {result['rule']}" if result.get("rule") else ""
                yield PolicyAnswer(kind, manifest, f"policy {result.get('policy')}{rule}: {result.get('message')}")


def _effect(result: Mapping[str, Any], namespace: str, plan: SyncPlan) -> PolicyEffect | None:
    if result.get("result") != "fail":
        return PolicyEffect.UNKNOWN if result.get("result") == "error" else None
    labels = namespace_labels(plan, namespace) or {}
    # A report names a Policy with its namespace.
    name = str(result.get("policy")).rpartition("/")[2]
    own = (item for item in policies_of(plan) if item.name == name)
    enforced = any(is_enforced(item, str(result.get("rule")), namespace, labels) for item in own)
    return PolicyEffect.DENIED if enforced else PolicyEffect.WARNED

"""Reads the export of a namespace (`kubectl get … -o yaml`). The values of Secrets are dropped, only the names of their
keys are kept.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.manifests.objects import Manifest, ObjectId, mapping, parse, sequence
from gitops_gen.migration.original import export_command
from gitops_gen.yaml.reader import load

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET = re.compile(r"""["']?kind["']?\s*:\s*["']?Secret\b""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """The objects of the namespace."""

    namespace: str
    #: all objects without an owner
    objects: Mapping[ObjectId, Manifest]
    #: number of objects with an owner, such as Pods and ReplicaSets
    dependents: int
    #: the names of the keys of each Secret in the export
    secret_keys: Mapping[str, tuple[str, ...]]

    def named(self, kind: str, name: str) -> Manifest | None:
        """The object of a kind and name, whatever its API group."""
        return next((item for item in self.objects.values() if (item.kind, item.name) == (kind, name)), None)

    def of_kind(self, kind: str) -> list[Manifest]:
        """All objects of a kind."""
        return [item for item in self.objects.values() if item.kind == kind]


def read_live(content: bytes, file: str) -> Live:
    """The objects of an export. Raises `ProblemsError` if the content is not the export of one namespace; no problem
    quotes a value.
    """
    found = _parsed(content, file)
    _require_export(found, file)
    namespace = _only_namespace(found, file)
    own = [_without_values(item) for item in found if not sequence(item.metadata.get("ownerReferences"))]
    own = [replace(item, id=replace(item.id, namespace="")) for item in own]
    return Live(
        namespace=namespace,
        objects={item.id: item for item in own},
        dependents=len(found) - len(own),
        secret_keys={item.name: keys_of(item) for item in found if is_secret(item)},
    )


def is_secret(item: Manifest) -> bool:
    """Whether the object is a Secret of the core API group."""
    return item.kind == "Secret" and not item.id.group


def keys_of(item: Manifest) -> tuple[str, ...]:
    """The names of the keys of a Secret or ConfigMap."""
    held = (mapping(item.data.get(field)) for field in ("data", "stringData", "binaryData"))
    return tuple(sorted({str(key) for part in held for key in part}))


def last_applied(item: Manifest) -> Mapping[str, Any]:
    """The manifest that `kubectl apply` recorded; empty when the object was not applied that way."""
    text = item.annotations.get(LAST_APPLIED)
    if not isinstance(text, str):
        return {}
    try:
        return mapping(load(text, LAST_APPLIED))
    except ProblemsError:
        return {}


def _parsed(content: bytes, file: str) -> tuple[Manifest, ...]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProblemsError([Problem(file=file, message="is not UTF-8 text", hint=_export_hint())]) from None
    try:
        return parse(text, file)
    except ProblemsError as error:
        raise ProblemsError(_withheld(error.problems, secret=bool(_SECRET.search(text)))) from None


def _withheld(problems: Iterable[Problem], *, secret: bool) -> Iterator[Problem]:
    """The problems. For a file with Secrets the parser's message is replaced, because it may quote a value."""
    for problem in problems:
        message = "is not valid YAML; details are not shown, because the file contains Secrets"
        yield replace(problem, message=message if secret else problem.message, key="", hint=_export_hint())


def _require_export(found: tuple[Manifest, ...], file: str) -> None:
    if not found:
        raise ProblemsError([Problem(file=file, message="contains no objects", hint=_export_hint())])
    without_uid = [item for item in found if not item.metadata.get("uid")]
    fail_if_any(
        Problem(
            file=file,
            line=item.line,
            message=f"{item.id} has no metadata.uid, so it was not exported from a cluster",
            hint=_export_hint(),
        )
        for item in without_uid[:1]
    )


def _only_namespace(found: tuple[Manifest, ...], file: str) -> str:
    names = sorted({str(item.metadata["namespace"]) for item in found if item.metadata.get("namespace")})
    if len(names) == 1:
        return names[0]
    message = (
        f"contains objects of several namespaces: {', '.join(names)}" if names else "contains no namespaced object"
    )
    raise ProblemsError([Problem(file=file, message=message, hint=_export_hint())])


def _without_values(item: Manifest) -> Manifest:
    if not is_secret(item):
        return item
    metadata = {key: item.metadata[key] for key in ("name", "namespace", "uid", "labels") if key in item.metadata}
    return replace(item, data={"apiVersion": "v1", "kind": "Secret", "metadata": metadata})


def _export_hint() -> str:
    return f"export one namespace: {export_command('<namespace>')} > live.yaml"

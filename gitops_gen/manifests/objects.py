"""A rendered stream as objects: identity, the template each one came from, and typed access to the parts every object
has.

A `Manifest` is shared (documents are cached by their text), so its data is read and never changed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.yaml.documents import read
from gitops_gen.yaml.reader import RepeatedKey

_SOURCE = re.compile(r"^# Source: (.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class ObjectId:
    """What Kubernetes tells objects apart by. `namespace` is empty for the release's own one and for cluster-wide
    kinds.
    """

    group: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """`Kind/name`, with the namespace before it when it is not the release's."""
        return f"{self.namespace}:{self.kind}/{self.name}" if self.namespace else f"{self.kind}/{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Manifest:
    """One rendered object; two of them are equal only when they are the same one."""

    id: ObjectId
    data: Mapping[str, Any]
    #: the template it was rendered from, as Helm's `# Source:` comment names it, else the file it was read from
    source: str
    #: the line of the stream on which its document begins
    line: int
    #: keys that a map of its document has more than once: the last one counts
    repeated: tuple[RepeatedKey, ...] = ()

    @property
    def kind(self) -> str:
        """`Deployment`, for one."""
        return self.id.kind

    @property
    def name(self) -> str:
        """`metadata.name`, or `metadata.generateName` with a `*` behind it."""
        return self.id.name

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`metadata`; empty when it is missing."""
        return mapping(self.data.get("metadata"))

    @property
    def annotations(self) -> Mapping[str, Any]:
        """`metadata.annotations` as written: a value that is no string is not one here either."""
        return mapping(self.metadata.get("annotations"))

    @property
    def spec(self) -> Mapping[str, Any]:
        """`spec`; empty when it is missing."""
        return mapping(self.data.get("spec"))


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` when it is a map, else an empty one: rendered objects may hold anything anywhere."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """`value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The maps of a list."""
    return [item for item in sequence(value) if isinstance(item, dict)]


def number(value: Any) -> int | None:
    """`value` when it is an integer, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parse(text: str, file: str, *, namespace: str = "", chart: str = "") -> tuple[Manifest, ...]:
    """Every object of a rendered stream, in its order; a `List` stands for its items.

    `file` names the stream in problems; `namespace` is the one the release goes to; `chart` is the folder that stands
    for the chart's name in Helm's `# Source:` comments. Raises `ProblemsError` for what is not YAML and for documents
    that are no Kubernetes objects.
    """
    found = tuple(_objects(text, file, chart))
    home = namespace or _only_namespace(found)
    return tuple(_manifest(item, home) for item in found)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """An object as it is in the stream."""

    data: Mapping[str, Any]
    source: str
    line: int
    repeated: tuple[RepeatedKey, ...]


def _objects(text: str, file: str, chart: str) -> Iterator[_Found]:
    source = file
    found, problems = read(text, file)
    for document in found:
        # A template of several documents may have its name above the first one only.
        source = _template(match[1], chart) if (match := _SOURCE.search(document.text)) else source
        for item in _items(document.value):
            if problem := _shape_problem(item):
                problems.append(Problem(file=file, line=document.line, message=problem))
            else:
                yield _Found(data=item, source=source, line=document.line, repeated=document.repeated)
    fail_if_any(problems)


def _template(source: str, chart: str) -> str:
    return f"{chart}/{source.partition('/')[2]}" if chart else source


def _items(document: Any) -> list[Any]:
    """The objects of a document: the items of a list of any kind, such as a RoleBindingList.

    https://github.com/argoproj/argo-cd/blob/v3.5.1/reposerver/repository/repository.go (`GenerateManifests`)
    """
    if document is None:
        return []
    if isinstance(document, dict) and "items" in document:
        if isinstance(document["items"], list):
            return list(document["items"])
        if document["items"] is None and not {"spec", "status"} & document.keys():
            return []
    return [document]


def _shape_problem(item: Any) -> str:
    if not isinstance(item, dict):
        return "is not a Kubernetes object: a map with apiVersion, kind and metadata is needed"
    missing = [key for key in ("apiVersion", "kind") if not isinstance(item.get(key), str)]
    if missing:
        return f"is not a Kubernetes object: it has no {' and no '.join(missing)}"
    metadata = mapping(item.get("metadata"))
    if any(isinstance(metadata.get(key), str) for key in ("name", "generateName")):
        return ""
    found = metadata.get("name")
    is_no_text = "" if found is None else f" that is a string: {json.dumps(found, default=str)} needs quotes"
    return f"the {item['kind']} has no metadata.name{is_no_text}"


def _only_namespace(found: tuple[_Found, ...]) -> str:
    """The release's namespace, when the stream names only one."""
    named = {mapping(item.data.get("metadata")).get("namespace") or "" for item in found} - {""}
    return str(named.pop()) if len(named) == 1 else ""


def _manifest(found: _Found, home: str) -> Manifest:
    data = found.data
    metadata = mapping(data.get("metadata"))
    namespace = str(metadata.get("namespace") or "")
    name = metadata.get("name") or f"{metadata.get('generateName')}*"
    identity = ObjectId(
        group=str(data["apiVersion"]).rpartition("/")[0],
        kind=data["kind"],
        name=str(name),
        namespace="" if namespace == home else namespace,
    )
    return Manifest(id=identity, data=data, source=found.source, line=found.line, repeated=found.repeated)

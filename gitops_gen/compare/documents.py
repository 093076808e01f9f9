"""Two rendered streams as documents: those that are in both drop out as text, and only the rest is parsed."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_gen.compare.canonical import without_hashes
from gitops_gen.manifests.annotations import is_helm_test
from gitops_gen.manifests.objects import Manifest, ObjectId, parse

_SEPARATOR = re.compile(r"^---[ \t]*(?:#.*)?$", re.MULTILINE)
HASH_SUFFIX = re.compile(r"-(?:<hash>|(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8})$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One object before and after; None where it does not exist."""

    old: Manifest | None
    new: Manifest | None


def differing(old: str, new: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The documents of each stream that the other one has not, letter by letter, in their order."""
    old_documents, new_documents = split_documents(old), split_documents(new)
    old_count, new_count = Counter(old_documents), Counter(new_documents)
    return tuple(_beyond(old_documents, new_count)), tuple(_beyond(new_documents, old_count))


def split_documents(text: str) -> list[str]:
    """The documents of a stream that hold something; empty lines at an end may belong to a block scalar."""
    return [document for part in _SEPARATOR.split(text) if (document := part.lstrip("\n"))]


def joined(documents: Iterable[str]) -> str:
    """A stream of these documents."""
    return "".join(f"---\n{text}" if text.endswith("\n") else f"---\n{text}\n" for text in documents)


def _beyond(documents: Iterable[str], others: Mapping[str, int]) -> Iterator[str]:
    left = Counter(others)
    for document in documents:
        if left[document] > 0:
            left[document] -= 1
        else:
            yield document


def pairs(old: tuple[str, ...], new: tuple[str, ...], namespaces: tuple[str, str]) -> list[Pair]:
    """The objects of both sides, put together by what they are: in the new side's order, removed ones last.

    A generated hash at the end of a name is no part of it. Raises `ProblemsError` for what is not YAML.
    """
    before, after = _objects(old, namespaces[0]), _objects(new, namespaces[1])
    found = [Pair(old=before.pop(key, None), new=manifest) for key, manifest in after.items()]
    return found + [Pair(old=manifest, new=None) for manifest in before.values()]


def _objects(documents: tuple[str, ...], namespace: str) -> dict[tuple[ObjectId, int], Manifest]:
    """Objects by identity and by how many of that identity came before (two Jobs of one name except for the hash)."""
    manifests = parse(joined(documents), "the rendered manifests", namespace=namespace)
    seen: Counter[ObjectId] = Counter()
    found = {}
    for manifest in manifests:
        if is_helm_test(manifest):  # which no sync applies
            continue
        identity = _stable(manifest.id)
        found[identity, seen[identity]] = manifest
        seen[identity] += 1
    return found


def _stable(identity: ObjectId) -> ObjectId:
    name = HASH_SUFFIX.sub("", without_hashes(identity.name))
    return ObjectId(group=identity.group, kind=identity.kind, name=name, namespace=identity.namespace)


def title(manifest: Manifest) -> str:
    """What a person calls the object."""
    return without_hashes(str(manifest.id))

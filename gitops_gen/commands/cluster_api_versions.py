"""`cluster api-versions`: the API versions that custom resource definitions add to a cluster, for
`clusters.<name>.apiVersions`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from gitops_gen.errors import Problem, ProblemsError, UsageError, fail_if_any
from gitops_gen.git.named_paths import NamedPath
from gitops_gen.manifests.objects import mapping, mappings
from gitops_gen.yaml.documents import read

_KUBECTL_COLUMNS = ("APIVERSION", "NAMESPACED", "KIND")


def from_files(paths: Iterable[NamedPath]) -> list[str]:
    """`group/version` and `group/version/Kind` of every served version in these files, and in the files below folders.

    Argo CD passes both forms to Helm: https://github.com/argoproj/argo-cd/blob/v3.5.1/util/argo/argo.go
    (`APIResourcesToStrings`). Raises `ProblemsError` for a file that cannot be read, `UsageError` for one without any
    definition.
    """
    found: set[str] = set()
    problems: list[Problem] = []
    asked = list(paths)
    for file in _files(asked):
        try:
            found.update(_versions(file))
        except ProblemsError as error:
            problems += error.problems
    fail_if_any(problems)
    if not found:
        names = ", ".join(map(str, asked))
        raise UsageError(f"no CustomResourceDefinition in {names}", "name the files or folders that hold them")
    return sorted(found)


def _files(paths: Iterable[NamedPath]) -> Iterator[NamedPath]:
    for path in paths:
        yield from (path / file for file in path.files())


def _versions(file: NamedPath) -> Iterator[str]:
    try:
        text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemsError([Problem(file=str(file), message=f"cannot be read: {error}")]) from error
    if "CustomResourceDefinition" not in text:
        return
    documents, problems = read(text, str(file))
    fail_if_any(problems)
    for document in documents:
        data = mapping(document.value)
        for item in (data, *mappings(data.get("items"))):
            if item.get("kind") == "CustomResourceDefinition":
                yield from _served(mapping(item.get("spec")))


def _served(spec: Any) -> Iterator[str]:
    group, kind = spec.get("group"), mapping(spec.get("names")).get("kind")
    for version in mappings(spec.get("versions")):
        if version.get("served") is not False:
            yield f"{group}/{version.get('name')}"
            yield f"{group}/{version.get('name')}/{kind}"


def from_kubectl(text: str) -> list[str]:
    """The API versions in the output of `kubectl api-resources`, with kinds, or of `kubectl api-versions`, without.

    Raises `UsageError` for other text.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if lines and lines[0][-3:] == list(_KUBECTL_COLUMNS):
        found = {(words[-3], words[-1]) for words in lines[1:]}
        return sorted({version for version, _ in found} | {f"{version}/{kind}" for version, kind in found})
    if not lines or any(len(words) != 1 for words in lines):
        raise UsageError(
            "that is no output of `kubectl api-resources` or `kubectl api-versions`",
            "run `kubectl api-resources | gitops-gen cluster api-versions -`",
        )
    return sorted({words[0] for words in lines})

"""`render`: the manifests that Argo CD will apply, as Helm renders them: printed, or written for many environments."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.named_paths import NamedPath
from gitops_gen.manifests.objects import mapping
from gitops_gen.project.fleet import in_each
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.rendering import render
from gitops_gen.yaml.documents import documents

__all__ = ["render", "render_to"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
"""What a name of an object may have, and a name of a file should not."""


def render_to(
    opened: OpenProject, names: Sequence[str], folder: NamedPath, *, objects: bool = False
) -> tuple[int, list[GitopsError]]:
    """Write the manifests of these environments into `folder`: `ENV.yaml` each, or with `objects` a file for each
    object. How many files were written, and what stopped the environments that have none: as `render` raises it, and
    `GitopsError` for the disk. Other files in the folder are left alone.

    Raises `UsageError` when no environment is named.
    """
    if not names:
        raise UsageError("no environment is named", "name them, or use --all")
    for name in names:
        opened.require(name)
    folder.sweep()
    results = list(in_each(opened, names, partial(_tried, folder=folder, objects=objects), "rendering"))
    counts = (item for item in results if not isinstance(item, GitopsError))
    return sum(counts), [item for item in results if isinstance(item, GitopsError)]


def _tried(opened: OpenProject, name: str, *, folder: NamedPath, objects: bool) -> int | GitopsError:
    try:
        return _written(opened, name, folder, objects=objects)
    except GitopsError as error:
        return error


def _written(opened: OpenProject, name: str, folder: NamedPath, *, objects: bool) -> int:
    rendered = render(opened, name)
    files = dict(_object_files(rendered, name)) if objects else {f"{name}.yaml": rendered}
    try:
        if objects:
            folder.sweep(name)
        for path, text in files.items():
            folder.write(text, path)
    except OSError as error:
        raise GitopsError(f"{error.filename or folder.path} cannot be written: {error.strerror}") from error
    return len(files)


def _object_files(rendered: str, name: str) -> Iterator[tuple[str, str]]:
    """A path and the text of each document; two objects of one kind and name get numbers."""
    seen: dict[str, int] = {}
    for document in documents(rendered, name):
        if isinstance(document.value, dict):
            kind, metadata = document.value.get("kind"), mapping(document.value.get("metadata"))
            stem = _UNSAFE.sub("_", f"{str(kind).lower()}-{metadata.get('name') or metadata.get('generateName')}")
            seen[stem] = seen.get(stem, 0) + 1
            number = f"-{seen[stem]}" if seen[stem] > 1 else ""
            yield f"{name}/{stem}{number}.yaml", document.text.lstrip("\n")

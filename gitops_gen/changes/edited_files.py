"""The generated files of environments that were edited by hand: their data, and what they were generated from."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_gen.changes.project_history import texts_at
from gitops_gen.errors import GitopsError, Problem, ProblemsError, fail_if_any
from gitops_gen.generate.check import check
from gitops_gen.generate.desired import environment_files
from gitops_gen.generate.files import Change, State
from gitops_gen.git.paths import Root
from gitops_gen.models.layout import OLD_HEADERS, environment_of, generated_paths, read_for, values_path
from gitops_gen.project.inputs import ChangedInputs
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.projects import Projects
from gitops_gen.project.reading import read_text, text_if_any
from gitops_gen.project.resolver import resolve
from gitops_gen.yaml.editing.data import same
from gitops_gen.yaml.editing.difference import KeyDifference, differences
from gitops_gen.yaml.key_paths import KeyPath, value_at
from gitops_gen.yaml.reader import load

Texts = Mapping[str, str | None]
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedFile:
    """A file with its text, its data, and its data when it was generated."""

    path: str
    text: str
    data: Any
    base: Any

    @property
    def changes(self) -> list[KeyDifference]:
        """What was edited; a list is one value, because layers replace lists as a whole."""
        return list(leaf_changes(self.base, self.data))


def edited_files(opened: OpenProject, names: Sequence[str]) -> dict[str, list[EditedFile]]:
    """The edited ones of the generated files of these environments, or of all, by environment.

    Raises `ProblemsError` for one that is in a merge conflict, was not generated, or is not YAML.
    """
    changes = check(opened, names).changes
    fail_if_any(_unreadable(changes))
    found: dict[str, list[Change]] = {}
    for item in changes:
        if item.state is State.EDITED and item.old is not None and (name := environment_of(item.path)):
            found.setdefault(name, []).append(item)
    return {name: _edited(opened, name, edited) for name, edited in found.items()}


def _edited(opened: OpenProject, name: str, changes: Iterable[Change]) -> list[EditedFile]:
    base = _base(opened, name)
    return [
        EditedFile(
            path=item.path,
            text=item.old or "",
            data=load(item.old or "", item.path) or {},
            base=load(base.get(item.path) or item.new or "", item.path) or {},
        )
        for item in changes
    ]


def _unreadable(changes: Iterable[Change]) -> Iterator[Problem]:
    for item in changes:
        if item.state is State.CONFLICT:
            yield Problem(file=item.path, message="is in a merge conflict", hint="run `gitops-gen generate` first")
        elif item.state is State.FOREIGN:
            yield Problem(file=item.path, message="was not written by gitops-gen", hint="move or rename it first")


def _base(opened: OpenProject, name: str) -> dict[str, str]:
    """What the committed inputs give: an input that was edited as well is no edit of the generated file."""
    paths = read_for(name)
    try:
        return generated(opened, name, texts_at(opened.folder, opened.base, paths))
    except GitopsError:
        # Not in git, not committed, or invalid at HEAD: only the current inputs are available.
        return generated(opened, name, inputs(opened, name))


def inputs(opened: OpenProject, name: str) -> dict[str, str | None]:
    """The inputs of one environment as they are on disk."""
    paths = read_for(name)
    found = opened.inputs
    return {path: read_text(found, path) if found.is_file(path) else None for path in paths}


def generated(opened: OpenProject, name: str, texts: Texts) -> dict[str, str]:
    """The generated files of one environment from these inputs. Raises `ProblemsError`."""
    inputs_then = ChangedInputs(opened.inputs, texts)
    projects = Projects(inputs_then)
    project, (files, problems) = projects.of(name), projects.files(name)
    fail_if_any([*projects.problems, *problems])
    if project is None or files is None:
        raise ProblemsError([Problem(file=values_path(name), message="cannot be generated")])
    return dict(environment_files(project, resolve(project, files), opened.paths, opened.charts))


def fitting_edits(opened: OpenProject, environments: Iterable[str], changes: Iterable[Change]) -> Iterator[Change]:
    """The edited files that are what they should be by now (all of them but `changes`): they are not written again, but
    a commit must have them.
    """
    known = {item.path for item in changes}
    for path in (path for name in environments for path in generated_paths(name) if path not in known):
        try:
            committed = texts_at(opened.folder, opened.base, [path])[path]
            text = text_if_any(Root(opened.folder), path)
        except GitopsError:
            continue
        if text is not None and text != committed:
            yield Change(path=path, state=State.EDITED, old=committed, new=text)


def leaf_changes(old: Any, new: Any) -> Iterator[KeyDifference]:
    """Where two values differ, an item of a list reported as the whole list."""
    seen: set[KeyPath] = set()
    for item in differences(old, new):
        index = next((at for at, step in enumerate(item.path) if isinstance(step, int)), None)
        if index is None:
            yield item
        elif item.path[:index] not in seen:
            path = item.path[:index]
            seen.add(path)
            yield KeyDifference(path=path, old=value_at(old, path)[1], new=value_at(new, path)[1])


def comments(file: EditedFile, generated_text: str) -> Iterator[tuple[int, str]]:
    """The comments that were written into a generated file, with their lines: the next generation would lose them."""
    known = set(generated_text.splitlines())
    lines = file.text.splitlines()
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match is None or line in known or line.startswith(OLD_HEADERS):
            continue
        without = [*lines[: number - 1], line[: match.start()], *lines[number:]]
        if _reads_as(without, file):
            yield number, match[0]


def _reads_as(lines: list[str], file: EditedFile) -> bool:
    try:
        return same(load("\n".join(lines), file.path) or {}, file.data)
    except ProblemsError:
        return False

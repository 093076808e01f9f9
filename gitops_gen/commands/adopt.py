"""`adopt`: hand edits of generated files, moved into the inputs that they are generated from."""

from collections.abc import Callable, Sequence
from typing import Any

from gitops_gen.changes.adopted_manifest import ManifestEdits, Placed
from gitops_gen.changes.change import Delivery, Draft, Outcome, change
from gitops_gen.changes.edited_files import EditedFile, comments, edited_files, generated, inputs
from gitops_gen.changes.releases import described
from gitops_gen.changes.values.places import NEW_RELEASE, removed_with_parents
from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.git.commits import Message
from gitops_gen.models.layout import (
    APP_PROJECTS,
    APPLICATIONS,
    RELEASE_FILE,
    environment_path,
    release_path,
    values_path,
)
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import text_if_any
from gitops_gen.yaml.editing.data import same
from gitops_gen.yaml.editing.difference import KeyDifference
from gitops_gen.yaml.editing.document import set_value
from gitops_gen.yaml.editing.style import Style, inline
from gitops_gen.yaml.key_paths import KeyPath, dotted, value_at
from gitops_gen.yaml.reader import load

_FIELDS = {APPLICATIONS: "application", APP_PROJECTS: "project"}


def adopt(opened: OpenProject, names: Sequence[str], delivery: Delivery) -> Outcome:
    """Put each edit of the generated files of these environments, or of all, where it belongs, and regenerate.

    An edit of values.yaml goes into release.yaml or environment.yaml; one of the Application or AppProject into the
    field of environment.yaml that says it, else into `argocd.application` or `argocd.project`. Raises `ProblemsError`
    naming each edit that has no place there, is contradicted by the inputs, or would not be generated; then nothing is
    written.
    """
    return change(opened, delivery, lambda here: _draft(here, names))


def _draft(opened: OpenProject, names: Sequence[str]) -> Draft:
    adopting = [_Adopting(opened, name, files) for name, files in edited_files(opened, names).items()]
    if not adopting:
        return _nothing(names)
    for one in adopting:
        one.fold()
    fail_if_any([problem for one in adopting for problem in one.problems])
    found = tuple(one.name for one in adopting)
    paths = {file.path for one in adopting for file in one.edited}
    kind = "values" if paths <= {values_path(name) for name in found} else "files"
    several = len(found) > 1
    lines = tuple(f"{one.name}: {line}" if several else line for one in adopting for line in one.summary)
    where = f"{len(found)} environments" if several else found[0]
    message = Message(subject=f"Adopt the edited {kind} of {where}", details=lines, environments=found, change="adopt")
    texts = {path: text for one in adopting for path, text in one.texts.items()}
    return Draft(files=texts, environments=found, message=message, summary=lines, overwrite=True)


def _nothing(names: Sequence[str]) -> Draft:
    of = f" of {', '.join(names)}" if names else ""
    said = f"nothing to adopt: no generated file{of} was edited by hand"
    message = Message(subject="Adopt nothing", environments=tuple(names), change="adopt")
    return Draft(files={}, environments=(), message=message, summary=(said,))


class _Adopting:
    """One environment's edited files against what they should be."""

    def __init__(self, opened: OpenProject, name: str, edited: Sequence[EditedFile]) -> None:
        self.opened, self.name, self.edited = opened, name, edited
        self.environment = opened.environment(name)
        self.own_file = environment_path(name)
        self.texts: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.summary: list[str] = []
        self.overrides: list[tuple[str, Placed]] = []
        #: what the new inputs must generate: the file, what reads it there, the edit
        self.expected: list[tuple[str, Callable[[Any], Any], KeyDifference]] = []

    def fold(self) -> None:
        self.now = generated(self.opened, self.name, inputs(self.opened, self.name))
        for file in self.edited:
            self.fold_file(file)
        if self.problems:
            return
        for path, placed in self.overrides:
            self.override(path, placed)
        self.prove()

    def fold_file(self, file: EditedFile) -> None:
        for line, comment in comments(file, self.now.get(file.path, "")):
            message, hint = f"the comment `{comment}` would be lost", f"move it to {self.own_file}, or remove it"
            self.problems.append(Problem(file=file.path, line=line, message=message, hint=hint))
        if file.path == values_path(self.name):
            for item in file.changes:
                self.expect(file.path, lambda data: data, item)
                self.fold_value(file.path, item)
            self.tell("", file.changes)
        else:
            self.fold_manifest(file, _FIELDS[file.path.rpartition("/")[0]])

    def fold_manifest(self, file: EditedFile, field: str) -> None:
        edits = ManifestEdits(
            project=self.opened.project(self.name).spec,
            environment=self.name,
            field=field,
            data=file.data,
            changes=file.changes,
            pinned=bool(self.environment.chart.revision),
        )
        for placed in edits.placed():
            if placed.reason:
                self.add(file.path, placed.edit, placed.reason, placed.hint)
            elif placed.values:
                for item in placed.values:
                    self.expect(file.path, _inline_values, item)
                    self.fold_value(file.path, item)
                self.tell("", placed.values)
            else:
                self.expect(file.path, lambda data: data, placed.edit)
                self.put(file.path, placed)
                self.tell(f"{field} ", [placed.edit])

    def expect(self, path: str, read: Callable[[Any], Any], item: KeyDifference) -> None:
        """Record the edit; report one that conflicts with inputs changed since the file was generated."""
        self.expected.append((path, read, item))
        there, value = value_at(read(load(self.now.get(path, ""), path) or {}), item.path)
        if not _is(there, value, item.was, item.old) and not _is(there, value, item.now, item.new):
            present = inline(value, Style(), flow=False) if there else "not set"
            self.add(path, item, f"was edited by hand, but the inputs also changed (now {present})", "keep one of them")

    def tell(self, what: str, items: Any) -> None:
        self.summary += [f"{what}{described(item)}" for item in items]

    def fold_value(self, file: str, item: KeyDifference) -> None:
        setters = [layer for layer in self.environment.layers if value_at(layer.values, item.path)[0]]
        strongest = setters[-1] if setters else None
        if strongest is not None and strongest.name == "inject":
            self.add(file, item, f"comes from `inject` in {strongest.file}", "change it there")
        elif item.now:
            path = release_path(self.name) if strongest and strongest.name == "release" else self.own_file
            self.texts[path] = set_value(self.text(path), ("values", *item.path), item.new, path)
        elif shared := [layer for layer in setters if layer.file not in (self.own_file, release_path(self.name))]:
            message = f"was removed, but {shared[-1].name} ({shared[-1].file}) sets it"
            self.add(file, item, message, "remove it there, or write null")
        else:
            for layer in setters:
                path = layer.file
                self.remove(path, ("values", *item.path))

    def put(self, file: str, placed: Placed) -> None:
        if placed.path[0] == "argocd":
            self.overrides.append((file, placed))
            return
        path = release_path(self.name) if placed.released else self.own_file
        self.texts[path] = set_value(self.text(path), placed.path, placed.value, path)

    def override(self, file: str, placed: Placed) -> None:
        """Merge over the manifest the edits that no typed field has produced."""
        if self.comes_out(file, placed.edit):
            return
        path = self.own_file
        if placed.remove and value_at(load(self.text(path), path) or {}, placed.path)[0]:
            self.remove(path, placed.path)
            if self.comes_out(file, placed.edit):
                return
        self.texts[path] = set_value(self.text(path), placed.path, placed.value, path)

    def comes_out(self, file: str, edit: KeyDifference) -> bool:
        return _is(*value_at(self.output(file), edit.path), edit.now, edit.new)

    def output(self, file: str) -> Any:
        return load(self.outputs().get(file, ""), file) or {}

    def outputs(self) -> dict[str, str]:
        return generated(self.opened, self.name, {**inputs(self.opened, self.name), **self.texts})

    def remove(self, path: str, keys: KeyPath) -> None:
        self.texts[path] = removed_with_parents(self.text(path), keys, path)

    def prove(self) -> None:
        """Generate from the new inputs: an edit that they do not generate would be lost."""
        files = self.outputs()
        for path, read, item in self.expected:
            there, value = value_at(read(load(files.get(path, ""), path) or {}), item.path)
            if not _is(there, value, item.now, item.new):
                hint = f"change the inputs by hand; `gitops-gen generate {self.name} --overwrite` discards the edit"
                self.add(path, item, "cannot be adopted: no input sets it", hint)

    def text(self, path: str) -> str:
        if path in self.texts:
            return self.texts[path]
        text = text_if_any(self.opened.inputs, path)
        return NEW_RELEASE if text is None and path.endswith(RELEASE_FILE) else text or ""

    def add(self, file: str, item: KeyDifference, message: str, hint: str) -> None:
        self.problems.append(Problem(file=file, key=dotted(item.path), message=message, hint=hint))


def _inline_values(manifest: Any) -> Any:
    return load(str(value_at(manifest, ("spec", "source", "helm", "values"))[1] or ""), "values") or {}


def _is(there: bool, value: Any, wanted: bool, new: Any) -> bool:  # noqa: FBT001 - a value and whether it is set
    return (there, wanted) == (False, False) or (there and wanted and same(value, new))

"""The places of the hand-written files that set values, with their texts as a change makes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_gen.models.layout import (
    ENVIRONMENT_FILE,
    PROJECT_FILE,
    RELEASE_FILE,
    environment_path,
    project_folder,
    release_path,
    short_name,
)
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.layers import Values, merge
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import text_if_any
from gitops_gen.project.sources import stage_index
from gitops_gen.yaml.editing.document import delete, set_value
from gitops_gen.yaml.editing.transplant import Cutting, copied, cut, pasted
from gitops_gen.yaml.key_paths import KeyPath, value_at
from gitops_gen.yaml.reader import load

NEW_RELEASE = "apiVersion: gitops-gen/v1\nkind: Release\n"
NEW_ENVIRONMENT = "apiVersion: gitops-gen/v1\nkind: Environment\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueSource:
    """A map of values in a file: what users call it, the file, and the path of the map in it."""

    name: str
    file: str
    prefix: KeyPath


def release_place(environment: str) -> ValueSource:
    """What an environment releases."""
    return ValueSource(name="release", file=release_path(environment), prefix=("values",))


def own_place(environment: str) -> ValueSource:
    """What stays with an environment."""
    return ValueSource(name="environment", file=environment_path(environment), prefix=("values",))


class ValueSources:
    """The values in all places of a project; edits change only the texts in memory."""

    def __init__(self, opened: OpenProject) -> None:
        self._opened = opened
        self._projects = opened.projects()
        #: what the edits made of the files
        self.texts: dict[str, str] = {}
        self._parsed: dict[str, Any] = {}
        #: what the files of resolved environments set, which need not be read again
        self._resolved: dict[ValueSource, Values] = {}

    def know(self, environment: ResolvedEnvironment) -> None:
        """Take over what was read for an environment."""
        layers = {(layer.file, layer.prefix): layer.values for layer in environment.layers}
        for place in (own_place(environment.name), release_place(environment.name)):
            self._resolved[place] = layers.get((place.file, place.prefix), {})

    def shared(self, stage: str = "", project: str = "") -> ValueSource | None:
        """The defaults of a stage, or of all environments, in the gitops.yaml of a folder; None where that does not
        have the stage.
        """
        file = project + PROJECT_FILE
        return next((place for place in self._defaults(stage, project) if place.file == file), None)

    def _defaults(self, stage: str, project: str) -> Iterator[ValueSource]:
        read = self._projects.at(project)
        for item in read.documents if read else ():
            if not stage:
                yield ValueSource(name="defaults", file=item.file, prefix=("defaults", "values"))
            elif (index := stage_index(item.data, stage)) is not None:
                prefix = ("stages", index, "defaults", "values")
                yield ValueSource(name=f"stage {stage}", file=item.file, prefix=prefix)

    def of(self, environment: ResolvedEnvironment) -> Iterator[ValueSource]:
        """The places that an environment's values come from, the weakest first; injected ones are in none of them."""
        cluster, project = environment.cluster, project_folder(environment.name)
        yield from self._defaults("", project)
        for file in environment.files:
            if file.endswith(PROJECT_FILE):
                prefix = ("clusters", cluster, "defaults", "values")
                yield ValueSource(name=f"cluster {cluster}", file=file, prefix=prefix)
        if environment.stage:
            yield from self._defaults(environment.stage, project)
        if project:
            yield own_place(short_name(environment.name))
        yield own_place(environment.name)
        yield release_place(environment.name)

    def text(self, file: str) -> str:
        """The new text of a file; a missing release.yaml is an empty one."""
        if file not in self.texts:
            text = text_if_any(self._opened.inputs, file)
            return _new(file) if text is None else text
        return self.texts[file]

    def values(self, place: ValueSource) -> Values:
        """What a place sets."""
        if place in self._resolved and place.file not in self.texts:
            return self._resolved[place]
        text = self.text(place.file)
        if text not in self._parsed:
            self._parsed[text] = load(text, place.file) or {}
        found = value_at(self._parsed[text], place.prefix)[1]
        return found if isinstance(found, dict) else {}

    def sets(self, place: ValueSource, path: KeyPath) -> bool:
        """Whether a place sets a key."""
        return value_at(self.values(place), path)[0]

    def merged(self, environment: ResolvedEnvironment, upto: ValueSource | None = None) -> Values:
        """An environment's overrides; with `upto`, what that place and the weaker ones set."""
        merged: Values = {}
        for place in self.of(environment):
            merged = merge(merged, self.values(place))
            if place == upto:
                return merged
        injected = next((layer.values for layer in environment.layers if layer.name == "inject"), {})
        return merge(merged, injected)

    def set(self, place: ValueSource, path: KeyPath, value: Any) -> None:
        """Set one key. Raises `EditError` where that cannot be written."""
        self.texts[place.file] = set_value(self.text(place.file), (*place.prefix, *path), value, place.file)

    def remove(self, place: ValueSource, path: KeyPath) -> None:
        """Remove one key, and the maps that are left empty. Raises `EditError` where that cannot be written."""
        text = self.text(place.file)
        self.texts[place.file] = removed_with_parents(text, (*place.prefix, *path), place.file, len(place.prefix))

    def copy(self, place: ValueSource, path: KeyPath) -> Cutting:
        """One key with its comments."""
        return copied(self.text(place.file), (*place.prefix, *path), place.file)

    def cut(self, place: ValueSource, path: KeyPath) -> Cutting:
        """Take one key out, with its comments."""
        text, cutting = cut(self.text(place.file), (*place.prefix, *path), place.file, len(place.prefix))
        self.texts[place.file] = text
        return cutting

    def paste(self, place: ValueSource, path: KeyPath, cutting: Cutting) -> None:
        """Put a key in that was taken out elsewhere."""
        self.texts[place.file] = pasted(self.text(place.file), (*place.prefix, *path), cutting, place.file)


def _new(file: str) -> str:
    """How a missing file begins: an environment of a workspace may have no environment.yaml."""
    if file.endswith(RELEASE_FILE):
        return NEW_RELEASE
    return NEW_ENVIRONMENT if file.endswith(ENVIRONMENT_FILE) else ""


def removed_with_parents(text: str, path: KeyPath, file: str, keep: int = 1) -> str:
    """`text` without the key, and without the maps above it that would be empty then; the first `keep` steps stay."""
    data = load(text, file)
    while len(path) > keep + 1 and isinstance(path[-1], str):
        there, parent = value_at(data, path[:-1])
        if not there or not isinstance(parent, dict) or set(parent) != {path[-1]}:
            break
        path = path[:-1]
    return delete(text, path, file)

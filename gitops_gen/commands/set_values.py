"""`set`: change values in the hand-written file that they belong to, for one environment, a stage or all of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gitops_gen.changes.change import Delivery, Draft, Outcome, change
from gitops_gen.changes.values.assignments import Assignment, Form, mismatch, valued
from gitops_gen.changes.values.lists import agreed, copy_note, list_path, require_way, with_item
from gitops_gen.changes.values.moving import Moving
from gitops_gen.changes.values.places import ValueSource, release_place
from gitops_gen.changes.values.targets import InputFile, Selection, target_of
from gitops_gen.changes.values.typos import unknown_key
from gitops_gen.changes.values.value_changes import value_lines
from gitops_gen.changes.values.view import View
from gitops_gen.errors import UsageError
from gitops_gen.git.commits import Message
from gitops_gen.helm.credential_keys import HINT, credentials
from gitops_gen.helm.version_keys import is_released
from gitops_gen.models.layout import ENVIRONMENT_FILE, RELEASE_FILE
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject
from gitops_gen.yaml.editing.data import removed
from gitops_gen.yaml.editing.style import Style, inline
from gitops_gen.yaml.key_paths import KeyPath, leaves, typed_key, value_at

__all__ = ["InputFile", "Selection", "set_values"]

SUBJECT_LENGTH = 50
"""Longer values are left out of a commit's subject."""


def set_values(
    opened: OpenProject,
    target: Selection,
    assignments: Sequence[Assignment],
    delivery: Delivery,
    layer: InputFile | None = None,
) -> Outcome:
    """Set, remove or move each key in the file that it belongs to, and regenerate.

    A key that a release sets, and an image's tag or digest, belongs to the release; all else stays with the
    environment. What is set already is changed where it is; `layer` moves it. For a stage or all environments, what is
    no release goes into gitops.yaml's defaults once, unless `layer` says otherwise. Raises `UsageError` for a key or
    value that cannot be, and as `change` does.
    """
    return change(opened, delivery, lambda here: _Setting(View(here, target), layer).draft(assignments))


class _Setting:
    """One run of `set`."""

    def __init__(self, view: View, layer: InputFile | None) -> None:
        self.view, self.layer = view, layer
        self.target, self.environments, self.places = view.target, view.environments, view.places
        self.released: dict[KeyPath, bool] = {}
        self.warnings: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        self.subjects: list[str] = []

    def draft(self, assignments: Sequence[Assignment]) -> Draft:
        for assignment in _in_order(assignments):
            self.apply(assignment)
        changes = tuple(self.view.changes())
        names = tuple(environment.name for environment in self.environments)
        return Draft(
            files=self.places.texts,
            environments=names,
            message=Message(
                subject=self.subject(),
                details=tuple(self.subjects) if len(self.subjects) > 1 else (),
                environments=names,
                change="set",
            ),
            summary=tuple(value_lines(changes)),
            warnings=tuple(self.warnings),
            notes=tuple(self.notes),
            values=changes,
        )

    def subject(self) -> str:
        if len(self.subjects) == 1:
            return f"{self.subjects[0]} in {self.target.described}"
        return f"Set {len(self.subjects)} values in {self.target.described}"

    def apply(self, assignment: Assignment) -> None:
        match assignment.form:
            case Form.REMOVED:
                self.subjects.append(f"Remove {assignment.key}")
                self.remove(assignment.path)
            case Form.MOVED:
                layer = self.wanted(assignment)
                self.subjects.append(f"Move {assignment.key} to {layer.value}")
                Moving(self.view, layer).move(assignment.path)
            case _:
                value = valued(assignment, self.view.known(self.environments[0]))
                self.subjects.append(_subject(assignment.key, assignment.path, value))
                for path, part in self.parts(assignment.path, value):
                    self.put(path, part)

    def wanted(self, assignment: Assignment) -> InputFile:
        if self.layer is None:
            typed = f"set {self.target.option} --move {assignment.key}"
            raise UsageError(
                "`--move` needs `--release` or `--environment`",
                f"`{typed} --release` moves it into {RELEASE_FILE}, `{typed} --environment` into {ENVIRONMENT_FILE}",
            )
        return self.layer

    def parts(self, path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Any]]:
        """A map is set as a whole, unless its keys belong to different files."""
        if isinstance(value, dict) and value and self.layer is None:
            inner = [(*path, *rest) for rest in leaves(value)]
            places = {self.chosen(environment, at) for environment in self.environments for at in (path, *inner)}
            if len(places) > 1:
                yield from ((at, value_at(value, at[len(path) :])[1]) for at in inner)
                return
        yield path, value

    def put(self, path: KeyPath, value: Any) -> None:
        for environment in self.environments:
            self.look_at(environment, path, value)
        for place, environments in self.targets(path):
            for environment in environments:
                self.note_not_promoted(environment, list_path(path))
            self.write(place, environments, path, value)
            for environment in environments:
                self.view.edited(path, environment, place)

    def look_at(self, environment: ResolvedEnvironment, path: KeyPath, value: Any) -> None:
        """What is suspicious about a key or value."""
        known = self.view.known(environment)
        found = (unknown_key(path, known), mismatch(path, value, known))
        self.warnings |= dict.fromkeys(warning for warning in found if warning)
        for secret in credentials(value, path):
            self.warnings[f"{typed_key(secret)} looks like a credential in plain text, which git keeps; {HINT}"] = None

    def targets(self, path: KeyPath) -> Iterator[tuple[ValueSource, list[ResolvedEnvironment]]]:
        """The places that a key is written to, each with the environments that it is for."""
        layers = {environment.name: self.chosen(environment, path) for environment in self.environments}
        shared = not self.target.environment and self.layer is None
        place = self.places.shared(self.target.stage, self.target.project) if shared else None
        if place and set(layers.values()) == {InputFile.ENVIRONMENT}:
            self.warn_of_stronger(path, place)
            yield place, self.environments
            return
        for environment in self.environments:
            yield layers[environment.name].place(environment.name), [environment]

    def warn_of_stronger(self, path: KeyPath, place: ValueSource) -> None:
        """Name the environments in which a stronger place sets the key, so that this one changes nothing there."""
        for environment in self.environments:
            order = list(self.places.of(environment))
            for stronger in order[order.index(place) + 1 :]:
                if self.places.sets(stronger, path):
                    where = f"({stronger.name}, {stronger.file})"
                    self.warnings[f"{environment.name} keeps its own {typed_key(path)} {where}"] = None

    def write(self, place: ValueSource, environments: list[ResolvedEnvironment], path: KeyPath, value: Any) -> None:
        base = list_path(path)
        if self.layer is not None:
            Moving(self.view, self.layer).bring(environments[0], base)
        for environment in environments:
            require_way(self.view.visible(environment, place), path)
        if base == path or isinstance(value_at(self.places.values(place), base)[1], list):
            self.places.set(place, path, value)
        else:
            items = self.seen_list(place, environments, base)
            self.places.set(place, base, with_item(items, path[len(base) :], value))
            self.note_copy(items, base, place)

    def seen_list(self, place: ValueSource, environments: Iterable[ResolvedEnvironment], base: KeyPath) -> Any:
        seen = [(item.name, value_at(self.view.visible(item, place), base)[1]) for item in environments]
        return agreed(seen, base)

    def note_copy(self, items: Any, base: KeyPath, place: ValueSource) -> None:
        if items:
            self.notes[copy_note(items, base, place.file)] = None

    def chosen(self, environment: ResolvedEnvironment, path: KeyPath) -> InputFile:
        """The file that a key belongs to: the one that sets it now, else what the key is."""
        base = list_path(path)
        if self.layer is not None or self.places.sets(release_place(environment.name), base):
            return self.layer or InputFile.RELEASE
        if not (self.is_released(environment, path) or self.in_some_release(base)):
            return InputFile.ENVIRONMENT
        return InputFile.RELEASE if self.holder(environment, base) is None else InputFile.ENVIRONMENT

    def holder(self, environment: ResolvedEnvironment, path: KeyPath) -> ValueSource | None:
        """The weakest place that sets a key."""
        return next((place for place in self.places.of(environment) if self.places.sets(place, path)), None)

    def is_released(self, environment: ResolvedEnvironment, path: KeyPath) -> bool:
        """Whether a key is what changes with a release; a map of an image's settings is not, its tag is."""
        default = value_at(self.view.chart_values(environment), path)[1]
        return is_released(path) and not isinstance(default, dict)

    def in_some_release(self, path: KeyPath) -> bool:
        """Whether a release sets a key: one that one environment's sets is a released one everywhere."""
        if path not in self.released:
            releases = map(release_place, self.view.opened.names())
            self.released[path] = any(self.places.sets(place, path) for place in releases)
        return self.released[path]

    def note_not_promoted(self, environment: ResolvedEnvironment, path: KeyPath) -> None:
        """Note a key that could be released, but is set in a place that is not promoted."""
        holder = self.holder(environment, path)
        if holder is None or holder.name == "release" or self.layer is not None:
            return
        if not (self.is_released(environment, path) or self.in_some_release(path)):
            return
        key, target = typed_key(path), target_of(holder, environment)
        typed = f"`gitops-gen set {target} --move {key} --release`" if target else f"move it in {holder.file}"
        note = f"{key} is not promoted, because {holder.name} ({holder.file}) sets it; to release it: {typed}"
        self.notes[note] = None

    def remove(self, path: KeyPath) -> None:
        everywhere = not self.target.environment and self.layer is None
        shared = self.places.shared(self.target.stage, self.target.project) if everywhere else None
        if shared and self.remove_from(shared, self.environments, path):
            self.warn_of_stronger(path, shared)
            return
        found = [self.remove_from(place, environments, path) for place, environments in self.holders()]
        if not any(found) and not self.remove_item(path):
            raise self.view.nothing_set(path, "--unset", self.layer.value if self.layer else "")

    def holders(self) -> list[tuple[ValueSource, list[ResolvedEnvironment]]]:
        """The places that a key is removed from: the environments' own files; for all, every default there is."""
        if self.layer is not None:
            return [(self.layer.place(item.name), [item]) for item in self.environments]
        if self.target.environment or self.target.stage:
            return [(layer.place(item.name), [item]) for item in self.environments for layer in InputFile]
        holders: dict[ValueSource, list[ResolvedEnvironment]] = {}
        for item in self.environments:
            for place in self.places.of(item):
                holders.setdefault(place, []).append(item)
        return list(holders.items())

    def remove_from(self, place: ValueSource, environments: list[ResolvedEnvironment], path: KeyPath) -> bool:
        if not self.places.sets(place, path):
            return False
        self.places.remove(place, path)
        for environment in environments:
            self.view.edited(list_path(path), environment, place)
        return True

    def remove_item(self, path: KeyPath) -> bool:
        """Remove an item of a list that a weaker layer or the chart sets: from a copy of it."""
        base = list_path(path)
        if base == path:
            return False
        for place, environments in list(self.targets(base)):
            for environment in environments:
                require_way(self.view.visible(environment, place), path, removing=True)
            items = self.seen_list(place, environments, base)
            if not value_at(items, path[len(base) :])[0]:
                return False
            self.places.set(place, base, removed(items, path[len(base) :]))
            self.note_copy(items, base, place)
            for environment in environments:
                self.view.edited(base, environment, place)
        return True


def _in_order(assignments: Sequence[Assignment]) -> list[Assignment]:
    """Items are removed from the end of their list, so that no index means another item than was meant."""
    removed = [item for item in assignments if item.form is Form.REMOVED]
    removed.sort(key=lambda item: [(isinstance(step, int), step) for step in item.path], reverse=True)
    return [item for item in assignments if item.form is not Form.REMOVED] + removed


def _subject(key: str, path: KeyPath, value: Any) -> str:
    """What a commit says: never a credential, which every reader of the history would see."""
    if any(credentials(value, path)):
        return f"Set {key}"
    shown = inline(value, Style(), flow=False)
    return f"Set {key} to {shown}" if len(shown) <= SUBJECT_LENGTH else f"Set {key}"

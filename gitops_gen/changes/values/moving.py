"""Moving a key between an environment's release.yaml and environment.yaml, with its value and comments."""

from gitops_gen.changes.values.lists import list_path
from gitops_gen.changes.values.places import ValueSource
from gitops_gen.changes.values.targets import InputFile
from gitops_gen.changes.values.view import View
from gitops_gen.errors import UsageError
from gitops_gen.models.layout import PROJECT_FILE
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.yaml.editing.transplant import Cutting
from gitops_gen.yaml.key_paths import KeyPath, typed_key


class Moving:
    """Moves keys of the environments in a view into one of their two files."""

    def __init__(self, view: View, layer: InputFile) -> None:
        self.view, self.layer = view, layer
        self.places = view.places

    def move(self, path: KeyPath) -> None:
        """Move one key. Raises `UsageError` when no file of any environment sets it."""
        if list_path(path) != path:
            hint = f"move the list: `--move {typed_key(list_path(path))}`"
            raise UsageError(f"`{typed_key(path)}` is an item of a list, which stays in one file", hint)
        shared = {} if self.view.target.environment else self.shared(path)
        moved = [self.move_in(environment, path, shared) for environment in self.view.environments]
        if not any(moved):
            raise self.view.nothing_set(path, f"{self.layer.option} --move")
        for place in {place.prefix: place for place, _ in shared.values()}.values():
            if self.places.sets(place, path):
                self.places.cut(place, path)

    def bring(self, environment: ResolvedEnvironment, path: KeyPath) -> bool:
        """Take a key over from the environment's other file; whether it was there."""
        source, place = self.layer.other.place(environment.name), self.layer.place(environment.name)
        if not self.places.sets(source, path):
            return False
        self.places.paste(place, path, self.places.cut(source, path))
        return True

    def move_in(
        self, environment: ResolvedEnvironment, path: KeyPath, shared: dict[str, tuple[ValueSource, Cutting]]
    ) -> bool:
        """Move a key of one environment; whether it is in the file now."""
        place, moved_from = self.layer.place(environment.name), ""
        there = self.places.sets(place, path)
        if self.bring(environment, path):
            moved_from = self.layer.other.place(environment.name).file
        elif environment.name in shared and not there:
            source, cutting = shared[environment.name]
            self.places.paste(place, path, cutting)
            moved_from = source.file
        if there or moved_from:
            self.view.edited(path, environment, place, moved_from)
        return there or bool(moved_from)

    def shared(self, path: KeyPath) -> dict[str, tuple[ValueSource, Cutting]]:
        """What gitops.yaml sets at a key for each environment: in the stage's defaults, or for all, in any."""
        stage = self.view.target.stage
        found: dict[str, tuple[ValueSource, Cutting]] = {}
        for environment in self.view.environments:
            for place in self.places.of(environment):
                mine = place == self.places.shared(stage, self.view.target.project) or not stage
                if mine and place.file.endswith(PROJECT_FILE) and self.places.sets(place, path):
                    found[environment.name] = (place, self.places.copy(place, path))
        return found

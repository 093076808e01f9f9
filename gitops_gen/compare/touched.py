"""The environments that a branch touches: by anything that their validation depends on."""

from functools import cache, partial

from gitops_gen.compare.sides import Side
from gitops_gen.errors import GitopsError
from gitops_gen.models.layout import ARGOCD_FOLDER, environment_folder, generated_paths, input_places


class TouchedEnvironments:
    """Compares two states of a project without rendering."""

    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new = old, new
        self._ids = [side.ids([*input_places(side.projects.folders), ARGOCD_FOLDER]) for side in (old, new)]
        self._same_file = cache(partial(_is_same, old, new))
        #: in name order
        self.names = [name for name in self._here if self._is_touched(name)]

    @property
    def _here(self) -> list[str]:
        return sorted(set(self._new.inputs) - set(self._new.absent.environments))

    @property
    def are_all(self) -> bool:
        """Whether no environment is left that is as it was; or one has gone, whose generated files may be left."""
        return self.names == self._here or bool(self._old.inputs.keys() - self._new.inputs.keys())

    def _is_touched(self, name: str) -> bool:
        own = [{path: ids[path] for path in ids if _belongs(path, name)} for ids in self._ids]
        if own[0] != own[1]:
            return True
        try:
            before, after = self._old.resolve(name), self._new.resolve(name)
        except GitopsError:
            return True
        maybe = (after.chart.own_folder, after.project_file)
        paths = [*after.schema_files, *after.policy_files, *filter(None, maybe)]
        return before != after or not all(self._same_file(path) for path in paths)


def _belongs(path: str, name: str) -> bool:
    return path.startswith(f"{environment_folder(name)}/") or path in generated_paths(name)


def _is_same(old: Side, new: Side, path: str) -> bool:
    """Whether a file, or all in a folder, is as it was."""
    return old.ids([path]) == new.ids([path])

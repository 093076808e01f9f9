"""The paths of the hand-written files, and reading them: project first, then one environment at a time.

Nothing here stops at the first mistake: each reader gives back what it could read and every problem it met.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.git.paths import PathError, Root
from gitops_gen.models.layout import (
    ENVIRONMENTS,
    HAND_WRITTEN,
    PROJECT_FILE,
    environment_folder,
    environment_path,
    hand_written,
    is_environment_name,
    release_path,
    short_name,
)
from gitops_gen.models.models import Environment, Project, Release
from gitops_gen.models.validation import validate
from gitops_gen.project.inputs import Inputs
from gitops_gen.yaml.reader import SIZE_LIMIT, load, too_large

ModelT = TypeVar("ModelT", bound=BaseModel)


class MissingFileError(ProblemsError):
    """There is no such file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InputDocument:
    """One hand-written file: its path, its data and its text, as `read_text` gives it."""

    file: str
    data: dict[str, Any]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ProjectFile:
    """The project as read: where from, its typed form, and the files that say it, the weakest first: its own, in a
    workspace below it that of the workspace. `folder` is empty or ends in `/`. Each is equal to itself only.
    """

    inputs: Inputs
    spec: Project
    documents: tuple[InputDocument, ...]
    folder: str = ""

    @property
    def file(self) -> str:
        """Its own file."""
        return self.documents[-1].file


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFiles:
    """One environment as read: what stays with it (the workspace's file for all environments of that name before its
    own one) and its release, each empty when there is none.
    """

    name: str
    stays: tuple[InputDocument, ...]
    stage: str | None
    release: Release | None
    release_data: dict[str, Any]

    @property
    def files(self) -> tuple[str, ...]:
        """The hand-written files, the strongest last."""
        return (*(item.file for item in self.stays), *([release_path(self.name)] if self.release else []))

    @property
    def file(self) -> str:
        """The file for what stays with the environment."""
        return self.stays[-1].file if self.stays else environment_path(self.name)


def find_project(start: Path) -> Path:
    """The folder of the project that `start` is in: the nearest one upwards with a gitops.yaml; for a project of a
    workspace that of the workspace.

    Raises `GitopsError` when there is none.
    """
    if ".." in start.parts:
        # The parents of `here/../other` by name are those of `here`, where another project may be.
        start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            above = (parent for parent in folder.parents if (parent / PROJECT_FILE).is_file())
            return next((parent for parent in above if holds(parent, folder)), folder)
    raise GitopsError(
        f"no {PROJECT_FILE} in {start} or above it",
        "start a project with `gitops-gen init DIR`, or choose one with `-C DIR`",
    )


def focus(start: Path, top: Path) -> str:
    """The folder of the workspace's project that `start` is in, from the workspace's: empty or ending in `/`."""
    start = start.resolve() if ".." in start.parts else start
    nearest = next((folder for folder in (start, *start.parents) if (folder / PROJECT_FILE).is_file()), top)
    return "" if nearest == top else f"{nearest.relative_to(top).as_posix()}/"


def holds(top: Path, project: Path) -> bool:
    """Whether the gitops.yaml in `top` is that of a workspace whose projects are in folders such as `project`."""
    with suppress(GitopsError):
        data = parsed(read_text(Root(top), PROJECT_FILE), None)[0]
        inside = project.relative_to(top).as_posix()
        patterns = data.get("projects") if data.get("kind") == "Workspace" else None
        depth = inside.count("/")
        return any(fnmatchcase(inside, str(item)) and str(item).count("/") == depth for item in patterns or ())
    return False


def environment_names(inputs: Inputs, folder: str = "") -> tuple[list[str], list[Problem]]:
    """The environments of the project in a folder in name order (a folder with an environment.yaml or a release.yaml
    is one), and folders that cannot be one.
    """
    place = folder + ENVIRONMENTS
    try:
        found = {folder + name: files for name, files in inputs.folders(place).items()}
    except PathError as error:
        return [], list(error.problems)
    except FileNotFoundError:
        return [], []
    except OSError:
        return [], [
            Problem(
                file=place,
                message="is not a folder",
                hint="replace it with a folder that has one folder for each environment",
            )
        ]
    names = sorted(name for name, files in found.items() if not {*HAND_WRITTEN}.isdisjoint(files))
    wrong = [name for name, files in found.items() if not files and _wrong_path(inputs, environment_folder(name))]
    misnamed = [problem for name in sorted(found) for problem in _misnamed(name, found[name])]
    return names, [*_name_problems(inputs, [*names, *wrong]), *misnamed]


def is_environment(inputs: Inputs, name: str) -> bool:
    """Whether there is an environment of that name (a DNS label), asked without looking at the others."""
    try:
        return any(inputs.is_file(path) for path in hand_written(name))
    except PathError:
        return False


def _misnamed(environment: str, files: list[str]) -> Iterator[Problem]:
    """A file that nothing would read, though its name says that it was meant to be read."""
    for name in sorted(files):
        stem, _, extension = name.rpartition(".")
        if name in HAND_WRITTEN or extension not in ("yaml", "yml"):
            continue
        if meant := _meant(stem):
            hint = f"rename it to `{meant}.yaml`"
            yield Problem(
                file=f"{environment_folder(environment)}/{name}", message="is not read by anything", hint=hint
            )


@cache
def _meant(stem: str) -> str:
    """What a file name is a slip of; asked for the same few names in every environment."""
    return next(iter(get_close_matches(stem, ("environment", "release"), 1, 0.8)), "")


def _name_problems(inputs: Inputs, names: list[str]) -> Iterator[Problem]:
    for name in names:
        path = environment_folder(name)
        if not is_environment_name(name):
            yield Problem(
                file=path,
                message=f"`{short_name(name)}` cannot name an environment: it must be a DNS label",
                hint="use at most 63 lowercase letters, digits and `-`",
            )
        if inputs.link(path) is not None:
            yield from _wrong_path(inputs, path) or [_twin(inputs, path)]


def _twin(inputs: Inputs, path: str) -> Problem:
    """Two names of one folder: each environment would overwrite the generated values of the other."""
    target = inputs.resolved(path)
    return Problem(
        file=path,
        message=f"is a symlink to {target}: their generated values.yaml would be one file",
        hint="make it a folder; the hand-written files in it may be symlinks",
    )


def read_environment(
    inputs: Inputs, name: str, shared_file: Callable[[str], "ReadFile[Environment]"]
) -> tuple[EnvironmentFiles | None, list[Problem]]:
    """The hand-written files of one environment, and what is wrong with them: a bad release.yaml is as if left out.

    In a workspace, environment.yaml may be the one of the workspace, the one of the project, or both: `shared_file`
    reads the former, which many environments have (`read_shared`).
    """
    own, shared = environment_path(name), environment_path(short_name(name))
    read = [(own, _read(inputs, own, Environment, required=own == shared))]
    if own != shared:
        read.insert(0, (shared, shared_file(shared)))
    release = _read(inputs, release_path(name), Release)
    problems = [*(problem for _, found in read for problem in found.problems), *release.problems]
    if any(found.problems and found.spec is None for _, found in read):
        return None, problems
    files = EnvironmentFiles(
        name=name,
        stays=tuple(InputDocument(file=file, data=item.data, text=item.text) for file, item in read if item.spec),
        stage=next((item.spec.stage for _, item in reversed(read) if item.spec and item.spec.stage), None),
        release=release.spec,
        release_data=release.data,
    )
    return files, problems


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFile(Generic[ModelT]):
    """A file's text, its data, its typed form and what is wrong with it; nothing of a missing file."""

    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    spec: ModelT | None = None
    problems: tuple[Problem, ...] = ()


def _read(inputs: Inputs, path: str, model: type[ModelT], *, required: bool = False) -> ReadFile[ModelT]:
    try:
        text = read_text(inputs, path)
    except ProblemsError as error:
        is_nothing = isinstance(error, MissingFileError) and not required
        return ReadFile(problems=() if is_nothing else error.problems)
    data, spec, problems = parsed(text, model)
    return ReadFile(text=text, data=data, spec=spec, problems=tuple(item.at(path, item.line) for item in problems))


def read_shared(inputs: Inputs, path: str) -> ReadFile[Environment]:
    """A workspace's file for all environments of one name; nothing of a missing one."""
    return _read(inputs, path, Environment)


def decoded(content: bytes, path: str) -> str:
    """The text of a file's content. Raises `ProblemsError` when it is not UTF-8."""
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problem = Problem(file=path, line=line, message="is not UTF-8 text", hint="save it as UTF-8")
        raise ProblemsError([problem]) from None


@lru_cache(maxsize=256)
def parsed(text: str, model: type[ModelT] | None) -> tuple[dict[str, Any], ModelT | None, tuple[Problem, ...]]:
    """A text's data, its typed form (with a model) and what is wrong with it: once for all files that are alike,
    because many environments share their release.
    """
    try:
        data = load(text, "", empty_values=False)
    except ProblemsError as error:
        return {}, None, error.problems
    if not isinstance(data, dict):
        message, hint = "must be a map with apiVersion and kind", "see `gitops-gen schema`"
        return {}, None, (Problem(line=1, message=message, hint=hint),)
    spec, problems = validate(model, data, "", lambda: text) if model else (None, [])
    return data, spec, tuple(problems)


def read_text(inputs: Inputs, path: str) -> str:
    """The text of an input file. Raises `ProblemsError` when it is missing, is no file, is not UTF-8, is too large or
    is outside of the project.
    """
    try:
        content = inputs.read(path, SIZE_LIMIT + 1)
        if len(content) > SIZE_LIMIT:
            raise ProblemsError([too_large(path)])
        return decoded(content, path)
    except FileNotFoundError:
        raise _missing(inputs, path) from None
    except OSError as error:
        raise ProblemsError([Problem(file=path, message=f"cannot be read: {error.strerror}")]) from None


def text_if_any(inputs: Inputs, path: str) -> str | None:
    """The text of an input file with its line ends, for an edit; None when there is no such file. Raises
    `ProblemsError`.
    """
    try:
        return inputs.read(path).decode() if inputs.is_file(path) else None
    except UnicodeDecodeError:
        raise ProblemsError([Problem(file=path, message="is not UTF-8 text", hint="save it as UTF-8")]) from None


def _missing(inputs: Inputs, path: str) -> ProblemsError:
    if (target := inputs.link(path)) is not None:
        message = f"is a symlink to nothing ({target})"
        return ProblemsError([Problem(file=path, message=message, hint="fix the symlink, or remove it")])
    hint = "create it; `gitops-gen schema` has its format"
    return MissingFileError([Problem(file=path, message="is missing", hint=hint)])


def _wrong_path(inputs: Inputs, path: str) -> list[Problem]:
    """A symlink that leaves the project would make the result depend on something that git does not hold."""
    try:
        inputs.resolved(path)
    except PathError as error:
        return list(error.problems)
    return []

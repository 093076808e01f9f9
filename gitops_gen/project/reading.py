"""The paths of the hand-written files, and reading them: project first, then one environment at a time.

Nothing here stops at the first mistake: each reader gives back what it could read and every problem it met.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.git.paths import PathError
from gitops_gen.models.layout import (
    ENVIRONMENT_FILE,
    ENVIRONMENTS,
    HAND_WRITTEN,
    PROJECT_FILE,
    RELEASE_FILE,
    hand_written,
)
from gitops_gen.models.models import Environment, Project, Release
from gitops_gen.models.validation import validate
from gitops_gen.names import is_dns_label
from gitops_gen.project.inputs import Inputs
from gitops_gen.yaml.reader import SIZE_LIMIT, load, too_large

ModelT = TypeVar("ModelT", bound=BaseModel)


class MissingFileError(ProblemsError):
    """There is no such file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFile:
    """The project as read: where from, its typed form and the same as plain data (for merging and for provenance)."""

    inputs: Inputs
    spec: Project
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFiles:
    """One environment as read; `release_data` is empty when there is no release.yaml. `texts` are those of the
    hand-written files, as `read_text` gives them.
    """

    name: str
    spec: Environment
    data: dict[str, Any]
    release: Release | None
    release_data: dict[str, Any]
    texts: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The hand-written files, relative to the project's folder."""
        folder = f"{ENVIRONMENTS}/{self.name}/"
        return (folder + ENVIRONMENT_FILE, *([folder + RELEASE_FILE] if self.release else []))


def find_project(start: Path) -> Path:
    """The folder of the project that `start` is in: the nearest one upwards with a gitops.yaml.

    Raises `GitopsError` when there is none.
    """
    if ".." in start.parts:
        # The parents of `here/../other` by name are those of `here`, where another project may be.
        start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise GitopsError(
        f"no {PROJECT_FILE} in {start} or above it",
        "start a project with `gitops-gen init DIR`, or choose one with `-C DIR`",
    )


def read_project(inputs: Inputs) -> tuple[ProjectFile | None, list[Problem]]:
    """`gitops.yaml`, and what is wrong with it."""
    _, data, spec, problems = _read_required(inputs, PROJECT_FILE, Project)
    return (ProjectFile(inputs=inputs, spec=spec, data=data) if spec else None), problems


def environment_names(inputs: Inputs) -> tuple[list[str], list[Problem]]:
    """The environments in name order (a folder with an environment.yaml or a release.yaml is one), and folders that
    cannot be one.
    """
    try:
        found = inputs.folders(ENVIRONMENTS)
    except PathError as error:
        return [], list(error.problems)
    except FileNotFoundError:
        return [], []
    except OSError:
        return [], [
            Problem(
                file=ENVIRONMENTS,
                message="is not a folder",
                hint="replace it with a folder that has one folder for each environment",
            )
        ]
    names = sorted(name for name, files in found.items() if not {*HAND_WRITTEN}.isdisjoint(files))
    wrong = [name for name, files in found.items() if not files and _wrong_path(inputs, f"{ENVIRONMENTS}/{name}")]
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
            yield Problem(file=f"{ENVIRONMENTS}/{environment}/{name}", message="is not read by anything", hint=hint)


@cache
def _meant(stem: str) -> str:
    """What a file name is a slip of; asked for the same few names in every environment."""
    return next(iter(get_close_matches(stem, ("environment", "release"), 1, 0.8)), "")


def _name_problems(inputs: Inputs, names: list[str]) -> Iterator[Problem]:
    for name in names:
        path = f"{ENVIRONMENTS}/{name}"
        if not is_dns_label(name):
            yield Problem(
                file=path,
                message=f"`{name}` cannot name an environment: it must be a DNS label",
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


def read_environment(inputs: Inputs, name: str) -> tuple[EnvironmentFiles | None, list[Problem]]:
    """The hand-written files of one environment, and what is wrong with them: a bad release.yaml is as if left out."""
    folder = f"{ENVIRONMENTS}/{name}"
    environment = _read_required(inputs, f"{folder}/{ENVIRONMENT_FILE}", Environment)
    release = _read_release(inputs, f"{folder}/{RELEASE_FILE}")
    return _put_together(name, environment, release)


_Read: TypeAlias = tuple[str, dict[str, Any], ModelT | None, list[Problem]]
"""A file's text, its data, its typed form and what is wrong with it."""


def _put_together(
    name: str, environment: _Read[Environment], release: _Read[Release]
) -> tuple[EnvironmentFiles | None, list[Problem]]:
    (text, data, spec, problems), (release_text, release_data, release_spec, more) = environment, release
    problems = [*problems, *more]
    if spec is None:
        return None, problems
    files = EnvironmentFiles(
        name=name, spec=spec, data=data, release=release_spec, release_data=release_data, texts=(text, release_text)
    )
    return files, problems


def _read_release(inputs: Inputs, path: str) -> _Read[Release]:
    try:
        return _read(inputs, path, Release)
    except MissingFileError:
        return "", {}, None, []


def _read_required(inputs: Inputs, path: str, model: type[ModelT]) -> _Read[ModelT]:
    try:
        return _read(inputs, path, model)
    except MissingFileError as error:
        return "", {}, None, list(error.problems)


def _read(inputs: Inputs, path: str, model: type[ModelT]) -> _Read[ModelT]:
    try:
        text = read_text(inputs, path)
    except MissingFileError:
        raise
    except ProblemsError as error:
        return "", {}, None, list(error.problems)
    return _parse(text, path, model)


def _parse(text: str, path: str, model: type[ModelT]) -> _Read[ModelT]:
    data, spec, problems = _parsed(text, model)
    return text, data, spec, [problem.at(path, problem.line) for problem in problems]


def _decoded(content: bytes) -> str:
    return content.decode("utf-8-sig").replace("\r\n", "\n")


@lru_cache(maxsize=256)
def _parsed(text: str, model: type[ModelT]) -> tuple[dict[str, Any], ModelT | None, tuple[Problem, ...]]:
    """A text's data, its typed form and what is wrong with it: once for all files that are alike, because many
    environments share their release.
    """
    try:
        data = load(text, "", empty_values=False)
    except ProblemsError as error:
        return {}, None, error.problems
    if not isinstance(data, dict):
        message, hint = "must be a map with apiVersion and kind", "see `gitops-gen schema`"
        return {}, None, (Problem(line=1, message=message, hint=hint),)
    spec, problems = validate(model, data, "", lambda: text)
    return data, spec, tuple(problems)


def read_text(inputs: Inputs, path: str) -> str:
    """The text of an input file. Raises `ProblemsError` when it is missing, is no file, is not UTF-8, is too large or
    is outside of the project.
    """
    try:
        if inputs.size(path) > SIZE_LIMIT:
            raise ProblemsError([too_large(path)])
        return _decoded(inputs.read(path))
    except FileNotFoundError:
        raise _missing(inputs, path) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ProblemsError(
            [Problem(file=path, line=line, message="is not UTF-8 text", hint="save it as UTF-8")]
        ) from None
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

"""The paths of the hand-written files, and reading them: project first, then one environment at a time.

Nothing here stops at the first mistake: each reader gives back what it could read and every problem it met.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.git.paths import PathError, Root
from gitops_gen.models.layout import ENVIRONMENT_FILE, ENVIRONMENTS, HAND_WRITTEN, PROJECT_FILE, RELEASE_FILE
from gitops_gen.models.models import Environment, Project, Release
from gitops_gen.models.validation import validate
from gitops_gen.names import is_dns_label
from gitops_gen.yaml.reader import SIZE_LIMIT, load, too_large

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFile:
    """The project as read: its folder, its typed form and the same as plain data (for merging and for provenance)."""

    root: Path
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


def read_project(root: Path) -> tuple[ProjectFile | None, list[Problem]]:
    """`gitops.yaml` in `root`, and what is wrong with it."""
    _, data, spec, problems = _read(root, PROJECT_FILE, Project)
    return (ProjectFile(root=root, spec=spec, data=data) if spec else None), problems


def environment_names(root: Path) -> tuple[list[str], list[Problem]]:
    """The environments in name order (a folder with an environment.yaml or a release.yaml is one), and folders that
    cannot be one.
    """
    folder = root / ENVIRONMENTS
    if wrong := _wrong_path(root, ENVIRONMENTS):
        return [], wrong
    if not folder.is_dir():
        no_folder = Problem(file=ENVIRONMENTS, message="is not a folder", hint="it must hold a folder an environment")
        return [], [no_folder] if folder.exists() else []
    found = dict(_folders(folder))
    names = sorted(name for name, files in found.items() if ENVIRONMENT_FILE in files or RELEASE_FILE in files)
    misnamed = [problem for name in sorted(found) for problem in _misnamed(name, found[name])]
    return names, [*_name_problems(root, names), *misnamed]


def _folders(folder: Path) -> Iterator[tuple[str, list[str]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_dir():
                    yield entry.name, os.listdir(entry)
            except OSError:  # such as a symlink to itself: the error is reported when the environment is read
                yield entry.name, [ENVIRONMENT_FILE]


def is_environment(root: Path, name: str) -> bool:
    """Whether there is an environment of that name (a DNS label), asked without looking at the others."""
    folder = f"{root}/{ENVIRONMENTS}/{name}"
    if _wrong_path(root, ENVIRONMENTS) or not os.path.isdir(folder):
        return False
    return any(os.path.lexists(f"{folder}/{file}") for file in HAND_WRITTEN)


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


def _name_problems(root: Path, names: list[str]) -> Iterator[Problem]:
    for name in names:
        if not is_dns_label(name):
            yield Problem(
                file=f"{ENVIRONMENTS}/{name}",
                message=f"`{name}` cannot name an environment: it must be a DNS label",
                hint="use at most 63 lowercase letters, digits and `-`",
            )
        path = f"{ENVIRONMENTS}/{name}"
        if os.path.islink(f"{root}/{path}"):
            yield from _wrong_path(root, path) or [_twin(root, path)]


def _twin(root: Path, path: str) -> Problem:
    """Two names of one folder: each environment would overwrite the generated values of the other."""
    target = Root(root).resolved(path)
    return Problem(
        file=path,
        message=f"is a symlink to {target}: their generated values.yaml would be one file",
        hint="make it a folder; the hand-written files in it may be symlinks",
    )


def read_environment(root: Path, name: str) -> tuple[EnvironmentFiles | None, list[Problem]]:
    """The hand-written files of one environment, and what is wrong with them: a bad release.yaml is as if left out."""
    folder = f"{ENVIRONMENTS}/{name}"
    environment = _read(root, f"{folder}/{ENVIRONMENT_FILE}", Environment)
    release = _read_release(root, f"{folder}/{RELEASE_FILE}")
    return _put_together(name, environment, release)


def parse_environment(
    name: str, environment: bytes, release: bytes | None
) -> tuple[EnvironmentFiles | None, list[Problem]]:
    """`read_environment` for contents that are not on disk; None for a missing release.yaml.

    Raises `UnicodeDecodeError`.
    """
    folder = f"{ENVIRONMENTS}/{name}"
    parsed = _parse(_decoded(environment), f"{folder}/{ENVIRONMENT_FILE}", Environment)
    nothing: _Read[Release] = ("", {}, None, [])
    return _put_together(
        name,
        parsed,
        nothing if release is None else _parse(_decoded(release), f"{folder}/{RELEASE_FILE}", Release),
    )


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


def _read_release(root: Path, path: str) -> _Read[Release]:
    return _read(root, path, Release) if os.path.lexists(f"{root}/{path}") else ("", {}, None, [])


def _read(root: Path, path: str, model: type[ModelT]) -> _Read[ModelT]:
    try:
        text = read_text(root, path)
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


def read_text(root: Path, path: str) -> str:
    """The text of an input file. Raises `ProblemsError` when it is missing, is no file, is not UTF-8, is too large or
    is outside of the project.
    """
    try:
        if Root(root).size(path) > SIZE_LIMIT:
            raise ProblemsError([too_large(path)])
        return _decoded(Root(root).read(path))
    except FileNotFoundError:
        raise ProblemsError([_missing(root, path)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ProblemsError(
            [Problem(file=path, line=line, message="is not UTF-8 text", hint="save it as UTF-8")]
        ) from None
    except OSError as error:
        raise ProblemsError([Problem(file=path, message=f"cannot be read: {error.strerror}")]) from None


def text_if_any(root: Path, path: str) -> str | None:
    """The text of an input file with its line ends, for an edit; None when there is no such file. Raises
    `ProblemsError`.
    """
    try:
        return Root(root).read(path).decode() if Root(root).is_file(path) else None
    except UnicodeDecodeError:
        raise ProblemsError([Problem(file=path, message="is not UTF-8 text", hint="save it as UTF-8")]) from None


def _missing(root: Path, path: str) -> Problem:
    if (root / path).is_symlink():
        message = f"is a symlink to nothing ({(root / path).readlink()})"
        return Problem(file=path, message=message, hint="fix the symlink, or remove it")
    return Problem(file=path, message="is missing", hint="create it; `gitops-gen schema` has its format")


def _wrong_path(root: Path, path: str) -> list[Problem]:
    """A symlink that leaves the project would make the result depend on something that git does not hold."""
    try:
        Root(root).resolved(path)
    except PathError as error:
        return list(error.problems)
    return []

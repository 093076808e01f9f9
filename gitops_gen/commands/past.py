"""A project's inputs as they were at a commit: read from git's objects, with the working tree left alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitops_gen.errors import ProblemsError
from gitops_gen.git.command import ask, blobs
from gitops_gen.git.repository import prefix
from gitops_gen.spec.files import ENVIRONMENTS, HAND_WRITTEN
from gitops_gen.yaml_io import load


def hand_written(environment: str) -> list[str]:
    """The paths in the project of an environment's hand-written files."""
    return [f"{ENVIRONMENTS}/{environment}/{name}" for name in HAND_WRITTEN]


def texts_at(project: Path, commit: str, paths: Sequence[str]) -> dict[str, str | None]:
    """The files as a commit has them (None: not at all), as git would check them out."""
    return {path: _checked_out(project, commit, path) for path in paths}


def _checked_out(project: Path, commit: str, path: str) -> str | None:
    """Through git's filters, so that a checkout with CRLF gets CRLF."""
    if not commit:
        return None
    answer = ask(project, "cat-file", "--filters", f"{commit}:{prefix(project)}{path}")
    return None if answer.code else answer.out.decode(errors="surrogateescape")


def values_at(project: Path, places: Sequence[tuple[str, str]]) -> list[Any]:
    """The parsed files at (commit, path), {} for what is not there or cannot be read; one git process for all."""
    inside = prefix(project)
    contents = blobs(project, [f"{commit}:{inside}{path}" for commit, path in places])
    return [_parsed(content, path) for content, (_, path) in zip(contents, places, strict=True)]


def _parsed(content: bytes | None, path: str) -> Any:
    try:
        return (load(content.decode(), path) if content else None) or {}
    except (ProblemsError, UnicodeDecodeError):
        return {}

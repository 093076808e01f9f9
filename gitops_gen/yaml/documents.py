"""Streams of YAML documents, split where Helm and Argo CD split them, and read as they read them.

Helm splits what each template renders (`split_template`) and prints the documents with its own separators. Argo CD
splits Helm's output with the reader of Kubernetes' Go packages (`documents`), and reads one document of each part:
https://github.com/argoproj/argo-cd/blob/v3.5.1/gitops-engine/pkg/utils/kube/kube.go (`SplitYAML`),
https://github.com/kubernetes/apimachinery/blob/v0.34.2/pkg/util/yaml/decoder.go (`YAMLReader`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.yaml.reader import RepeatedKey, load_rendered
from gitops_gen.yaml.similar import SimilarReader

_HELM_SEPARATOR = re.compile(r"^---[ \t]*", re.MULTILINE)
_SEPARATOR = re.compile(r"^---(.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamDocument:
    """One document of a stream, with the line of the stream on which its text begins: its separator's."""

    text: str
    line: int
    value: Any
    #: keys that a map of the document has more than once, with their lines in the stream
    repeated: tuple[RepeatedKey, ...] = ()


def split_template(text: str) -> list[str]:
    """The documents that Helm 4 makes of a rendered template, blanks at their ends kept.

    `---` at the start of a line is a separator whatever follows it, such as a comment or the first key:
    https://github.com/helm/helm/blob/v4.2.3/pkg/release/v1/util/manifest.go (`SplitManifests`).
    """
    return [part.lstrip() for part in _HELM_SEPARATOR.split(text.lstrip()) if part.strip()]


def split(text: str, file: str) -> Iterator[tuple[str, int]]:
    """The parts between the separators of a stream, with the line that each begins on.

    Raises `ProblemsError` for a separator with text behind it that is no comment: Argo CD reads nothing then.
    """
    start, line = 0, 1
    for match in _SEPARATOR.finditer(text):
        behind = match[1].strip()
        yield text[start : match.start()], line
        line += text.count("\n", start, match.end())
        if behind and not behind.startswith("#"):
            raise ProblemsError([_separator_problem(file, line, behind)])
        start = match.end()
    yield text[start:], line


def _separator_problem(file: str, line: int, behind: str) -> Problem:
    message = f"`{behind}` is behind the separator `---`, where Argo CD allows only a comment"
    return Problem(file=file, line=line, message=message, hint="begin a new line behind `---`")


def read(text: str, file: str) -> tuple[list[StreamDocument], list[Problem]]:
    """Every document of a rendered stream, empty ones too (their value is None), and what cannot be read of it.

    `file` names the stream in problems.
    """
    found: list[StreamDocument] = []
    problems: list[Problem] = []
    for part, line in _parts(text, file, problems):
        try:
            value, repeated = _read(part)
        except ProblemsError as error:
            problems += [problem.at(file, (problem.line or 1) + line - 1) for problem in error.problems]
            continue
        keys = tuple(RepeatedKey(key=item.key, line=item.line + line - 1) for item in repeated)
        found.append(StreamDocument(text=part, line=line, value=value, repeated=keys))
    return found, problems


def documents(text: str, file: str) -> list[StreamDocument]:
    """Every document of a rendered stream. Raises `ProblemsError` with all that cannot be read."""
    found, problems = read(text, file)
    fail_if_any(problems)
    return found


def _parts(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[str, int]]:
    try:
        yield from split(text, file)
    except ProblemsError as error:
        problems += error.problems


_reader = SimilarReader(lambda part: load_rendered(part, ""))


@lru_cache(maxsize=4096)
def _read(part: str) -> tuple[Any, tuple[RepeatedKey, ...]]:
    return _reader.read(part)

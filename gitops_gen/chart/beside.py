"""Rendering in a process beside this one: mapping Helm's library takes as long as importing most of what else a command
needs, and Python does one of them at a time.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gitops_gen.chart.cache import CachedRenderer
from gitops_gen.chart.engine import ChartError, Release
from gitops_gen.companion import Companion, GoneError
from gitops_gen.errors import GitopsError

_Question = tuple[Path, Release]
_Answer = str | GitopsError


class RendererBeside:
    """A renderer that is made, and runs, there."""

    def __init__(self, make: Callable[[], CachedRenderer]) -> None:
        """`make` is called there at once; what it raises is raised by each render."""
        there = _Renderer(make)
        self._process = Companion(there.answer, first=there.make)
        self._expected: deque[_Question] = deque()
        self._answers: list[tuple[_Question, _Answer]] = []

    def expect(self, chart: Path, release: Release) -> None:
        """Have this rendered meanwhile: it will be asked for. Whatever is wrong with it is raised then."""
        with suppress(GoneError):
            self._process.ask((chart, release))
            self._expected.append((chart, release))

    def render(self, chart: Path, release: Release) -> str:
        """The manifests of a chart folder or archive, as one YAML stream. Raises `ChartError`."""
        answer = self._answer((chart, release))
        if isinstance(answer, GitopsError):
            raise answer
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.end()

    def _answer(self, question: _Question) -> _Answer:
        try:
            if question not in self._expected:
                self._process.ask(question)
                self._expected.append(question)
            while question in self._expected:
                self._answers.append((self._expected[0], self._process.answer()))
                self._expected.popleft()
        except GoneError as error:
            raise ChartError(
                "the process that renders was killed", "is there enough memory? it needs 200 MB"
            ) from error
        return next(answer for asked, answer in reversed(self._answers) if asked == question)


class _Renderer:
    """The other side: answers with manifests, or with the error that there was instead."""

    def __init__(self, make: Callable[[], CachedRenderer]) -> None:
        self._make = make
        self._made: CachedRenderer | GitopsError = ChartError("the renderer is not made yet")

    def make(self) -> None:
        try:
            self._made = self._make()
        except GitopsError as error:
            self._made = error

    def answer(self, question: _Question) -> _Answer:
        if isinstance(self._made, GitopsError):
            return self._made
        try:
            return self._made.render(*question)
        except GitopsError as error:
            return error

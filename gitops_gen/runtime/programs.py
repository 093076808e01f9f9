"""Runs other programs."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from gitops_gen.errors import GitopsError
from gitops_gen.runtime.limits import LimitError, Limits, watched


class ProcessError(GitopsError):
    """A program failed: its command, exit code and standard error."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"`{' '.join(argv)}` exited with {code}: {stderr.strip()}")
        self.code, self.stderr = code, stderr


def run(
    argv: Sequence[str], *, cwd: Path | None = None, stdin: str | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end and return its standard output.

    Raises `ProcessError` when it exits with anything but 0 or cannot be started.
    """
    done = finished(argv, cwd=cwd, stdin=stdin, env=env)
    if done.returncode:
        raise ProcessError(argv, done.returncode, done.stderr)
    return done.stdout


def finished(
    argv: Sequence[str], *, cwd: Path | None = None, stdin: str | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever it exits with. Raises `ProcessError` when it cannot be started."""
    try:
        return subprocess.run(
            argv,
            cwd=cwd,
            input=stdin,
            env=env,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        raise ProcessError(argv, 127, str(error)) from error


def run_limited(argv: Sequence[str], stdin: str, what: str, limits: Limits) -> str:
    """Run a program as `run` does; end it when it needs more time or memory than it may.

    Raises `ProcessError` and `LimitError`, which begins with `what`.
    """
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")
    except OSError as error:
        raise ProcessError(argv, 127, str(error)) from error
    with process:
        try:
            out, err = watched(lambda: process.communicate(stdin), what, limits, str(process.pid))
        except (LimitError, KeyboardInterrupt):
            process.kill()
            raise
    if process.returncode:
        raise ProcessError(argv, process.returncode, err)
    return out


class Dialogue:
    """A running program that reads requests on standard input and answers on standard output."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Raises `ProcessError` when it cannot be started."""
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(argv, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=nowhere)
        except OSError as error:
            raise ProcessError(argv, 127, str(error)) from error
        self._questions = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    def ask(self, question: bytes) -> None:
        """Write a question; a program that has ended gives no answer."""
        with suppress(BrokenPipeError):
            self._questions.write(question)
            self._questions.flush()

    def line(self) -> bytes:
        """The next line of the answer with its end; empty when the program has ended."""
        return self._answers.readline()

    def read(self, size: int) -> bytes:
        """The next bytes of the answer."""
        return self._answers.read(size)

    def end(self) -> None:
        """Close both streams, which ends the program, and wait for its end."""
        with suppress(BrokenPipeError), self._process:
            self._questions.close()
